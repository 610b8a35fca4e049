use super::Service;
use crate::audit;
use crate::domain::audit::{AuditEvent, AuditRow};
use crate::domain::{Code, Phone, Purpose, Refusal, RequestOrigin, Timestamp, Verification};
use crate::otp::{RequestContext, Target};
use crate::store::schema::{GUESSES, SENDS, STRAY_GUESSES, VERIFIED_PHONES};
use crate::store::{Priority, Write};

impl Service {
    /// Sends a code that shows whether the caller's user holds this phone ("Initialize OTP").
    pub async fn initialize(
        &self,
        requester: impl Into<RequestContext>,
        phone: Phone,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        self.otp.initialize(now, requester.into(), move |_| Ok(target(phone))).await
    }

    /// Completes the verification with its code. The phone is a verified one from then on.
    pub async fn complete(
        &self,
        requester: impl Into<RequestContext>,
        phone: Phone,
        guess: Code,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        let gate = move |_: &Write<'_>| Ok(target(phone));
        self.otp.complete(now, requester.into(), guess, gate, |_, _| Ok(())).await
    }

    /// Takes a phone's wrong guesses back, however many there are, and says how many came in a row. Sends that a clock
    /// counted that was ahead, and that would keep the phone waiting until then, count as of now. Its codes stay as they
    /// are.
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

    /// Whether this phone is a verified one.
    pub fn is_verified(&self, phone: Phone) -> Result<bool, Refusal> {
        Ok(self.store.get(VERIFIED_PHONES, &phone)?.is_some())
    }
}

fn target(phone: Phone) -> Target {
    Target { phone, purpose: Purpose::PhoneVerification }
}
