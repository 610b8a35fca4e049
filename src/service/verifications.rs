//! Phone verifications.

use super::Service;
use crate::audit;
use crate::domain::audit::{AuditEvent, AuditRow};
use crate::domain::{Code, Phone, Purpose, Refusal, RequestOrigin, Timestamp, Verification};
use crate::otp::{RequestContext, Target};
use crate::store::schema::{GUESSES, SENDS, STRAY_GUESSES, VERIFIED_PHONES};
use crate::store::{Priority, Write};

impl Service {
    /// Sends a code to verify this phone: "Initialize OTP" of the page "Resend Authorization OTP on Person Request".
    /// Errors are those of [`Otp::initialize`](crate::otp::Otp::initialize).
    pub async fn initialize(
        &self,
        requester: impl Into<RequestContext>,
        phone: Phone,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        self.otp.initialize(now, requester.into(), move |_| Ok(target(phone))).await
    }

    /// Completes the verification of this phone with its code. The phone counts as verified for 365 days from now.
    /// Errors are those of [`Otp::complete`](crate::otp::Otp::complete).
    pub async fn complete(
        &self,
        requester: impl Into<RequestContext>,
        phone: Phone,
        guess: Code,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        let resolve_target = move |_: &Write<'_>| Ok(target(phone));
        self.otp.complete(now, requester.into(), guess, resolve_target, |_, _| Ok(())).await
    }

    /// Unlocks a phone: removes its wrong guesses, and returns how many of them came in a row. The phone's codes stay
    /// valid.
    ///
    /// Sends with a time after `now`, counted while the clock was ahead, count as of `now`. Otherwise the phone would
    /// have to wait until that time.
    pub async fn unlock(
        &self,
        by: impl Into<RequestOrigin>,
        phone: Phone,
        now: Timestamp,
    ) -> Result<u32, Refusal> {
        let row = AuditRow::new(now, AuditEvent::PhoneUnlocked, by);
        let row = row.about_phone(phone, Purpose::PhoneVerification);
        let row = row.findable_by(self.audit.phone_hash(phone));
        let unlock = move |write: &mut Write<'_>| {
            let guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
            write.remove(GUESSES, &phone);
            write.remove(STRAY_GUESSES, &phone);
            if let Some(mut sends) = write.get(SENDS, &phone)? {
                sends.clamp_to_now(now);
                write.put(SENDS, &phone, &sends)?;
            }
            audit::append(write, &row)?;
            Ok(guesses.in_a_row())
        };
        self.store.write(Priority::Normal, unlock).await
    }

    /// Whether this phone was verified within the last 365 days.
    pub fn is_verified(&self, phone: Phone) -> Result<bool, Refusal> {
        Ok(self.store.get(VERIFIED_PHONES, &phone)?.is_some())
    }
}

fn target(phone: Phone) -> Target {
    Target { phone, purpose: Purpose::PhoneVerification }
}
