//! Makes the error of an answer from a rejection and its row.

use serde_json::Value;

use super::error_row::ErrorMessage;
use super::table::Dialect;
use crate::api::operation::Operation;
use crate::api::refusal::{FieldError, Rejection};
use crate::api::response::envelope::ErrorBody;
use crate::domain::{Refusal, Timestamp};

impl Dialect {
    /// The error of this rejection on this operation. Times are rounded up to whole seconds, so that a client that
    /// drops the fraction does not come back too early.
    pub(in crate::api) fn word(
        &self,
        rejection: &Rejection,
        operation: Option<Operation>,
        now: Timestamp,
    ) -> ErrorBody {
        let row = self
            .find(rejection.kind(), operation)
            .expect("a test holds every dialect against every kind");
        let next_attempt_at = rejection.next_attempt_at().map(Timestamp::rounded_up);
        ErrorBody {
            status: row.status,
            error_type: row.error_type,
            message: message(row.message, rejection),
            invalid: invalid(rejection),
            reason: rejection.reason(),
            next_attempt_at,
            retry_after: retry_after(rejection, now).filter(|_| !is_health(operation)),
            allow: match rejection {
                Rejection::MethodNotAllowed(methods) => Some(methods.join(", ")),
                _ => None,
            },
        }
    }
}

fn message(message: ErrorMessage, rejection: &Rejection) -> Option<String> {
    match (message, rejection) {
        (ErrorMessage::OfConflict, Rejection::Refused(Refusal::Conflict(conflict))) => {
            Some(conflict.words().to_owned())
        }
        (ErrorMessage::Absent | ErrorMessage::OfConflict, _) => None,
        (ErrorMessage::Text(text), Rejection::HeaderTwice(name)) => Some(format!("{text}: {name}")),
        (ErrorMessage::Text(text), Rejection::HostUnknown(host)) => {
            Some(format!("{text} {host} is not in the setting server.hosts."))
        }
        (ErrorMessage::Text(text), Rejection::LineTooLong(number)) => {
            Some(format!("{text} {number}."))
        }
        (ErrorMessage::LateBy(text), Rejection::Refused(Refusal::MessagesLate { late })) => {
            Some(format!("{text}{} s.", late.as_secs()))
        }
        (ErrorMessage::Text(text) | ErrorMessage::LateBy(text), _) => Some(text.to_owned()),
        (
            ErrorMessage::MissingAllowances { quoted },
            Rejection::Refused(Refusal::ScopeMissing(scope)),
        ) => {
            let quote = if quoted { "\"" } else { "" };
            Some(format!("{ALLOWANCES}{quote}{scope}{quote}"))
        }
        (ErrorMessage::MissingAllowances { .. }, _) => Some(ALLOWANCES.to_owned()),
        (ErrorMessage::NextAttemptAt(text), _) => {
            let at = rejection.next_attempt_at().map(Timestamp::rounded_up);
            Some(format!("{text}{}", at.map(|at| at.to_string()).unwrap_or_default()))
        }
    }
}

const ALLOWANCES: &str = "Your scope does not allow to access this resource. Missing allowances: ";

fn invalid(rejection: &Rejection) -> Vec<Value> {
    match rejection {
        Rejection::Invalid(faults) => faults.iter().map(FieldError::view).collect(),
        Rejection::Refused(Refusal::FieldRefused { entry, what }) => {
            vec![FieldError::contradicted(entry, what).view()]
        }
        Rejection::Refused(Refusal::PhoneRefused) => vec![FieldError::phone_refused().view()],
        Rejection::BodyMalformed => vec![FieldError::not_json()],
        Rejection::MediaType => vec![FieldError::header("Content-Type")],
        Rejection::ContentEncoding => vec![FieldError::header("Content-Encoding")],
        Rejection::NotAcceptable => vec![FieldError::header("Accept")],
        _ => Vec::new(),
    }
}

/// `GET /health/…`: a monitor has its own interval, so these answers have no `Retry-After`.
fn is_health(operation: Option<Operation>) -> bool {
    matches!(operation, Some(Operation::Live | Operation::Ready))
}

/// `Retry-After` in seconds, if waiting helps: until the next attempt, or a fixed time for a busy or failing server.
fn retry_after(rejection: &Rejection, now: Timestamp) -> Option<u64> {
    match rejection {
        Rejection::Refused(Refusal::Busy) | Rejection::TooSlow => Some(1),
        Rejection::Refused(Refusal::StorageFailed | Refusal::DiskFull) => Some(5),
        _ => rejection.next_attempt_at().map(|at| at.seconds_since(now).max(1)),
    }
}
