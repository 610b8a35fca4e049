use std::fmt;

use hyper::header::HeaderName;
use strum::{EnumDiscriminants, VariantArray};

use super::field_error::FieldError;
use crate::domain::{Refusal, RefusalKind, SpentReason, Timestamp};
use crate::http::{HeadFault, MalformedPath};

/// Why a request gets no success: the service's refusal, or something about the request itself.
#[derive(Debug, EnumDiscriminants)]
#[strum_discriminants(name(RejectionKind))]
#[strum_discriminants(derive(Hash, VariantArray))]
#[strum_discriminants(doc = "A [`Rejection`] without its fields.")]
pub enum Rejection {
    /// The service says no.
    Refused(Refusal),
    /// The target is longer than anything here.
    UriTooLong,
    /// The head is larger than is read.
    HeadTooLarge,
    /// Says nothing, or not the same, of the host it is meant for.
    HostMalformed,
    /// Meant for another host: this one.
    HostUnknown(String),
    /// Sent by a page of another site.
    CrossSite,
    /// No row has this path.
    RouteUnknown,
    /// The path or the query is no text, or could be read in two ways.
    PathMalformed,
    /// The path has rows, for these methods.
    MethodNotAllowed(Vec<&'static str>),
    /// A header that may stand once stands twice.
    HeaderTwice(HeaderName),
    /// Expects what nobody here does.
    Expectation,
    /// The body is cut up in an unknown way.
    TransferEncoding,
    /// The answer may not be JSON.
    NotAcceptable,
    /// The body is no JSON.
    BodyMalformed,
    /// The body is larger than the row allows.
    BodyTooLarge,
    /// The body did not come in time.
    BodyTooSlow,
    /// The body is of another type.
    MediaType,
    /// The body is packed.
    ContentEncoding,
    /// The body is JSON, but not what the method takes.
    Invalid(Vec<FieldError>),
    /// No answer in time; what was asked for may still happen.
    TooSlow,
}

/// What a dialect's table is searched by: a refusal or a rejection without its fields. The log of requests has its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The service refuses.
    Refused(RefusalKind),
    /// Something about the request itself. `RejectionKind::Refused` has no rows: `Refused` above says which refusal it is.
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

/// The name of the variant alone, such as `TokenExpired`: the log of requests prints it.
impl fmt::Debug for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(kind) => kind.fmt(f),
            Self::Rejected(kind) => kind.fmt(f),
        }
    }
}

impl Rejection {
    /// The key of its row in a dialect's table.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => ErrorKind::Refused(refusal.into()),
            other => ErrorKind::Rejected(other.into()),
        }
    }

    /// `error.reason`: what a program can go by where the messages of the pages are the same for several things.
    pub(in crate::api) fn reason(&self) -> Option<&'static str> {
        let Self::Refused(refusal) = self else { return None };
        match refusal {
            Refusal::SendLimited { limit, .. } | Refusal::GuessLimited { limit, .. } => Some(limit),
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
            | Refusal::NotFound
            | Refusal::PersonNotFound
            | Refusal::PersonNotActive
            | Refusal::FactorNotSet
            | Refusal::MethodNotOtp
            | Refusal::PhoneRefused
            | Refusal::Busy
            | Refusal::HashingFailed
            | Refusal::DiskFull
            | Refusal::StorageFailed
            | Refusal::MessagesLate { .. }
            | Refusal::DriversDown => None,
        }
    }

    /// When to come back, if waiting helps.
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
