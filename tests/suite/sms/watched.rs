//! What is said of messages that wait, and of drivers that nobody may call.

use std::sync::Arc;
use std::time::Duration;

use esoz_otp::config::SmsConfig;
use esoz_otp::domain::{DeliveryError, Timestamp, VendorStatus};
use esoz_otp::sms::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage};

use super::Gate;
use super::stand::{Answer, Scripted, Stand};
use crate::support::start_of_time;

fn no(error: DeliveryError) -> Answer {
    Err(SendError::not_accepted(error))
}

#[test]
fn messages_that_wait_while_none_is_taken_are_seen_however_often_they_are_tried() {
    let busy = || no(DeliveryError::NotNow(VendorStatus::of("BUSY")));
    let driver = Scripted::new("a", (0..1000).map(|_| busy()));
    let mut stand = Stand::of(&[&driver]);
    assert_eq!(stand.outbox.health(start_of_time()).unwrap().stuck, None);
    stand.put(1);
    for second in 1..=90 {
        stand.work_after(1);
        let health = stand.outbox.health(now(&stand)).unwrap();
        assert_eq!(health.stuck, Some(Duration::from_secs(second)));
        assert!(health.late.is_none_or(|late| late < Duration::from_secs(2)) && !health.is_down);
    }
    assert!(driver.seen().len() > 3);
}

#[test]
fn one_message_that_nobody_takes_says_nothing_while_others_leave() {
    let busy = no(DeliveryError::NotNow(VendorStatus::of("BUSY")));
    let driver = Scripted::new("a", [busy.clone(), Ok(Accepted::default()), busy]);
    let mut stand = Stand::of(&[&driver]);
    stand.put(1);
    stand.work();
    stand.clock.push(Duration::from_millis(100));
    stand.put(2);
    stand.work();
    stand.clock.push(Duration::from_secs(30));
    let waits = stand.outbox.health(now(&stand)).unwrap();
    assert_eq!((waits.waiting, waits.stuck), (1, Some(Duration::from_secs(30))));
}

#[test]
fn a_trial_that_runs_is_waited_for_as_long_as_a_driver_may_take() {
    let failing = Scripted::new("a", (0..5).map(|_| no(DeliveryError::Unreachable)));
    let (gate, seen) = Gate::new();
    let driver = Arc::new(Then(failing, gate));
    let config = SmsConfig { timeout: Duration::from_secs(4), parallel: 1, ..SmsConfig::default() };
    let mut stand = Stand::with(vec![driver], config);
    for number in 0..6 {
        stand.put(number);
    }
    stand.work();
    stand.clock.push(Duration::from_secs(3));
    stand.work_until(|| seen.try_iter().count() > 0);
    let until = stand.outbox.delayed_until(now(&stand)).expect("one is tried");
    assert_eq!(until.since(now(&stand)), Duration::from_secs(5));
}

#[test]
fn a_trial_that_fails_counts_whatever_rest_is_asked_for() {
    let rest = Some(Duration::from_secs(1));
    let failed = Err(SendError::NotAccepted { error: DeliveryError::Status(503), rest });
    let answers = (0..5).map(|_| no(DeliveryError::Unreachable)).chain([failed]);
    let driver = Scripted::new("a", answers);
    let mut stand = Stand::of(&[&driver]);
    for number in 0..7 {
        stand.put(number);
    }
    stand.work();
    stand.work_after(2);
    assert_eq!(driver.seen().len(), 6, "it was tried once");
    let until = stand.outbox.delayed_until(now(&stand)).expect("it is given up on");
    assert_eq!(until.since(now(&stand)), Duration::from_secs(4));
}

/// One that answers as the first, five times, and then as the second.
struct Then(Scripted, Gate);

impl SmsDriver for Then {
    fn name(&self) -> &'static str {
        "then"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        if self.0.seen().len() < 5 { self.0.send(message) } else { self.1.send(message) }
    }
}

fn now(stand: &Stand) -> Timestamp {
    esoz_otp::clock::Clock::now(&*stand.clock)
}
