//! Tests of a driver by an operator, with a text that has no code.

use super::driver::{Accepted, SendError, SmsMessage};
use super::failover::DriverReport;
use super::outbox::Outbox;
use crate::domain::{Phone, Timestamp, VerificationId};

/// The text that is sent: it has no code and fits into one segment.
pub const TEST_TEXT: &str = "Тест esoz-otp, коду тут немає. A test of esoz-otp, no code in it.";

impl Outbox {
    /// Every driver and the state of its circuit breaker.
    pub fn drivers(&self, now: Timestamp) -> Vec<DriverReport> {
        self.0.failover.reports(now)
    }

    /// Sends [`TEST_TEXT`] with the driver of this name; `None` if there is none. No limit and no circuit breaker counts
    /// it. `id` stands for a verification towards the gateway.
    pub async fn test_driver(
        &self,
        name: &str,
        id: VerificationId,
        phone: Phone,
    ) -> Option<Result<Accepted, SendError>> {
        let message = SmsMessage::new(id, phone, TEST_TEXT.to_owned().into());
        self.0.failover.test(name, &message).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_one_segment_and_has_nothing_like_a_code() {
        assert!(TEST_TEXT.encode_utf16().count() <= 70, "{}", TEST_TEXT.encode_utf16().count());
        assert!(!TEST_TEXT.contains(|c: char| c.is_ascii_digit()));
    }
}
