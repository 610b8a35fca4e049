use hyper::header::HeaderName;

use super::field_error::FieldError;
use crate::domain::{Refusal, SpentReason, Timestamp};
use crate::http::{HeadFault, MalformedPath};

/// Why a request gets no success: the service's refusal, or something about the request itself.
#[derive(Debug)]
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

/// A rejection without its particulars: what a dialect's table is looked up by, and all that a log says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the refusals and rejections of the same names say it")]
pub enum Kind {
    TokenMissing,
    TokenUnknown,
    TokenExpired,
    ClientBlocked,
    ApiKeyMissing,
    ApiKeyInvalid,
    ScopeMissing,
    UserUnknown,
    UserBlocked,
    NotFound,
    PersonNotFound,
    PersonNotActive,
    FactorNotSet,
    MethodNotOtp,
    InvalidTransition,
    PhoneRefused,
    SendLimited,
    GuessLimited,
    CodeWrong,
    CodeExpired,
    CodeSpent,
    Busy,
    HashingFailed,
    DiskFull,
    StorageFailed,
    MessagesLate,
    DriversDown,
    UriTooLong,
    HeadTooLarge,
    HostMalformed,
    HostUnknown,
    CrossSite,
    RouteUnknown,
    PathMalformed,
    MethodNotAllowed,
    HeaderTwice,
    Expectation,
    TransferEncoding,
    NotAcceptable,
    BodyMalformed,
    BodyTooLarge,
    BodyTooSlow,
    MediaType,
    ContentEncoding,
    Invalid,
    TooSlow,
}

impl Kind {
    /// Every kind, in the order above. `TooSlow` stays the last: the length is read off it.
    pub const ALL: [Self; Self::TooSlow as usize + 1] = [
        Self::TokenMissing,
        Self::TokenUnknown,
        Self::TokenExpired,
        Self::ClientBlocked,
        Self::ApiKeyMissing,
        Self::ApiKeyInvalid,
        Self::ScopeMissing,
        Self::UserUnknown,
        Self::UserBlocked,
        Self::NotFound,
        Self::PersonNotFound,
        Self::PersonNotActive,
        Self::FactorNotSet,
        Self::MethodNotOtp,
        Self::InvalidTransition,
        Self::PhoneRefused,
        Self::SendLimited,
        Self::GuessLimited,
        Self::CodeWrong,
        Self::CodeExpired,
        Self::CodeSpent,
        Self::Busy,
        Self::HashingFailed,
        Self::DiskFull,
        Self::StorageFailed,
        Self::MessagesLate,
        Self::DriversDown,
        Self::UriTooLong,
        Self::HeadTooLarge,
        Self::HostMalformed,
        Self::HostUnknown,
        Self::CrossSite,
        Self::RouteUnknown,
        Self::PathMalformed,
        Self::MethodNotAllowed,
        Self::HeaderTwice,
        Self::Expectation,
        Self::TransferEncoding,
        Self::NotAcceptable,
        Self::BodyMalformed,
        Self::BodyTooLarge,
        Self::BodyTooSlow,
        Self::MediaType,
        Self::ContentEncoding,
        Self::Invalid,
        Self::TooSlow,
    ];
}

impl Rejection {
    /// What kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Refused(refusal) => kind_of(refusal),
            Self::UriTooLong => Kind::UriTooLong,
            Self::HeadTooLarge => Kind::HeadTooLarge,
            Self::HostMalformed => Kind::HostMalformed,
            Self::HostUnknown(_) => Kind::HostUnknown,
            Self::CrossSite => Kind::CrossSite,
            Self::RouteUnknown => Kind::RouteUnknown,
            Self::PathMalformed => Kind::PathMalformed,
            Self::MethodNotAllowed(_) => Kind::MethodNotAllowed,
            Self::HeaderTwice(_) => Kind::HeaderTwice,
            Self::Expectation => Kind::Expectation,
            Self::TransferEncoding => Kind::TransferEncoding,
            Self::NotAcceptable => Kind::NotAcceptable,
            Self::BodyMalformed => Kind::BodyMalformed,
            Self::BodyTooLarge => Kind::BodyTooLarge,
            Self::BodyTooSlow => Kind::BodyTooSlow,
            Self::MediaType => Kind::MediaType,
            Self::ContentEncoding => Kind::ContentEncoding,
            Self::Invalid(_) => Kind::Invalid,
            Self::TooSlow => Kind::TooSlow,
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

fn kind_of(refusal: &Refusal) -> Kind {
    match refusal {
        Refusal::TokenMissing => Kind::TokenMissing,
        Refusal::TokenUnknown => Kind::TokenUnknown,
        Refusal::TokenExpired => Kind::TokenExpired,
        Refusal::ClientBlocked => Kind::ClientBlocked,
        Refusal::ApiKeyMissing => Kind::ApiKeyMissing,
        Refusal::ApiKeyInvalid => Kind::ApiKeyInvalid,
        Refusal::ScopeMissing(_) => Kind::ScopeMissing,
        Refusal::UserUnknown => Kind::UserUnknown,
        Refusal::UserBlocked => Kind::UserBlocked,
        Refusal::NotFound => Kind::NotFound,
        Refusal::PersonNotFound => Kind::PersonNotFound,
        Refusal::PersonNotActive => Kind::PersonNotActive,
        Refusal::FactorNotSet => Kind::FactorNotSet,
        Refusal::MethodNotOtp => Kind::MethodNotOtp,
        Refusal::InvalidTransition { .. } => Kind::InvalidTransition,
        Refusal::PhoneRefused => Kind::PhoneRefused,
        Refusal::SendLimited { .. } => Kind::SendLimited,
        Refusal::GuessLimited { .. } => Kind::GuessLimited,
        Refusal::CodeWrong => Kind::CodeWrong,
        Refusal::CodeExpired => Kind::CodeExpired,
        Refusal::CodeSpent(_) => Kind::CodeSpent,
        Refusal::Busy => Kind::Busy,
        Refusal::HashingFailed => Kind::HashingFailed,
        Refusal::DiskFull => Kind::DiskFull,
        Refusal::StorageFailed => Kind::StorageFailed,
        Refusal::MessagesLate { .. } => Kind::MessagesLate,
        Refusal::DriversDown => Kind::DriversDown,
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
