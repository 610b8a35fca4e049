use std::time::Duration;

use strum::{EnumDiscriminants, IntoStaticStr, VariantArray};

use super::{Scope, Timestamp};

/// Why a service refuses a request. The dialect decides the HTTP status and the words (`src/api/dialect`).
///
/// [`RefusalKind`] has the same variants without fields. It is the key of a dialect's table of errors.
#[derive(Clone, Debug, PartialEq, Eq, EnumDiscriminants)]
#[strum_discriminants(name(RefusalKind))]
#[strum_discriminants(derive(Hash, VariantArray))]
#[strum_discriminants(
    doc = "A [`Refusal`] without its fields. `VARIANTS` has every one, in the order of the source."
)]
pub enum Refusal {
    /// The request has no `Authorization: Bearer …` header.
    TokenMissing,
    /// No stored token has this digest, or the token was revoked.
    TokenUnknown,
    /// The token's `expires_at` has passed.
    TokenExpired,
    /// The token's client has `is_blocked` set.
    ClientBlocked,
    /// The token's client has the access type `BROKER`, and the request has no `api-key` header.
    ApiKeyMissing,
    /// No client has this `api-key`, or its client is blocked or has no `broker_scope`.
    ApiKeyInvalid,
    /// The token, or the `broker_scope` of the vendor behind it, lacks this permission.
    ScopeMissing(Scope),
    /// The token's user is not in the store, or not any more.
    UserUnknown,
    /// The token's user has `is_blocked` set.
    UserBlocked,
    /// The process on the Unix socket for administration runs as neither root nor the user of this node.
    NotAnOperator,

    /// The record does not exist, or belongs to another client.
    NotFound,
    /// The token's user, or the person of that user, does not exist.
    PersonNotFound,
    /// The person's status in the registry is `inactive`.
    PersonNotActive,
    /// The user has no authentication factor of the type `SMS`.
    FactorNotSet,
    /// The person request is not confirmed by a code (`OFFLINE`, or a third person without OTP).
    MethodNotOtp,
    /// The person request is not `NEW` any more.
    InvalidTransition {
        /// Whether a code approved it before: `error.reason` is `already_used` then.
        already_used: bool,
    },

    /// The record is in a state that excludes the change of an operator.
    Conflict(Conflict),
    /// A value of an operator's change contradicts the store.
    FieldRefused {
        /// The value's place in the body, such as `$.token.user_id`.
        entry: &'static str,
        /// The contradiction, in words.
        what: &'static str,
    },

    /// The number begins with one of `otp.refused_prefixes`, or with none of `otp.allowed_prefixes`.
    PhoneRefused,
    /// A limit of `Limits::sends` has no room for another code.
    SendLimited {
        /// `Limit::reason` of the row that refuses, for `error.reason`.
        limit: &'static str,
        /// When a send is allowed again if there is no other send before: `Retry-After`.
        next_attempt_at: Timestamp,
    },
    /// A limit of `Limits::guesses` has no room for another guess.
    GuessLimited {
        /// `Limit::reason` of the row that refuses, for `error.reason`.
        limit: &'static str,
        /// When a guess is allowed again: `Retry-After`.
        next_attempt_at: Timestamp,
    },
    /// The guess was compared with the hash of the code and is wrong.
    CodeWrong,
    /// The code's life has ended: `code_expired_at` of its verification.
    CodeExpired,
    /// The code can't be used any more; the guess was not compared.
    CodeSpent(SpentReason),

    /// The writer, the hashing threads or the outbox have more work than they accept. Nothing has changed: retry.
    Busy,
    /// The code could not be hashed: no thread, too little memory, or no key.
    HashingFailed,
    /// The disk is nearly full, so the store accepts no writes. Nothing has changed.
    DiskFull,
    /// The store has failed. Whether the change is durable is not known.
    StorageFailed,
    /// Codes are not sent in time: the oldest message that could be sent has waited too long.
    MessagesLate {
        /// How long the oldest of these messages has waited.
        late: Duration,
    },
    /// Every SMS driver fails, so new codes would not be sent.
    DriversDown,
}

/// Why a record can't be changed. The name in snake case is `error.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Conflict {
    /// The client is blocked already.
    ClientBlocked,
    /// The client is not blocked.
    ClientUnblocked,
    /// The user is blocked already.
    UserBlocked,
    /// The user is not blocked.
    UserUnblocked,
    /// The factor is disabled already.
    FactorDisabled,
    /// The factor is enabled already.
    FactorEnabled,
    /// Live tokens, api-keys or requests refer to the client.
    ClientInUse,
    /// Live tokens or a factor refer to the user.
    UserInUse,
    /// The client has as many connections as it can.
    TooManyConnections,
}

impl Conflict {
    /// The words for callers, the same in both dialects. The first six are those of edenlabllc/mithril.api.
    pub fn words(self) -> &'static str {
        match self {
            Self::ClientBlocked => "client already blocked",
            Self::ClientUnblocked => "client already unblocked",
            Self::UserBlocked => "user already blocked",
            Self::UserUnblocked => "user already unblocked",
            Self::FactorDisabled => "user authentication factor already disabled",
            Self::FactorEnabled => "user authentication factor already enabled",
            Self::ClientInUse => "client has live tokens, connections or person requests",
            Self::UserInUse => "user has live tokens or an authentication factor",
            Self::TooManyConnections => "client has as many connections as it can",
        }
    }
}

/// Why a code can't be used any more. Upstream answers all three with `Maximum attempts exceed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpentReason {
    /// Wrong guesses have used up every attempt of the code.
    AttemptsExhausted,
    /// The right code was given once; a code is valid for one use (NIST SP 800-63B 5.1.3.2).
    AlreadyUsed,
    /// A newer code for the same phone and purpose replaced it.
    Superseded,
}
