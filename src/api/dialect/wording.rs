//! How a refusal is written down in a dialect.

use crate::api::operation::Operation;
use crate::api::refusal::Kind;

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

pub(super) const fn row(
    kind: Kind,
    status: u16,
    error_type: &'static str,
    message: Message,
) -> Wording {
    Wording { kind, on: None, status, error_type, message }
}

pub(super) const fn on(operation: Operation, row: Wording) -> Wording {
    Wording { on: Some(operation), ..row }
}
