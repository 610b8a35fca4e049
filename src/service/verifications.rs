use super::Service;
use crate::domain::{By, Code, Phone, Purpose, Refusal, Timestamp, Verification};
use crate::otp::Target;
use crate::store::schema::VERIFIED_PHONES;

impl Service {
    /// Sends a code that shows whether the caller's user holds this phone ("Initialize OTP").
    pub async fn initialize(
        &self,
        by: By,
        phone: Phone,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        self.otp.initialize(now, by, move |_| Ok(target(phone))).await
    }

    /// Takes that code back; the phone is a verified one from then on.
    pub async fn complete(
        &self,
        by: By,
        phone: Phone,
        guess: Code,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        self.otp.complete(now, by, guess, move |_| Ok(target(phone)), |_, _| Ok(())).await
    }

    /// Whether somebody has shown that they hold this phone.
    pub fn is_verified(&self, phone: Phone) -> Result<bool, Refusal> {
        Ok(self.store.get(VERIFIED_PHONES, &phone)?.is_some())
    }
}

fn target(phone: Phone) -> Target {
    Target { phone, purpose: Purpose::PhoneVerification }
}
