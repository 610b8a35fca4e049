//! One rejection of each kind, for examples.

use std::time::Duration;

use hyper::header::AUTHORIZATION;

use crate::api::refusal::{ErrorKind, FieldError, InputPart, Rejection, RejectionKind};
use crate::api::route::{Access, Row};
use crate::contract::{Broken, Fault, Place};
use crate::domain::limits::{Limit, Limits};
use crate::domain::{Refusal, RefusalKind, SpentReason, Timestamp};

/// The rejections of this kind on this row: several where they differ in `error.reason`. Each has a name, which has the
/// reason in it.
pub(super) fn samples(kind: ErrorKind, row: &Row, now: Timestamp) -> Vec<(String, Rejection)> {
    let rejections = match kind {
        ErrorKind::Refused(kind) => {
            refusals(kind, row, now).into_iter().map(Rejection::Refused).collect()
        }
        ErrorKind::Rejected(kind) => rejection(kind).into_iter().collect::<Vec<_>>(),
    };
    let named = |rejection: Rejection| {
        let reason = rejection.reason().map(|reason| format!(".{reason}")).unwrap_or_default();
        (format!("{kind:?}{reason}"), rejection)
    };
    rejections.into_iter().map(named).collect()
}

fn refusals(kind: RefusalKind, row: &Row, now: Timestamp) -> Vec<Refusal> {
    let next_attempt_at = now + Duration::from_mins(1);
    let limits = Limits::default();
    let reasons = |rows: &[Limit]| rows.iter().map(|row| row.reason).collect::<Vec<_>>();
    let one = match kind {
        RefusalKind::SendLimited => {
            let limited = |limit| Refusal::SendLimited { limit, next_attempt_at };
            // Under alarm, a caller without a token gets no code.
            let alarm = (row.access == Access::Anyone).then_some(limits.wrong_guesses.reason);
            return reasons(&limits.sends).into_iter().chain(alarm).map(limited).collect();
        }
        RefusalKind::GuessLimited => {
            let limited = |limit| Refusal::GuessLimited { limit, next_attempt_at };
            return reasons(&limits.guesses).into_iter().map(limited).collect();
        }
        RefusalKind::CodeSpent => {
            let all =
                [SpentReason::AttemptsExhausted, SpentReason::AlreadyUsed, SpentReason::Superseded];
            return all.map(Refusal::CodeSpent).to_vec();
        }
        RefusalKind::InvalidTransition => {
            return [false, true]
                .map(|already_used| Refusal::InvalidTransition { already_used })
                .to_vec();
        }
        RefusalKind::Conflict => {
            return row.conflicts.iter().copied().map(Refusal::Conflict).collect();
        }
        RefusalKind::FieldRefused => {
            Refusal::FieldRefused { entry: "$.token.user_id", what: "there is no such user" }
        }
        RefusalKind::ScopeMissing => Refusal::ScopeMissing(row.access.scope().unwrap_or_default()),
        RefusalKind::MessagesLate => Refusal::MessagesLate { late: Duration::from_secs(75) },
        RefusalKind::TokenMissing => Refusal::TokenMissing,
        RefusalKind::NotAnOperator => Refusal::NotAnOperator,
        RefusalKind::TokenUnknown => Refusal::TokenUnknown,
        RefusalKind::TokenExpired => Refusal::TokenExpired,
        RefusalKind::ClientBlocked => Refusal::ClientBlocked,
        RefusalKind::ApiKeyMissing => Refusal::ApiKeyMissing,
        RefusalKind::ApiKeyInvalid => Refusal::ApiKeyInvalid,
        RefusalKind::UserUnknown => Refusal::UserUnknown,
        RefusalKind::UserBlocked => Refusal::UserBlocked,
        RefusalKind::NotFound => Refusal::NotFound,
        RefusalKind::PersonNotFound => Refusal::PersonNotFound,
        RefusalKind::PersonNotActive => Refusal::PersonNotActive,
        RefusalKind::FactorNotSet => Refusal::FactorNotSet,
        RefusalKind::MethodNotOtp => Refusal::MethodNotOtp,
        RefusalKind::PhoneRefused => Refusal::PhoneRefused,
        RefusalKind::CodeWrong => Refusal::CodeWrong,
        RefusalKind::CodeExpired => Refusal::CodeExpired,
        RefusalKind::Busy => Refusal::Busy,
        RefusalKind::HashingFailed => Refusal::HashingFailed,
        RefusalKind::DiskFull => Refusal::DiskFull,
        RefusalKind::StorageFailed => Refusal::StorageFailed,
        RefusalKind::DriversDown => Refusal::DriversDown,
    };
    vec![one]
}

/// `None` for `Refused`: the kinds of refusals stand for it.
fn rejection(kind: RejectionKind) -> Option<Rejection> {
    Some(match kind {
        RejectionKind::Refused => return None,
        RejectionKind::UriTooLong => Rejection::UriTooLong,
        RejectionKind::HeadTooLarge => Rejection::HeadTooLarge,
        RejectionKind::HostMalformed => Rejection::HostMalformed,
        RejectionKind::HostUnknown => Rejection::HostUnknown("example.com".to_owned()),
        RejectionKind::CrossSite => Rejection::CrossSite,
        RejectionKind::RouteUnknown => Rejection::RouteUnknown,
        RejectionKind::PathMalformed => Rejection::PathMalformed,
        RejectionKind::MethodNotAllowed => Rejection::MethodNotAllowed(vec!["GET", "HEAD"]),
        RejectionKind::HeaderTwice => Rejection::HeaderTwice(AUTHORIZATION),
        RejectionKind::Expectation => Rejection::Expectation,
        RejectionKind::TransferEncoding => Rejection::TransferEncoding,
        RejectionKind::NotAcceptable => Rejection::NotAcceptable,
        RejectionKind::BodyMalformed => Rejection::BodyMalformed,
        RejectionKind::BodyTooLarge => Rejection::BodyTooLarge,
        RejectionKind::LineTooLong => Rejection::LineTooLong(3),
        RejectionKind::BodyTooSlow => Rejection::BodyTooSlow,
        RejectionKind::MediaType => Rejection::MediaType,
        RejectionKind::ContentEncoding => Rejection::ContentEncoding,
        RejectionKind::Invalid => {
            let place = Place::root(None).field("phone_number", None);
            let fault = Fault { place, broken: Broken::Missing };
            Rejection::Invalid(vec![FieldError::of(InputPart::Body, &fault)])
        }
        RejectionKind::TooSlow => Rejection::TooSlow,
    })
}
