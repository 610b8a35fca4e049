//! How refusals are worded, what two answers look like, and in which order things are checked: a table for each way
//! of speaking. Handlers and services know nothing of it.

mod common;
mod deployed;
mod documented;

use deployed::DEPLOYED;
use documented::DOCUMENTED;
use serde_json::Value;

use super::envelope::Answer;
use super::operation::Operation;
use super::refusal::Fault;
use super::refusal::{Kind, Rejection};
use crate::config::DialectName;
use crate::domain::{AuthenticationFactor, Refusal, Timestamp};
use crate::service::Order;

/// One way of speaking.
pub struct Dialect {
    /// What configuration calls it.
    pub name: DialectName,
    /// In which order things are checked.
    pub order: Order,
    /// How refusals are worded; the first row that fits counts. Rows that all dialects share come behind.
    pub rows: &'static [Wording],
    /// What the answer with a factor looks like, or without one.
    pub factor: fn(Option<&AuthenticationFactor>) -> Result<Answer, Refusal>,
}

/// The dialect of this name.
pub fn of(name: DialectName) -> &'static Dialect {
    match name {
        DialectName::Documented => &DOCUMENTED,
        DialectName::Deployed => &DEPLOYED,
    }
}

/// A row of the refusal table.
#[derive(Clone, Copy, Debug)]
pub struct Wording {
    /// Which refusal.
    pub kind: Kind,
    /// On which method only; on all of them when `None`.
    pub on: Option<Operation>,
    /// HTTP status.
    pub status: u16,
    /// `error.type`.
    pub error_type: &'static str,
    /// `error.message`.
    pub message: Message,
}

/// `error.message`.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// None.
    Absent,
    /// Always this one.
    Text(&'static str),
    /// This, and the missing permission, in quotes or not.
    MissingAllowances {
        /// Whether the permission stands in quotes.
        quoted: bool,
    },
    /// This, and the time of the next attempt.
    NextAttemptAt(&'static str),
    /// This, and for how long messages wait.
    LateBy(&'static str),
}

/// A worded rejection: all that an answer needs.
pub struct Worded {
    pub(super) status: u16,
    pub(super) error_type: &'static str,
    pub(super) message: Option<String>,
    pub(super) invalid: Vec<Value>,
    pub(super) reason: Option<&'static str>,
    pub(super) next_attempt_at: Option<Timestamp>,
    pub(super) retry_after: Option<u64>,
    pub(super) allow: Option<String>,
}

const fn row(kind: Kind, status: u16, error_type: &'static str, message: Message) -> Wording {
    Wording { kind, on: None, status, error_type, message }
}

const fn on(operation: Operation, row: Wording) -> Wording {
    Wording { on: Some(operation), ..row }
}

impl Dialect {
    /// All rows in the order they are looked at.
    pub fn all_rows(&self) -> impl Iterator<Item = &'static Wording> {
        self.rows.iter().chain(common::ROWS)
    }

    /// The row for a refusal on a method.
    pub fn find(&self, kind: Kind, operation: Option<Operation>) -> Option<&'static Wording> {
        self.all_rows().find(|row| row.kind == kind && (row.on.is_none() || row.on == operation))
    }

    /// Words a rejection.
    pub(super) fn word(
        &self,
        rejection: &Rejection,
        operation: Option<Operation>,
        now: Timestamp,
    ) -> Worded {
        let row = self
            .find(rejection.kind(), operation)
            .expect("a test holds every dialect against every kind");
        let next_attempt_at = rejection.next_attempt_at().map(Timestamp::rounded_up);
        Worded {
            status: row.status,
            error_type: row.error_type,
            message: message(row.message, rejection),
            invalid: invalid(rejection),
            reason: rejection.reason(),
            next_attempt_at,
            retry_after: retry_after(rejection, now).filter(|_| !is_looked_at(operation)),
            allow: match rejection {
                Rejection::MethodNotAllowed(methods) => Some(methods.join(", ")),
                _ => None,
            },
        }
    }
}

fn message(message: Message, rejection: &Rejection) -> Option<String> {
    match (message, rejection) {
        (Message::Absent, _) => None,
        (Message::Text(text), Rejection::HeaderTwice(name)) => Some(format!("{text}: {name}")),
        (Message::Text(text), Rejection::HostUnknown(host)) => {
            Some(format!("{text} {host} is not in the setting server.hosts."))
        }
        (Message::LateBy(text), Rejection::Refused(Refusal::MessagesLate { late })) => {
            Some(format!("{text}{} s.", late.as_secs()))
        }
        (Message::Text(text) | Message::LateBy(text), _) => Some(text.to_owned()),
        (
            Message::MissingAllowances { quoted },
            Rejection::Refused(Refusal::ScopeMissing(scope)),
        ) => {
            let quote = if quoted { "\"" } else { "" };
            Some(format!("{ALLOWANCES}{quote}{scope}{quote}"))
        }
        (Message::MissingAllowances { .. }, _) => Some(ALLOWANCES.to_owned()),
        (Message::NextAttemptAt(text), _) => {
            let at = rejection.next_attempt_at().map(Timestamp::rounded_up);
            Some(format!("{text}{}", at.map(|at| at.to_string()).unwrap_or_default()))
        }
    }
}

const ALLOWANCES: &str = "Your scope does not allow to access this resource. Missing allowances: ";

fn invalid(rejection: &Rejection) -> Vec<Value> {
    match rejection {
        Rejection::Invalid(faults) => faults.iter().map(Fault::view).collect(),
        Rejection::Refused(Refusal::PhoneRefused) => vec![Fault::phone_refused().view()],
        Rejection::BodyMalformed => vec![Fault::not_json()],
        Rejection::MediaType => vec![Fault::header("Content-Type")],
        Rejection::ContentEncoding => vec![Fault::header("Content-Encoding")],
        Rejection::NotAcceptable => vec![Fault::header("Accept")],
        _ => Vec::new(),
    }
}

/// A page that is only looked at: its reader comes back when it likes, and nothing of it would be done later.
fn is_looked_at(operation: Option<Operation>) -> bool {
    matches!(operation, Some(Operation::Live | Operation::Ready))
}

/// Seconds to wait.
fn retry_after(rejection: &Rejection, now: Timestamp) -> Option<u64> {
    match rejection {
        Rejection::Refused(Refusal::Busy) | Rejection::TooSlow => Some(1),
        Rejection::Refused(Refusal::StorageFailed | Refusal::DiskFull) => Some(5),
        _ => rejection.next_attempt_at().map(|at| at.seconds_since(now).max(1)),
    }
}
