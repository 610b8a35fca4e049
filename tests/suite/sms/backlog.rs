//! Ten thousand messages that wait.

use std::time::Duration;

use esoz_otp::domain::{DeliveryError, DeliveryStatus};
use esoz_otp::sms::SendError;

use super::stand::{LIFE, Scripted, Stand, all};
use crate::support::keyring;
use esoz_otp::config::SmsConfig;

const MANY: u32 = 10_000;

fn queued(driver: &Scripted) -> Stand {
    let stand = Stand::with(all(&[driver]), SmsConfig::default());
    stand.put_many(MANY);
    stand
}

#[test]
fn a_backlog_waits_over_a_restart_and_leaves_once_each_in_the_order_it_came_in() {
    let down = Scripted::new(
        "a",
        (0..1000).map(|_| Err(SendError::not_accepted(DeliveryError::Unreachable))),
    );
    let mut stand = queued(&down);
    stand.work();
    let tries = down.seen().len();
    assert!((5..=20).contains(&tries), "{tries} calls of a gateway that is down");

    let back = Scripted::new("a", []);
    let mut stand = stand.again(&[&back], &keyring());
    assert_eq!(stand.kept(), 10_000);
    stand.work_after(5);
    assert_eq!(stand.kept(), 0);
    let seen: Vec<_> = back.seen().iter().map(|message| message.verification_id).collect();
    assert_eq!(seen.len(), 10_000);
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), 10_000, "none twice");
    // Those that had been tried come behind, and up to 16 leave at a time.
    let in_order = seen.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!(in_order > 9_000, "{in_order} of 10 000 behind the one before them");
}

#[test]
fn a_backlog_that_nobody_takes_is_erased_when_its_codes_are_worth_nothing() {
    let down = Scripted::new(
        "a",
        (0..1000).map(|_| Err(SendError::not_accepted(DeliveryError::Unreachable))),
    );
    let mut stand = queued(&down);
    stand.work();
    stand.clock.push(LIFE.saturating_sub(Duration::from_secs(1)));
    stand.work();
    assert_eq!(stand.kept(), 10_000);
    stand.work_after(1);
    assert_eq!(stand.kept(), 0);
    assert_eq!(stand.status(Stand::id_of(MANY - 1)), DeliveryStatus::Expired);
}
