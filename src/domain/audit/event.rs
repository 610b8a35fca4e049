use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::{Purpose, Refusal, SpentReason};

/// What can happen. Records name a variant by its place: new ones go to the end, and none is taken away.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AuditEvent {
    /// A code was made, to be sent.
    CodeIssued,
    /// No code was sent.
    SendRefused(SendFault),
    /// A code was compared, and was not the one.
    CodeWrong,
    /// A code was not even compared, or came too late.
    GuessRefused(GuessFault),
    /// The right code showed that the phone is at hand.
    PhoneVerified,
    /// The right code approved a person request.
    RequestApproved,
    /// A caller's token was not good for what was asked.
    TokenRefused(TokenFault),
    /// A caller's api-key was not good.
    ApiKeyRefused,
    /// More was refused at once than has rows of its own; `times` says how much.
    NotRecorded,
    /// An operator has taken back a phone's wrong guesses.
    PhoneUnlocked,
    /// A person request was approved for which no code was due.
    RequestApprovedWithoutCode,
    /// Receipts came with a secret that is no gateway's.
    ReceiptsRefused,
    /// Lines of the log were dropped, for nobody took them; `times` says how many.
    LogLinesLost,
}

/// Why no code was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SendFault {
    /// Numbers of this range get none.
    RefusedPrefix,
    /// The limit of this name.
    Limited(Cow<'static, str>),
}

/// Why a code was not compared, or did not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GuessFault {
    /// None was ever sent.
    NoCode,
    /// Its time was over.
    Expired,
    /// Every attempt was used up.
    AttemptsExhausted,
    /// It was right once.
    AlreadyUsed,
    /// A newer one took its place.
    Superseded,
    /// The limit of this name.
    Limited(Cow<'static, str>),
}

/// Why a token was not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenFault {
    /// It is nobody's, or revoked.
    Unknown,
    /// It has ended.
    Expired,
    /// Its client is blocked.
    ClientBlocked,
    /// Its user is not there any more.
    UserUnknown,
    /// Its user is blocked.
    UserBlocked,
    /// It came without the api-key that it needs beside it.
    ApiKeyMissing,
    /// It, or the vendor behind it, does not allow that.
    ScopeMissing,
}

/// The kind of credential that a caller has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// A token.
    Token,
    /// An api-key.
    ApiKey,
    /// A code.
    Code,
    /// A gateway's secret, with receipts.
    Receipt,
}

impl AuditEvent {
    /// The right code for this purpose has come.
    pub fn used(purpose: Purpose) -> Self {
        match purpose {
            Purpose::PhoneVerification => Self::PhoneVerified,
            Purpose::PersonRequest(_) => Self::RequestApproved,
        }
    }

    /// What is written down of a refusal, if anything is: not that nobody said who they are, that something is not
    /// there, or that the server could not.
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
            Refusal::TokenMissing
            | Refusal::NotFound
            | Refusal::PersonNotFound
            | Refusal::PersonNotActive
            | Refusal::FactorNotSet
            | Refusal::MethodNotOtp
            | Refusal::InvalidTransition { .. }
            | Refusal::Busy
            | Refusal::HashingFailed
            | Refusal::DiskFull
            | Refusal::StorageFailed
            | Refusal::MessagesLate { .. }
            | Refusal::DriversDown => return None,
        })
    }

    /// Its name, for programs.
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
        }
    }

    /// Why, for programs, where the event alone does not say it.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::SendRefused(fault) => Some(fault.word()),
            Self::GuessRefused(fault) => Some(fault.word()),
            Self::TokenRefused(fault) => Some(fault.word()),
            Self::CodeWrong => Some("wrong_code"),
            Self::ApiKeyRefused => Some("invalid"),
            Self::ReceiptsRefused => Some("wrong_secret"),
            Self::CodeIssued
            | Self::PhoneVerified
            | Self::RequestApproved
            | Self::RequestApprovedWithoutCode
            | Self::NotRecorded
            | Self::PhoneUnlocked
            | Self::LogLinesLost => None,
        }
    }

    /// The secret that was shown and was not good. A token that is good for something else is none.
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
            // What is not looked at may be right: others' guesses can have used up what there was.
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
            | Self::LogLinesLost => None,
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
    /// Its name, for programs.
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
