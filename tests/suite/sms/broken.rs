//! What once kept messages from leaving.

use std::sync::Arc;
use std::time::Duration;

use esoz_otp::config::{SmsConfig, StoreConfig};
use esoz_otp::domain::{DeliveryError, DeliveryStatus, VendorStatus};
use esoz_otp::sms::{Accepted, SendError, SendFuture, SmsDriver};

use super::stand::{Scripted, Stand};

fn no(error: DeliveryError) -> Result<Accepted, SendError> {
    Err(SendError::not_accepted(error))
}

#[test]
fn a_trial_that_is_answered_in_order_ends_the_silence() {
    let down = (0..5).map(|_| no(DeliveryError::Unreachable));
    let busy = no(DeliveryError::NotNow(VendorStatus::of("BUSY")));
    let driver = Scripted::new("a", down.chain([busy]));
    let mut stand = Stand::of(&[&driver]);
    let ids: Vec<_> = (0..20).map(|number| stand.put(number)).collect();
    stand.work();
    assert_eq!(driver.seen().len(), 5);
    stand.work_after(3);
    for second in 1..=70 {
        stand.work_after(1);
        if ids.iter().all(|id| stand.status(*id) == DeliveryStatus::Sent) {
            assert!(second < 10, "{second}");
            return;
        }
    }
    panic!("never");
}

/// One that is asked what became of messages.
struct Asked(Scripted);

impl SmsDriver for Asked {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn send<'a>(&'a self, message: &'a esoz_otp::sms::SmsMessage) -> SendFuture<'a> {
        self.0.send(message)
    }

    fn is_asked(&self) -> bool {
        true
    }
}

#[test]
fn questions_that_cannot_be_noted_on_a_full_disk_keep_no_message_waiting() {
    let driver = Scripted::new("a", [Ok(Accepted { gateway_id: Some("x1".into()) })]);
    let drivers: Vec<Arc<dyn SmsDriver>> = vec![Arc::new(Asked(driver.clone()))];
    let mut stand = Stand::with(drivers.clone(), SmsConfig::default());
    let first = stand.put(1);
    stand.work();
    assert_eq!(stand.status(first), DeliveryStatus::Sent);
    let second = stand.put(2);
    let full = StoreConfig { reserve_mib: 1 << 40, ..StoreConfig::default() };
    let mut stand = stand.again_on(full, &crate::support::keyring(), drivers);
    stand.work_after(20);
    assert_eq!(stand.status(second), DeliveryStatus::Sent);
}

#[test]
fn a_rest_that_is_over_before_it_begins_is_a_rest_all_the_same() {
    let rest = Some(Duration::ZERO);
    let too_many = || Err(SendError::NotAccepted { error: DeliveryError::TooMany, rest });
    let driver = Scripted::new("a", (0..100).map(|_| too_many()));
    let mut stand = Stand::of(&[&driver]);
    for number in 0..50 {
        stand.put(number);
    }
    stand.work();
    assert_eq!(driver.seen().len(), 1, "and not all that waits at once");
}

#[test]
fn once_it_is_shut_no_message_is_begun_and_none_is_lost() {
    let driver = Scripted::new("a", []);
    let mut stand = Stand::of(&[&driver]);
    let id = stand.put(1);
    stand.outbox.shut();
    stand.work();
    assert_eq!((driver.seen().len(), stand.status(id)), (0, DeliveryStatus::Queued));
    let mut stand = stand.again(&[&driver], &crate::support::keyring());
    stand.work();
    assert_eq!((driver.seen().len(), stand.status(id)), (1, DeliveryStatus::Sent));
    assert!(!stand.delivery(id).is_uncertain);
}
