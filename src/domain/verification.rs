//! One code that was sent to one phone for one purpose.
//!
//! A verification is `New` until the right code makes it `Verified`, too many wrong guesses make it `Unverified`, or a
//! newer code makes it `Canceled`. `Expired` is never stored: it follows from the time. An attempt is spent *before*
//! the code is compared ([`Verification::spend_attempt`]), so parallel guesses can't exceed the number of attempts
//! (NIST SP 800-63B 5.2.2).
//!
//! Time: a record is judged at the later of `now` and its `updated_at`, so an event that is stored never lies in the
//! future. A code that is read more than [`CLOCK_TOLERANCE`] before its `inserted_at` counts as expired: the clock was
//! set back, and the rest of the code's life is unknown.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PersonRequestId, Phone, Refusal, SpentReason, Timestamp, VerificationId, bytes};

/// How far before its `inserted_at` a code is still accepted: clocks are corrected by a little while a node runs.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

/// A code that was sent, and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The UUID in answers. The hash of the code is bound to it.
    pub id: VerificationId,
    /// The phone that the code was sent to.
    pub phone_number: Phone,
    /// The one purpose that the code can be used for.
    pub purpose: Purpose,
    /// When the code was issued: its life begins here.
    pub inserted_at: Timestamp,
    /// When the code expires: in this microsecond it is expired already.
    pub code_expired_at: Timestamp,
    /// When the record last changed: `updated_at` of the answer.
    pub updated_at: Timestamp,
    /// The state that is stored. Answers show [`Verification::status`].
    pub state: VerificationState,
}

/// The action that a code permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// To verify that the caller holds the phone (`initialize` and `complete`).
    PhoneVerification,
    /// To approve this person request (`resend_otp` and `approve`).
    PersonRequest(PersonRequestId),
}

/// The stored state of a verification. Only `New` holds a hash to compare guesses with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerificationState {
    /// The code has not been given yet.
    New {
        /// Salt and hash that guesses are compared with.
        code: HashedCode,
        /// Attempts that are left; at 0 the verification reads as `Unverified`.
        attempts_left: u8,
    },
    /// The right code was given: it can't be used again.
    Verified,
    /// Every attempt was used for a wrong guess.
    Unverified,
    /// A newer code for the same phone and purpose replaced it.
    Canceled,
}

/// A code as it is stored: argon2id, with the pepper of a key of the keyring as argon2's secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedCode {
    /// Id of the keyring's key that the pepper was derived from.
    pub key_id: String,
    /// Random salt of this code alone, 128 bits.
    #[serde(with = "bytes")]
    pub salt: [u8; 16],
    /// The argon2id tag, 256 bits.
    #[serde(with = "bytes")]
    pub hash: [u8; 32],
}

/// `status` of an answer, in lowercase as the live system writes it (ehealth-ua/otp_verification.api).
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VerificationStatus {
    /// The code was sent and can be used.
    New,
    /// The right code was given.
    Verified,
    /// Every attempt was used for a wrong guess.
    Unverified,
    /// A newer code for the same phone and purpose replaced it.
    Canceled,
    /// The life of the code ended before the right one came.
    Expired,
}

/// The life of codes and the number of attempts: the settings `otp.life_seconds` and `otp.attempts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationRules {
    /// Life of a code, 30 to 600 s (NIST SP 800-63B 5.1.3.2).
    pub life: Duration,
    /// Attempts per code, 1 to 5; each guess spends one.
    pub attempts: u8,
}

impl VerificationRules {
    /// The longest life that the settings allow, in seconds.
    pub const LONGEST_LIFE: u64 = 600;
}

impl Verification {
    /// Creates a verification that is `New` at `now`, with all attempts of `rules`.
    pub fn issue(
        id: VerificationId,
        phone_number: Phone,
        purpose: Purpose,
        code: HashedCode,
        rules: VerificationRules,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            phone_number,
            purpose,
            inserted_at: now,
            code_expired_at: now + rules.life,
            updated_at: now,
            state: VerificationState::New { code, attempts_left: rules.attempts },
        }
    }

    /// Spends one attempt and returns the hash to compare the guess with. If the code can't be used,
    /// [`Refusal::CodeExpired`] or [`Refusal::CodeSpent`].
    pub fn spend_attempt(self, now: Timestamp) -> Result<(Self, HashedCode), Refusal> {
        let expired = self.is_past(now);
        match self.state {
            VerificationState::New { attempts_left: 0, .. } | VerificationState::Unverified => {
                Err(Refusal::CodeSpent(SpentReason::AttemptsExhausted))
            }
            VerificationState::Verified => Err(Refusal::CodeSpent(SpentReason::AlreadyUsed)),
            VerificationState::Canceled => Err(Refusal::CodeSpent(SpentReason::Superseded)),
            VerificationState::New { .. } if expired => Err(Refusal::CodeExpired),
            VerificationState::New { code, attempts_left } => {
                let state =
                    VerificationState::New { code: code.clone(), attempts_left: attempts_left - 1 };
                Ok((Self { state, updated_at: now.max(self.updated_at), ..self }, code))
            }
        }
    }

    /// Removes the attempts that are left: the one that was just spent was the last.
    #[must_use]
    pub fn without_more_attempts(self) -> Self {
        match self.state {
            VerificationState::New { code, .. } => {
                Self { state: VerificationState::New { code, attempts_left: 0 }, ..self }
            }
            VerificationState::Verified
            | VerificationState::Unverified
            | VerificationState::Canceled => self,
        }
    }

    /// Attempts that are left, whether or not the code has expired; 0 unless the state is `New`.
    pub fn attempts_left(&self) -> u8 {
        match self.state {
            VerificationState::New { attempts_left, .. } => attempts_left,
            VerificationState::Verified
            | VerificationState::Unverified
            | VerificationState::Canceled => 0,
        }
    }

    /// Returns attempts of guesses that were not compared. `None` if the state is not `New`.
    pub fn give_back(self, attempts: u8) -> Option<Self> {
        match self.state {
            VerificationState::New { code, attempts_left } => {
                let attempts_left = attempts_left.saturating_add(attempts);
                Some(Self { state: VerificationState::New { code, attempts_left }, ..self })
            }
            VerificationState::Verified
            | VerificationState::Unverified
            | VerificationState::Canceled => None,
        }
    }

    /// The compared guess was right. [`Refusal::CodeSpent`] if another guess was right before, or a newer code has
    /// replaced this one.
    ///
    /// The guess has paid for its comparison with an attempt. So the state may already be `Unverified`, by wrong
    /// guesses that were compared at the same time.
    pub fn verify(self, now: Timestamp) -> Result<Self, Refusal> {
        match self.state {
            VerificationState::New { .. } | VerificationState::Unverified => {
                Ok(self.end(VerificationState::Verified, now))
            }
            VerificationState::Verified => Err(Refusal::CodeSpent(SpentReason::AlreadyUsed)),
            VerificationState::Canceled => Err(Refusal::CodeSpent(SpentReason::Superseded)),
        }
    }

    /// The compared guess was wrong. With no attempt left, the state becomes `Unverified`; otherwise nothing changes
    /// and the result is `None`.
    pub fn reject(self, now: Timestamp) -> Option<Self> {
        match self.state {
            VerificationState::New { attempts_left: 0, .. } => {
                Some(self.end(VerificationState::Unverified, now))
            }
            VerificationState::New { .. }
            | VerificationState::Verified
            | VerificationState::Unverified
            | VerificationState::Canceled => None,
        }
    }

    /// A newer code replaces this one. `None` unless the state is `New`.
    pub fn cancel(self, now: Timestamp) -> Option<Self> {
        match self.state {
            VerificationState::New { .. } => Some(self.end(VerificationState::Canceled, now)),
            VerificationState::Verified
            | VerificationState::Unverified
            | VerificationState::Canceled => None,
        }
    }

    /// The status at `now`: the stored state, or `Expired` if the life of a `New` code is over.
    pub fn status(&self, now: Timestamp) -> VerificationStatus {
        match self.state {
            VerificationState::New { attempts_left: 0, .. } | VerificationState::Unverified => {
                VerificationStatus::Unverified
            }
            VerificationState::New { .. } if self.is_past(now) => VerificationStatus::Expired,
            VerificationState::New { .. } => VerificationStatus::New,
            VerificationState::Verified => VerificationStatus::Verified,
            VerificationState::Canceled => VerificationStatus::Canceled,
        }
    }

    fn is_past(&self, now: Timestamp) -> bool {
        now + CLOCK_TOLERANCE < self.inserted_at || now.max(self.updated_at) >= self.code_expired_at
    }

    fn end(self, state: VerificationState, now: Timestamp) -> Self {
        Self { state, updated_at: now.max(self.updated_at), ..self }
    }
}

/// Prints the key's id without salt and hash. The hash alone is not secret, but a log has no use for it.
impl std::fmt::Debug for HashedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HashedCode(key {})", self.key_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: VerificationRules =
        VerificationRules { life: Duration::from_mins(5), attempts: 3 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
    }

    fn issued() -> Verification {
        let code = HashedCode { key_id: "k".into(), salt: [0; 16], hash: [0; 32] };
        let phone = Phone::parse("+380958697084").unwrap();
        Verification::issue(
            VerificationId::from_bytes([7; 16]),
            phone,
            Purpose::PhoneVerification,
            code,
            RULES,
            at(0),
        )
    }

    #[test]
    fn expires_at_the_very_moment() {
        let end = at(300);
        let before = Timestamp::from_micros(end.as_micros() - 1);
        assert!(issued().spend_attempt(before).is_ok());
        assert_eq!(issued().spend_attempt(end), Err(Refusal::CodeExpired));
        assert_eq!(issued().status(before), VerificationStatus::New);
        assert_eq!(issued().status(end), VerificationStatus::Expired);
    }

    #[test]
    fn a_code_from_the_future_is_expired_but_for_five_seconds_of_drift() {
        assert!(issued().spend_attempt(at(-5)).is_ok());
        assert_eq!(issued().spend_attempt(at(-6)), Err(Refusal::CodeExpired));
        assert_eq!(issued().spend_attempt(at(-7200)), Err(Refusal::CodeExpired));
        assert_eq!(issued().spend_attempt(at(7200)), Err(Refusal::CodeExpired));
    }

    #[test]
    fn a_clock_set_back_does_not_lengthen_a_code_that_was_tried() {
        let (tried, _) = issued().spend_attempt(at(299)).unwrap();
        let (tried, _) = tried.spend_attempt(at(1)).unwrap();
        assert_eq!(tried.updated_at, at(299));
    }

    #[test]
    fn three_attempts_then_none_whatever_comes() {
        let mut verification = issued();
        for _ in 0..3 {
            verification = verification.spend_attempt(at(1)).unwrap().0;
        }
        let exhausted = Err(Refusal::CodeSpent(SpentReason::AttemptsExhausted));
        assert_eq!(verification.clone().spend_attempt(at(1)), exhausted);
        assert_eq!(verification.status(at(1)), VerificationStatus::Unverified);
        let over = verification.reject(at(2)).unwrap();
        assert_eq!(over.state, VerificationState::Unverified);
        assert_eq!(over.spend_attempt(at(3)), exhausted);
    }

    #[test]
    fn the_last_attempt_may_be_the_right_one() {
        let mut verification = issued();
        for _ in 0..3 {
            verification = verification.spend_attempt(at(1)).unwrap().0;
        }
        let judged_late = verification.clone().reject(at(2)).unwrap().verify(at(2)).unwrap();
        assert_eq!(judged_late.state, VerificationState::Verified);
        let verified = verification.verify(at(2)).unwrap();
        assert_eq!(verified.status(at(9999)), VerificationStatus::Verified);
        let used = Refusal::CodeSpent(SpentReason::AlreadyUsed);
        assert_eq!(verified.clone().verify(at(2)), Err(used.clone()));
        assert_eq!(verified.clone().spend_attempt(at(2)).unwrap_err(), used);
        assert_eq!(verified.clone().cancel(at(3)), None);
        assert_eq!(verified.reject(at(3)), None);
    }

    #[test]
    fn an_attempt_is_given_back_to_a_code_that_is_not_over_and_to_no_other() {
        let mut spent = issued();
        for _ in 0..3 {
            spent = spent.spend_attempt(at(1)).unwrap().0;
        }
        let given_back = spent.clone().give_back(1).unwrap();
        assert_eq!(
            (given_back.attempts_left(), given_back.status(at(1))),
            (1, VerificationStatus::New)
        );
        assert!(given_back.spend_attempt(at(1)).is_ok());
        let over =
            [spent.clone().verify(at(1)).ok(), spent.clone().reject(at(1)), spent.cancel(at(1))];
        assert_eq!(over.map(|over| over.unwrap().give_back(1)), [None, None, None]);
    }

    #[test]
    fn a_canceled_code_is_good_for_nothing() {
        let canceled = issued().cancel(at(1)).unwrap();
        let superseded = Refusal::CodeSpent(SpentReason::Superseded);
        assert_eq!(canceled.clone().spend_attempt(at(1)).unwrap_err(), superseded);
        assert_eq!(canceled.verify(at(1)).unwrap_err(), superseded);
    }
}
