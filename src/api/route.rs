//! The type of a row of the route table.

use std::time::Duration;

use super::answer::{self, Answer};
use super::handler::{AsyncHandler, Handler, SyncHandler};
use super::media_type::MediaType;
use super::operation::Operation;
use super::refusal::{ErrorKind, Rejection, RejectionKind};
use super::request::body::Body;
use super::request::query::Parameters;
use crate::contract::{Field, Shaped as _};
use crate::domain::{Conflict, Phone, RefusalKind, Scope};
use crate::http::Route;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation, by which dialects and the log name the row. Rows of several versions share one.
    pub operation: Operation,
    /// The purpose, as a sentence without its full stop.
    pub about: &'static str,
    /// The HTTP method. A row with `GET` serves `HEAD` too.
    pub method: &'static str,
    /// The path, with `{name}` for a parameter.
    pub path: &'static str,
    /// The parameters of the path, in its order.
    pub params: &'static [Field],
    /// The listeners that serve the row.
    pub surface: Surface,
    /// The scope that a caller needs, or `Access::Anyone`.
    pub access: Access,
    /// How the body is read.
    pub body: Body,
    /// The query parameters that the row accepts.
    pub parameters: Parameters,
    /// The largest body, in bytes. A larger one is `413`. A stream has bounds of its own.
    pub max_body: usize,
    /// The types that the row can answer with. The first is for callers without a preference. Errors are always JSON.
    pub answers: &'static [MediaType],
    /// The success.
    pub answer: Answer,
    /// The refusals of the operation itself. [`Row::kinds`] adds those that follow from the other fields.
    pub refusals: &'static [&'static [ErrorKind]],
    /// The states of a record that exclude the change of the row.
    pub conflicts: &'static [Conflict],
    /// The longest time for reading the body, and again for the operation. It does not hold for a stream.
    pub deadline: Duration,
    /// The function that answers the request.
    pub handler: Handler,
}

/// The listeners that serve a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Both listeners, public and internal.
    Public,
    /// The internal listener only.
    Internal,
    /// The internal listener, and only under `demo`.
    Demo,
}

/// The access that a row requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A token with this scope. For a BROKER client its vendor must have the scope too.
    Scope(Scope),
    /// No token.
    Anyone,
}

impl Access {
    /// The required scope; `None` for [`Self::Anyone`].
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Scope(scope) => Some(scope),
            Self::Anyone => None,
        }
    }
}

/// The refusals of a request to any row.
const OF_EVERY_ROW: &[ErrorKind] = &[
    ErrorKind::Rejected(RejectionKind::UriTooLong),
    ErrorKind::Rejected(RejectionKind::HeadTooLarge),
    ErrorKind::Rejected(RejectionKind::HostMalformed),
    ErrorKind::Rejected(RejectionKind::HostUnknown),
    ErrorKind::Rejected(RejectionKind::CrossSite),
    ErrorKind::Rejected(RejectionKind::PathMalformed),
    ErrorKind::Rejected(RejectionKind::HeaderTwice),
    ErrorKind::Rejected(RejectionKind::Expectation),
    ErrorKind::Rejected(RejectionKind::TransferEncoding),
    ErrorKind::Rejected(RejectionKind::NotAcceptable),
];
/// The refusals of a caller, where a row has a scope.
const OF_A_SCOPE: &[ErrorKind] = &[
    ErrorKind::Refused(RefusalKind::TokenMissing),
    ErrorKind::Refused(RefusalKind::TokenUnknown),
    ErrorKind::Refused(RefusalKind::TokenExpired),
    ErrorKind::Refused(RefusalKind::ClientBlocked),
    ErrorKind::Refused(RefusalKind::ApiKeyMissing),
    ErrorKind::Refused(RefusalKind::ApiKeyInvalid),
    ErrorKind::Refused(RefusalKind::ScopeMissing),
    ErrorKind::Refused(RefusalKind::UserUnknown),
    ErrorKind::Refused(RefusalKind::UserBlocked),
    ErrorKind::Refused(RefusalKind::StorageFailed),
];
/// The refusal of a row that the Unix socket serves.
const OF_ADMINISTRATION: &[ErrorKind] = &[ErrorKind::Refused(RefusalKind::NotAnOperator)];
/// The refusals of a body, where a row reads one.
const OF_A_BODY: &[ErrorKind] = &[
    ErrorKind::Rejected(RejectionKind::BodyMalformed),
    ErrorKind::Rejected(RejectionKind::BodyTooLarge),
    ErrorKind::Rejected(RejectionKind::BodyTooSlow),
    ErrorKind::Rejected(RejectionKind::MediaType),
    ErrorKind::Rejected(RejectionKind::ContentEncoding),
];
/// The refusals of a body of lines.
const OF_A_STREAM: &[ErrorKind] =
    &[ErrorKind::Rejected(RejectionKind::LineTooLong), ErrorKind::Refused(RefusalKind::Busy)];
const INVALID: ErrorKind = ErrorKind::Rejected(RejectionKind::Invalid);
/// The refusals of a row with conflicts.
const CONFLICT: &[ErrorKind] = &[ErrorKind::Refused(RefusalKind::Conflict)];

/// The record does not exist, or is another client's.
pub(super) const NOT_FOUND: &[ErrorKind] = &[ErrorKind::Refused(RefusalKind::NotFound)];
/// A row that reads the store.
pub(super) const READS: &[ErrorKind] = &[ErrorKind::Refused(RefusalKind::StorageFailed)];
/// A row that writes to the store.
pub(super) const WRITES: &[ErrorKind] = &[
    ErrorKind::Refused(RefusalKind::Busy),
    ErrorKind::Refused(RefusalKind::DiskFull),
    ErrorKind::Refused(RefusalKind::StorageFailed),
];
/// A row with a body that can contradict the store.
pub(super) const FIELD_REFUSED: &[ErrorKind] = &[ErrorKind::Refused(RefusalKind::FieldRefused)];
/// A row that has a code sent.
pub(super) const SENDS: &[ErrorKind] = &[
    ErrorKind::Refused(RefusalKind::PhoneRefused),
    ErrorKind::Refused(RefusalKind::SendLimited),
    ErrorKind::Refused(RefusalKind::HashingFailed),
];
/// A row that compares a code.
pub(super) const GUESSES: &[ErrorKind] = &[
    ErrorKind::Refused(RefusalKind::GuessLimited),
    ErrorKind::Refused(RefusalKind::CodeWrong),
    ErrorKind::Refused(RefusalKind::CodeExpired),
    ErrorKind::Refused(RefusalKind::CodeSpent),
    ErrorKind::Refused(RefusalKind::HashingFailed),
];

impl Row {
    /// Whether the row is for operators: it is internal and needs the scope `admin:read` or `admin:write`. The Unix socket
    /// serves these rows.
    pub fn is_administration(&self) -> bool {
        let is_admin = self.access.scope().is_some_and(|scope| scope.starts_with("admin:"));
        is_admin && self.surface == Surface::Internal
    }

    /// Whether the row answers at once and changes nothing.
    pub(super) fn is_read(&self) -> bool {
        matches!(self.handler, Handler::Sync(_)) && self.body == Body::None
    }

    /// Whether its handler reads typed values of the path, the query or the body, and so returns the faults of all of them.
    pub(super) fn reads_values(&self) -> bool {
        // A path with another id is answered with 404, not with a fault.
        let has_typed_path = self.params.iter().any(|field| *field.shape == *Phone::SHAPE);
        let has_query = match self.parameters {
            Parameters::Known(shape) | Parameters::Only(shape) => !shape.fields().is_empty(),
            Parameters::Any => false,
        };
        let has_body = matches!(self.body, Body::Json(shapes) if !shapes.is_empty());
        has_typed_path || has_query || has_body
    }

    /// Every kind of refusal that the row can answer with, each once.
    pub fn kinds(&self) -> Vec<ErrorKind> {
        let of_scope = self.access.scope().map_or(&[][..], |_| OF_A_SCOPE);
        let of_socket = if self.is_administration() { OF_ADMINISTRATION } else { &[] };
        let of_body = if self.body == Body::None { &[][..] } else { OF_A_BODY };
        let is_stream = matches!(self.body, Body::Stream(_));
        let of_stream = if is_stream { OF_A_STREAM } else { &[] };
        let is_typed = matches!(self.body, Body::Json(_)) || self.parameters != Parameters::Any;
        let of_shapes = if is_typed { &[INVALID][..] } else { &[] };
        let of_deadline = match self.handler {
            Handler::Sync(_) => &[][..],
            Handler::Async(_) if is_stream => &[],
            Handler::Async(_) => &[ErrorKind::Rejected(RejectionKind::TooSlow)],
        };
        let of_conflicts = if self.conflicts.is_empty() { &[][..] } else { CONFLICT };
        let implied = [
            OF_EVERY_ROW,
            of_scope,
            of_socket,
            of_body,
            of_stream,
            of_shapes,
            of_conflicts,
            of_deadline,
        ];
        let mut kinds = Vec::new();
        for kind in implied.iter().chain(self.refusals).copied().flatten() {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        kinds
    }
}

/// The defaults of a row that reads: `GET`, no body.
pub(super) const fn read(handler: SyncHandler) -> Row {
    Row { body: Body::None, max_body: 0, handler: Handler::Sync(handler), ..DEFAULTS }
}

/// The defaults of a row that reads a body and then waits for nothing.
pub(super) const fn set(method: &'static str, handler: SyncHandler) -> Row {
    Row { method, handler: Handler::Sync(handler), ..DEFAULTS }
}

/// The defaults of a row that awaits something. Its body is any JSON of at most 16 KiB.
pub(super) const fn change(method: &'static str, handler: &'static dyn AsyncHandler) -> Row {
    Row { method, handler: Handler::Async(handler), ..DEFAULTS }
}

/// Public, without a scope, any JSON of at most 16 KiB, any query parameters, 5 seconds.
const DEFAULTS: Row = Row {
    operation: Operation::Live,
    about: "",
    method: "GET",
    path: "",
    params: &[],
    surface: Surface::Public,
    access: Access::Anyone,
    body: Body::AnyJson,
    parameters: Parameters::Any,
    max_body: 16 * 1024,
    answers: &[MediaType::Json],
    answer: answer::DOCUMENT,
    refusals: &[],
    conflicts: &[],
    deadline: Duration::from_secs(5),
    handler: Handler::Sync(|_, _| Err(Rejection::RouteUnknown)),
};

impl Route for Row {
    fn method(&self) -> &'static str {
        self.method
    }

    fn path(&self) -> &'static str {
        self.path
    }
}
