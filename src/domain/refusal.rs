use std::time::Duration;

use strum::{EnumDiscriminants, VariantArray};

use super::{Scope, Timestamp};

/// Why something is not done. What status and words it becomes is the dialect's business.
///
/// [`RefusalKind`] has the same variants without their fields: a dialect's table of errors is searched by it.
#[derive(Clone, Debug, PartialEq, Eq, EnumDiscriminants)]
#[strum_discriminants(name(RefusalKind))]
#[strum_discriminants(derive(Hash, VariantArray))]
#[strum_discriminants(
    doc = "A [`Refusal`] without its fields. `VARIANTS` has every one, in the order of the source."
)]
pub enum Refusal {
    /// No `Authorization: Bearer …`.
    TokenMissing,
    /// No such token, or a revoked one.
    TokenUnknown,
    /// The token has ended.
    TokenExpired,
    /// The token's client is blocked.
    ClientBlocked,
    /// A BROKER client's token without an api-key.
    ApiKeyMissing,
    /// The api-key is nobody's, or a blocked client's, or of a client that is no vendor.
    ApiKeyInvalid,
    /// The token, or the vendor behind it, lacks this permission.
    ScopeMissing(Scope),
    /// There is no user of that id (any more).
    UserUnknown,
    /// The token's user is blocked.
    UserBlocked,

    /// No such thing, or not the caller's.
    NotFound,
    /// The token's user, or that user's person, is not there.
    PersonNotFound,
    /// The person has left the registry.
    PersonNotActive,
    /// The user has no factor.
    FactorNotSet,
    /// The request is not confirmed by a code.
    MethodNotOtp,
    /// The request is not NEW.
    InvalidTransition {
        /// A code approved it before.
        already_used: bool,
    },

    /// No code is sent to numbers of this range.
    PhoneRefused,
    /// Sent too often.
    SendLimited {
        /// The word of the limits' table for it.
        limit: &'static str,
        /// When a send is allowed again, if none comes between.
        next_attempt_at: Timestamp,
    },
    /// Too many wrong codes for this phone.
    GuessLimited {
        /// The word of the limits' table for it.
        limit: &'static str,
        /// When a try is allowed again.
        next_attempt_at: Timestamp,
    },
    /// Not the code.
    CodeWrong,
    /// The code's time is over.
    CodeExpired,
    /// The code is worth nothing any more.
    CodeSpent(SpentReason),

    /// More work than can be taken on now; nothing has changed.
    Busy,
    /// The code could not be hashed: no thread, no memory, or no key.
    HashingFailed,
    /// The disk is nearly full; nothing has changed.
    DiskFull,
    /// The store has failed; whether the change was kept is not known.
    StorageFailed,
    /// Messages wait that should have left.
    MessagesLate {
        /// For how long the first of them has.
        late: Duration,
    },
    /// Nobody sends messages any more.
    DriversDown,
}

/// Why a code is worth nothing any more; upstream says `Maximum attempts exceed` to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpentReason {
    /// Every attempt was used up.
    AttemptsExhausted,
    /// It was right once.
    AlreadyUsed,
    /// A newer code took its place.
    Superseded,
}
