//! How a refusal is written down in a dialect.

use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, RejectionKind};
use crate::domain::RefusalKind;

/// A row of the refusal table.
#[derive(Clone, Copy, Debug)]
pub struct ErrorRow {
    /// The kind of rejection.
    pub kind: ErrorKind,
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

/// A row for a refusal of the service, on every operation.
pub(super) const fn refused(
    kind: RefusalKind,
    status: u16,
    error_type: &'static str,
    message: ErrorMessage,
) -> ErrorRow {
    ErrorRow { kind: ErrorKind::Refused(kind), on: None, status, error_type, message }
}

/// A row for a rejection of the request itself, on every operation.
pub(super) const fn rejected(
    kind: RejectionKind,
    status: u16,
    error_type: &'static str,
    message: ErrorMessage,
) -> ErrorRow {
    ErrorRow { kind: ErrorKind::Rejected(kind), on: None, status, error_type, message }
}

/// The same row for this operation only.
pub(super) const fn on(operation: Operation, row: ErrorRow) -> ErrorRow {
    ErrorRow { on: Some(operation), ..row }
}
