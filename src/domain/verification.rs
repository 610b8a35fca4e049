//! One code sent to one phone for one purpose.
//!
//! A verification is `new` until it is `verified` by the right code, `unverified` by too many wrong ones or
//! `canceled` by a newer one. `expired` is never stored: it follows from the time. An attempt is spent *before* the
//! code is compared ([`Verification::spend_attempt`]), so parallel guesses can't be more than the attempts there are.
//!
//! Time: a record is judged at the later of now and its own last change, so what has been seen to happen is never in
//! the future. A code that is seen more than [`CLOCK_TOLERANCE`] before its own issue is taken for expired: the clock
//! has been set back further than any drift explains, and how much of the code's life is left can't be known.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{PersonRequestId, Phone, Refusal, SpentReason, Timestamp, VerificationId, bytes};

/// How far before its issue a code may be seen, for clocks that are corrected while running.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

/// A code sent, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Its id, which the code's hash is bound to.
    pub id: VerificationId,
    /// Where the code went.
    pub phone_number: Phone,
    /// What the code is good for, and nothing else.
    pub purpose: Purpose,
    /// When the code was issued.
    pub inserted_at: Timestamp,
    /// When the code is worth nothing: at this very moment it is expired.
    pub code_expired_at: Timestamp,
    /// When this record last changed.
    pub updated_at: Timestamp,
    /// What became of it.
    pub state: VerificationState,
}

/// What a code is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// To show that the phone is the caller's.
    PhoneVerification,
    /// To approve this person request.
    PersonRequest(PersonRequestId),
}

/// What became of a verification. Only a `New` one still has something to compare with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerificationState {
    /// Waits for the code.
    New {
        /// What the code is compared with.
        code: HashedCode,
        /// How many tries are left.
        attempts_left: u8,
    },
    /// The right code came.
    Verified,
    /// Only wrong ones came.
    Unverified,
    /// A newer code took its place.
    Canceled,
}

/// A code as it is kept: argon2id, keyed with the pepper of a key of the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedCode {
    /// Which key's pepper.
    pub key_id: String,
    /// Salt of this code alone.
    #[serde(with = "bytes")]
    pub salt: [u8; 16],
    /// The hash.
    #[serde(with = "bytes")]
    pub hash: [u8; 32],
}

/// What `status` of an answer says: lower-case, as the live system does (ehealth-ua/otp_verification.api).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VerificationStatus {
    /// Waits for the code.
    New,
    /// The right code came.
    Verified,
    /// Attempts used up.
    Unverified,
    /// Replaced by a newer one.
    Canceled,
    /// Nobody came in time.
    Expired,
}

/// How long codes live and how often they may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationRules {
    /// Life of a code; at most 600 s (NIST SP 800-63B 5.1.3.2).
    pub life: Duration,
    /// Attempts of a code, 1 to 5.
    pub attempts: u8,
}

impl Verification {
    /// A new one, issued at `now`.
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

    /// Takes one attempt off and hands out what the code is to be compared with, or says why no code is good.
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

    /// The attempt that was just spent is the last one.
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

    /// How many tries are left of what can still be tried.
    pub fn attempts_left(&self) -> u8 {
        match self.state {
            VerificationState::New { attempts_left, .. } => attempts_left,
            VerificationState::Verified
            | VerificationState::Unverified
            | VerificationState::Canceled => 0,
        }
    }

    /// Gives attempts back that were spent on a guess that was not compared. `None` when it is over.
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

    /// The compared code was right: from now on it is used. Refused when another try, or another code, got there first.
    ///
    /// Whoever compares has paid with an attempt. So it does not matter whether the wrong ones that were compared at the
    /// same time have been judged before it and made the verification `unverified`.
    pub fn verify(self, now: Timestamp) -> Result<Self, Refusal> {
        match self.state {
            VerificationState::New { .. } | VerificationState::Unverified => {
                Ok(self.end(VerificationState::Verified, now))
            }
            VerificationState::Verified => Err(Refusal::CodeSpent(SpentReason::AlreadyUsed)),
            VerificationState::Canceled => Err(Refusal::CodeSpent(SpentReason::Superseded)),
        }
    }

    /// The compared code was wrong: after the last attempt the verification is over. `None` when nothing changes.
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

    /// A newer code takes this one's place. `None` when it was over already.
    pub fn cancel(self, now: Timestamp) -> Option<Self> {
        match self.state {
            VerificationState::New { .. } => Some(self.end(VerificationState::Canceled, now)),
            VerificationState::Verified
            | VerificationState::Unverified
            | VerificationState::Canceled => None,
        }
    }

    /// The status at `now`.
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

/// The hash is no secret of its own, but nothing in a log needs it either.
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
