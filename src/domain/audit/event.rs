use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::change::AdminChange;
use crate::domain::{Purpose, Refusal, SpentReason};

/// What an audit row reports. Stored records refer to a variant by its position: add new ones at the end, remove none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AuditEvent {
    /// A code was issued, and its message queued.
    CodeIssued,
    /// A code was requested and not sent.
    SendRefused(SendFault),
    /// A guess was compared with the code, and was wrong.
    CodeWrong,
    /// A guess was refused before it was compared, or came too late.
    GuessRefused(GuessFault),
    /// The right code verified a phone (`complete`).
    PhoneVerified,
    /// The right code approved a person request.
    RequestApproved,
    /// A token was refused, or did not allow the request.
    TokenRefused(TokenFault),
    /// An `api-key` was refused.
    ApiKeyRefused,
    /// Too many different refusals for rows of their own. `AuditRow::times` counts them.
    NotRecorded,
    /// An operator ended a phone's row of wrong guesses (`unlock`).
    PhoneUnlocked,
    /// A person request was approved that required no code.
    RequestApprovedWithoutCode,
    /// Receipts came with a secret that no gateway has.
    ReceiptsRefused,
    /// The log dropped lines because standard error did not accept them. `AuditRow::times` counts them.
    LogLinesLost,
    /// An operator's load added records of one kind. `AuditRow::times` counts them.
    RecordsAdded(RecordKind),
    /// An operator's load changed records of one kind. `AuditRow::times` counts them.
    RecordsChanged(RecordKind),
    /// A process of another user called over the Unix socket for administration.
    SocketRefused,
    /// An operator changed a record.
    AdminChanged(Box<AdminChange>),
    /// An operator had a driver send a text without a code.
    DriverTested,
}

/// A kind of record: `reason` of the rows of a load, and the key of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the type of the domain with its name")]
pub enum RecordKind {
    Client,
    User,
    Person,
    Token,
    Factor,
    PersonRequest,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Client, Self::User, Self::Person, Self::Token, Self::Factor, Self::PersonRequest];

    /// The kind's name in JSON, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
            Self::Person => "person",
            Self::Token => "token",
            Self::Factor => "factor",
            Self::PersonRequest => "person_request",
        }
    }
}

/// Why no code was sent: `reason` of the row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SendFault {
    /// `otp.refused_prefixes` or `otp.allowed_prefixes` exclude the number.
    RefusedPrefix,
    /// The limit with this reason, for example `sends_per_hour`.
    Limited(Cow<'static, str>),
}

/// Why a guess was refused: `reason` of the row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GuessFault {
    /// No code was sent to this phone for this purpose.
    NoCode,
    /// The code had expired.
    Expired,
    /// Wrong guesses had used up every attempt.
    AttemptsExhausted,
    /// The code had been used before.
    AlreadyUsed,
    /// A newer code had replaced it.
    Superseded,
    /// The limit with this reason, for example `too_many_guesses`.
    Limited(Cow<'static, str>),
}

/// Why a token was refused: `reason` of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenFault {
    /// No token has this digest, or it was revoked.
    Unknown,
    /// The token's `expires_at` had passed.
    Expired,
    /// The token's client is blocked.
    ClientBlocked,
    /// The token's user is not in the store.
    UserUnknown,
    /// The token's user is blocked.
    UserBlocked,
    /// The client's access type `BROKER` requires an `api-key` header.
    ApiKeyMissing,
    /// The token, or the vendor's `broker_scope`, lacks the permission.
    ScopeMissing,
}

/// The credential that a failed request showed: `what` of the log line `authentication failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// A bearer token.
    Token,
    /// A vendor's `api-key`.
    ApiKey,
    /// A one-time code.
    Code,
    /// A gateway's secret, in the path or header of its receipts.
    Receipt,
}

impl AuditEvent {
    /// What [`Self::word`] returns for the events.
    pub const WORDS: [&'static str; 18] = [
        "code_issued",
        "send_refused",
        "code_wrong",
        "guess_refused",
        "phone_verified",
        "request_approved",
        "request_approved_without_code",
        "token_refused",
        "api_key_refused",
        "not_recorded",
        "phone_unlocked",
        "receipts_refused",
        "log_lines_lost",
        "records_added",
        "records_changed",
        "socket_refused",
        "admin_changed",
        "driver_tested",
    ];

    /// What [`Self::reason`] returns, without the reasons of limits.
    pub const REASONS: [&'static str; 34] = [
        "refused_prefix",
        "wrong_code",
        "no_code",
        "expired",
        "attempts_exhausted",
        "already_used",
        "superseded",
        "unknown",
        "client_blocked",
        "user_unknown",
        "user_blocked",
        "api_key_missing",
        "scope_missing",
        "invalid",
        "wrong_secret",
        "client",
        "user",
        "person",
        "token",
        "factor",
        "person_request",
        "created",
        "changed",
        "deleted",
        "blocked",
        "unblocked",
        "secret_refreshed",
        "revoked",
        "tokens_revoked",
        "reset",
        "enabled",
        "disabled",
        "cancelled",
        "tested",
    ];

    /// The event for a right code: `PhoneVerified` or `RequestApproved`.
    pub fn used(purpose: Purpose) -> Self {
        match purpose {
            Purpose::PhoneVerification => Self::PhoneVerified,
            Purpose::PersonRequest(_) => Self::RequestApproved,
        }
    }

    /// The event for a refusal. `None` for refusals without a row: a request without a token, a record that does not
    /// exist, a request in the wrong state, and failures of the node.
    pub fn of(refusal: &Refusal) -> Option<Self> {
        Some(match refusal {
            Refusal::TokenUnknown => Self::TokenRefused(TokenFault::Unknown),
            Refusal::TokenExpired => Self::TokenRefused(TokenFault::Expired),
            Refusal::ClientBlocked => Self::TokenRefused(TokenFault::ClientBlocked),
            Refusal::UserUnknown => Self::TokenRefused(TokenFault::UserUnknown),
            Refusal::UserBlocked => Self::TokenRefused(TokenFault::UserBlocked),
            Refusal::ApiKeyMissing => Self::TokenRefused(TokenFault::ApiKeyMissing),
            Refusal::ScopeMissing(_) => Self::TokenRefused(TokenFault::ScopeMissing),
            Refusal::ApiKeyInvalid => Self::ApiKeyRefused,
            Refusal::PhoneRefused => Self::SendRefused(SendFault::RefusedPrefix),
            Refusal::SendLimited { limit, .. } => {
                Self::SendRefused(SendFault::Limited(Cow::Borrowed(limit)))
            }
            Refusal::GuessLimited { limit, .. } => {
                Self::GuessRefused(GuessFault::Limited(Cow::Borrowed(limit)))
            }
            Refusal::CodeWrong => Self::CodeWrong,
            Refusal::CodeExpired => Self::GuessRefused(GuessFault::Expired),
            Refusal::CodeSpent(SpentReason::AttemptsExhausted) => {
                Self::GuessRefused(GuessFault::AttemptsExhausted)
            }
            Refusal::CodeSpent(SpentReason::AlreadyUsed) => {
                Self::GuessRefused(GuessFault::AlreadyUsed)
            }
            Refusal::CodeSpent(SpentReason::Superseded) => {
                Self::GuessRefused(GuessFault::Superseded)
            }
            Refusal::NotAnOperator => Self::SocketRefused,
            Refusal::TokenMissing
            | Refusal::NotFound
            | Refusal::PersonNotFound
            | Refusal::PersonNotActive
            | Refusal::FactorNotSet
            | Refusal::MethodNotOtp
            | Refusal::InvalidTransition { .. }
            | Refusal::Conflict(_)
            | Refusal::FieldRefused { .. }
            | Refusal::Busy
            | Refusal::HashingFailed
            | Refusal::DiskFull
            | Refusal::StorageFailed
            | Refusal::MessagesLate { .. }
            | Refusal::DriversDown => return None,
        })
    }

    /// The event's name in JSON, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::CodeIssued => "code_issued",
            Self::SendRefused(_) => "send_refused",
            Self::CodeWrong => "code_wrong",
            Self::GuessRefused(_) => "guess_refused",
            Self::PhoneVerified => "phone_verified",
            Self::RequestApproved => "request_approved",
            Self::TokenRefused(_) => "token_refused",
            Self::ApiKeyRefused => "api_key_refused",
            Self::NotRecorded => "not_recorded",
            Self::PhoneUnlocked => "phone_unlocked",
            Self::RequestApprovedWithoutCode => "request_approved_without_code",
            Self::ReceiptsRefused => "receipts_refused",
            Self::LogLinesLost => "log_lines_lost",
            Self::RecordsAdded(_) => "records_added",
            Self::RecordsChanged(_) => "records_changed",
            Self::SocketRefused => "socket_refused",
            Self::AdminChanged(_) => "admin_changed",
            Self::DriverTested => "driver_tested",
        }
    }

    /// `reason` of the row in JSON; `None` if the event says everything.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::SendRefused(fault) => Some(fault.word()),
            Self::GuessRefused(fault) => Some(fault.word()),
            Self::TokenRefused(fault) => Some(fault.word()),
            Self::RecordsAdded(kind) | Self::RecordsChanged(kind) => Some(kind.word()),
            Self::AdminChanged(change) => Some(change.action.word()),
            Self::CodeWrong => Some("wrong_code"),
            Self::ApiKeyRefused => Some("invalid"),
            Self::ReceiptsRefused => Some("wrong_secret"),
            Self::CodeIssued
            | Self::PhoneVerified
            | Self::RequestApproved
            | Self::RequestApprovedWithoutCode
            | Self::NotRecorded
            | Self::PhoneUnlocked
            | Self::LogLinesLost
            | Self::SocketRefused
            | Self::DriverTested => None,
        }
    }

    /// The credential that was wrong, for `fail2ban` and the like. A valid token that lacks a permission is not a
    /// failed one.
    pub fn failed(&self) -> Option<CredentialKind> {
        match self {
            Self::TokenRefused(
                TokenFault::Unknown
                | TokenFault::Expired
                | TokenFault::ClientBlocked
                | TokenFault::UserUnknown
                | TokenFault::UserBlocked
                | TokenFault::ApiKeyMissing,
            ) => Some(CredentialKind::Token),
            Self::ApiKeyRefused => Some(CredentialKind::ApiKey),
            Self::ReceiptsRefused => Some(CredentialKind::Receipt),
            Self::CodeWrong | Self::GuessRefused(GuessFault::NoCode) => Some(CredentialKind::Code),
            // The guess was not compared, so it may be right: guesses of another caller can have used up the attempts.
            Self::GuessRefused(
                GuessFault::Expired
                | GuessFault::AttemptsExhausted
                | GuessFault::AlreadyUsed
                | GuessFault::Superseded
                | GuessFault::Limited(_),
            )
            | Self::TokenRefused(TokenFault::ScopeMissing)
            | Self::CodeIssued
            | Self::SendRefused(_)
            | Self::PhoneVerified
            | Self::RequestApproved
            | Self::RequestApprovedWithoutCode
            | Self::NotRecorded
            | Self::PhoneUnlocked
            | Self::LogLinesLost
            | Self::RecordsAdded(_)
            | Self::RecordsChanged(_)
            | Self::SocketRefused
            | Self::AdminChanged(_)
            | Self::DriverTested => None,
        }
    }
}

impl SendFault {
    fn word(&self) -> &str {
        match self {
            Self::RefusedPrefix => "refused_prefix",
            Self::Limited(limit) => limit,
        }
    }
}

impl GuessFault {
    fn word(&self) -> &str {
        match self {
            Self::NoCode => "no_code",
            Self::Expired => "expired",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::AlreadyUsed => "already_used",
            Self::Superseded => "superseded",
            Self::Limited(limit) => limit,
        }
    }
}

impl TokenFault {
    fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::ClientBlocked => "client_blocked",
            Self::UserUnknown => "user_unknown",
            Self::UserBlocked => "user_blocked",
            Self::ApiKeyMissing => "api_key_missing",
            Self::ScopeMissing => "scope_missing",
        }
    }
}

impl CredentialKind {
    /// The credential's name in JSON, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::ApiKey => "api_key",
            Self::Code => "code",
            Self::Receipt => "receipt",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn a_token_that_is_good_for_something_else_has_not_failed() {
        let event = AuditEvent::of(&Refusal::ScopeMissing("otp:read")).unwrap();
        assert_eq!((event.word(), event.reason()), ("token_refused", Some("scope_missing")));
        assert_eq!(event.failed(), None);
        let event = AuditEvent::of(&Refusal::TokenExpired).unwrap();
        assert_eq!(event.failed(), Some(CredentialKind::Token));
    }

    #[test]
    fn a_limit_is_named() {
        let next_attempt_at = Timestamp::from_micros(0);
        for (refusal, word) in [
            (Refusal::SendLimited { limit: "a_limit", next_attempt_at }, "send_refused"),
            (Refusal::GuessLimited { limit: "a_limit", next_attempt_at }, "guess_refused"),
        ] {
            let event = AuditEvent::of(&refusal).unwrap();
            assert_eq!((event.word(), event.reason()), (word, Some("a_limit")));
            assert_eq!(event.failed(), None, "what is not looked at may be right");
        }
        assert_eq!(
            AuditEvent::of(&Refusal::CodeWrong).unwrap().failed(),
            Some(CredentialKind::Code)
        );
    }
}
