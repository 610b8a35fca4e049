use super::Service;
use crate::domain::{Code, Phone, Purpose, Refusal, Timestamp, Verification};
use crate::otp::Target;
use crate::store::schema::VERIFIED_PHONES;

impl Service {
    /// Sends a code that shows whether the caller's user holds this phone ("Initialize OTP").
    pub async fn initialize(&self, phone: Phone, now: Timestamp) -> Result<Verification, Refusal> {
        self.otp.initialize(now, move |_| Ok(target(phone))).await
    }

    /// Takes that code back; the phone is a verified one from then on.
    pub async fn complete(
        &self,
        phone: Phone,
        guess: Code,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        self.otp.complete(now, guess, move |_| Ok(target(phone)), |_, _| Ok(())).await
    }

    /// Whether somebody has shown that they hold this phone.
    pub fn is_verified(&self, phone: Phone) -> Result<bool, Refusal> {
        Ok(self.store.get(VERIFIED_PHONES, &phone)?.is_some())
    }
}

fn target(phone: Phone) -> Target {
    Target { phone, purpose: Purpose::PhoneVerification }
}
