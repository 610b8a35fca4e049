//! How a refusal is written down in a dialect.

use crate::api::operation::Operation;
use crate::api::refusal::Kind;

/// A row of the refusal table.
#[derive(Clone, Copy, Debug)]
pub struct ErrorRow {
    /// Which refusal.
    pub kind: Kind,
    /// On which method only; on all of them when `None`.
    pub on: Option<Operation>,
    /// HTTP status.
    pub status: u16,
    /// `error.type`.
    pub error_type: &'static str,
    /// `error.message`.
    pub message: ErrorMessage,
}

/// `error.message`.
#[derive(Clone, Copy, Debug)]
pub enum ErrorMessage {
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
    message: ErrorMessage,
) -> ErrorRow {
    ErrorRow { kind, on: None, status, error_type, message }
}

pub(super) const fn on(operation: Operation, row: ErrorRow) -> ErrorRow {
    ErrorRow { on: Some(operation), ..row }
}
