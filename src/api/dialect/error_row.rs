//! A row of a dialect: status and words of one rejection.

use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, RejectionKind};
use crate::domain::RefusalKind;

/// Status and words of one kind of rejection.
#[derive(Clone, Copy, Debug)]
pub struct ErrorRow {
    /// The kind of rejection.
    pub kind: ErrorKind,
    /// The only operation that the row holds for; `None` for all operations.
    pub on: Option<Operation>,
    /// The HTTP status, which is also `meta.code`.
    pub status: u16,
    /// `error.type`, such as `access_denied`.
    pub error_type: &'static str,
    /// How `error.message` is made.
    pub message: ErrorMessage,
}

/// How `error.message` is made.
#[derive(Clone, Copy, Debug)]
pub enum ErrorMessage {
    /// The error has no `message`.
    Absent,
    /// This text. `HeaderTwice` and `HostUnknown` append the header or the host.
    Text(&'static str),
    /// `Your scope does not allow … Missing allowances: ` and the missing scope.
    MissingAllowances {
        /// Whether the scope is in double quotes.
        quoted: bool,
    },
    /// This text, and the time of the next attempt in RFC 3339.
    NextAttemptAt(&'static str),
    /// The words of the [`Conflict`](crate::domain::Conflict).
    OfConflict,
    /// This text, and the seconds for which the oldest message has waited.
    LateBy(&'static str),
}

/// A row for a refusal of the service, on all operations.
pub(super) const fn refused(
    kind: RefusalKind,
    status: u16,
    error_type: &'static str,
    message: ErrorMessage,
) -> ErrorRow {
    ErrorRow { kind: ErrorKind::Refused(kind), on: None, status, error_type, message }
}

/// A row for a fault of the request itself, on all operations.
pub(super) const fn rejected(
    kind: RejectionKind,
    status: u16,
    error_type: &'static str,
    message: ErrorMessage,
) -> ErrorRow {
    ErrorRow { kind: ErrorKind::Rejected(kind), on: None, status, error_type, message }
}

/// The same row for one operation only.
pub(super) const fn on(operation: Operation, row: ErrorRow) -> ErrorRow {
    ErrorRow { on: Some(operation), ..row }
}
