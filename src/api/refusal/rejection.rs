use std::fmt;

use hyper::header::HeaderName;
use strum::{EnumDiscriminants, VariantArray};

use super::field_error::FieldError;
use crate::domain::{Refusal, RefusalKind, SpentReason, Timestamp};
use crate::http::{HeadFault, MalformedPath};

/// The error of a request: a refusal of the service, or a fault of the request itself.
#[derive(Debug, EnumDiscriminants)]
#[strum_discriminants(name(RejectionKind))]
#[strum_discriminants(derive(Hash, VariantArray))]
#[strum_discriminants(doc = "A [`Rejection`] without its fields.")]
pub enum Rejection {
    /// The service refused the operation.
    Refused(Refusal),
    /// The request target is longer than 2 048 bytes.
    UriTooLong,
    /// The head has more than 64 header fields or 16 384 bytes.
    HeadTooLarge,
    /// `Host` is missing, given twice, malformed, or differs from the request line.
    HostMalformed,
    /// `Host`, masked, is neither loopback nor in `server.hosts`.
    HostUnknown(String),
    /// `Origin` or `Sec-Fetch-Site` shows that a page of another site sent the request.
    CrossSite,
    /// No row of the route table has this path.
    RouteUnknown,
    /// The path or the query is not valid UTF-8, or two parsers could read it differently.
    PathMalformed,
    /// The path has rows for these methods only.
    MethodNotAllowed(Vec<&'static str>),
    /// This header is given twice, and may be given once.
    HeaderTwice(HeaderName),
    /// `Expect` is not `100-continue`.
    Expectation,
    /// `Transfer-Encoding` is not `chunked`.
    TransferEncoding,
    /// `Accept` excludes JSON.
    NotAcceptable,
    /// The body is not valid JSON, or two parsers could read it differently.
    BodyMalformed,
    /// The body is larger than the row's `max_body`.
    BodyTooLarge,
    /// The line of a body with this number, from 1 on, is longer than the row allows.
    LineTooLong(u64),
    /// The body did not arrive within the row's `deadline`.
    BodyTooSlow,
    /// `Content-Type` is not JSON.
    MediaType,
    /// `Content-Encoding` is not `identity`.
    ContentEncoding,
    /// Properties or parameters are wrong: one entry for each fault.
    Invalid(Vec<FieldError>),
    /// The operation did not end within the row's `deadline`. It may still have an effect.
    TooSlow,
}

/// The key of a dialect's rows: a [`Refusal`] or a [`Rejection`] without its fields. The line `refused` of the log
/// names it in the field `kind`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A refusal of the service.
    Refused(RefusalKind),
    /// A fault of the request itself. `RejectionKind::Refused` has no rows: [`Self::Refused`] has the refusal's own
    /// kind.
    Rejected(RejectionKind),
}

impl ErrorKind {
    /// Every kind: refusals first, each in the order of its enum.
    pub fn all() -> impl Iterator<Item = Self> {
        let rejections =
            RejectionKind::VARIANTS.iter().filter(|kind| **kind != RejectionKind::Refused);
        let refusals = RefusalKind::VARIANTS.iter().copied().map(Self::Refused);
        refusals.chain(rejections.copied().map(Self::Rejected))
    }
}

/// The name of the inner variant alone, such as `TokenExpired`, as the log prints it.
impl fmt::Debug for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(kind) => kind.fmt(f),
            Self::Rejected(kind) => kind.fmt(f),
        }
    }
}

impl Rejection {
    /// The key of the rejection's row in a dialect.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => ErrorKind::Refused(refusal.into()),
            other => ErrorKind::Rejected(other.into()),
        }
    }

    /// `error.reason`, for programs: several refusals share a message of the pages, and differ in their reason.
    pub(in crate::api) fn reason(&self) -> Option<&'static str> {
        let Self::Refused(refusal) = self else { return None };
        match refusal {
            Refusal::SendLimited { limit, .. } | Refusal::GuessLimited { limit, .. } => Some(limit),
            Refusal::Conflict(conflict) => Some(conflict.into()),
            Refusal::CodeWrong => Some("wrong_code"),
            Refusal::CodeExpired => Some("expired"),
            Refusal::CodeSpent(SpentReason::AttemptsExhausted) => Some("attempts_exhausted"),
            Refusal::CodeSpent(SpentReason::AlreadyUsed)
            | Refusal::InvalidTransition { already_used: true } => Some("already_used"),
            Refusal::CodeSpent(SpentReason::Superseded) => Some("superseded"),
            Refusal::InvalidTransition { already_used: false }
            | Refusal::TokenMissing
            | Refusal::TokenUnknown
            | Refusal::TokenExpired
            | Refusal::ClientBlocked
            | Refusal::ApiKeyMissing
            | Refusal::ApiKeyInvalid
            | Refusal::ScopeMissing(_)
            | Refusal::UserUnknown
            | Refusal::UserBlocked
            | Refusal::NotAnOperator
            | Refusal::NotFound
            | Refusal::PersonNotFound
            | Refusal::PersonNotActive
            | Refusal::FactorNotSet
            | Refusal::MethodNotOtp
            | Refusal::FieldRefused { .. }
            | Refusal::PhoneRefused
            | Refusal::Busy
            | Refusal::HashingFailed
            | Refusal::DiskFull
            | Refusal::StorageFailed
            | Refusal::MessagesLate { .. }
            | Refusal::DriversDown => None,
        }
    }

    /// `error.next_attempt_at`: the earliest time at which a limit allows the call again.
    pub(in crate::api) fn next_attempt_at(&self) -> Option<Timestamp> {
        match self {
            Self::Refused(
                Refusal::SendLimited { next_attempt_at, .. }
                | Refusal::GuessLimited { next_attempt_at, .. },
            ) => Some(*next_attempt_at),
            _ => None,
        }
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<MalformedPath> for Rejection {
    fn from(_: MalformedPath) -> Self {
        Self::PathMalformed
    }
}

impl From<HeadFault> for Rejection {
    fn from(fault: HeadFault) -> Self {
        match fault {
            HeadFault::UriTooLong => Self::UriTooLong,
            HeadFault::TooLarge => Self::HeadTooLarge,
            HeadFault::Twice(name) => Self::HeaderTwice(name),
            HeadFault::Host => Self::HostMalformed,
            HeadFault::Expectation => Self::Expectation,
            HeadFault::TransferEncoding => Self::TransferEncoding,
        }
    }
}
