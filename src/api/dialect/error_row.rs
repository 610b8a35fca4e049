//! How a refusal is written down in a dialect.

use crate::api::operation::Operation;
use crate::api::refusal::Kind;

/// A row of the refusal table.
#[derive(Clone, Copy, Debug)]
pub struct ErrorRow {
    /// The kind of rejection.
    pub kind: Kind,
    /// The only operation that it holds for; `None` for all.
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
    /// No message.
    Absent,
    /// This text.
    Text(&'static str),
    /// A text with the missing scope, in quotes or not.
    MissingAllowances {
        /// Whether the scope stands in quotes.
        quoted: bool,
    },
    /// This text, and the time of the next attempt.
    NextAttemptAt(&'static str),
    /// This text, and the seconds for which messages have waited.
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
