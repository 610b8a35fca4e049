//! Gateways that say that they have a message already.

use esoz_otp::domain::{DeliveryError, DeliveryStatus, VendorStatus};
use esoz_otp::sms::{Accepted, SendError};

use super::stand::{Answer, Scripted, Stand};

fn before(gateway_id: Option<&str>) -> Answer {
    let error = DeliveryError::AlreadyAccepted(VendorStatus::of("DUPLICATE"));
    Err(SendError::AlreadyAccepted { error, gateway_id: gateway_id.map(str::to_owned) })
}

fn unclear() -> Answer {
    Err(SendError::Ambiguous(DeliveryError::TimedOut))
}

fn taken() -> Accepted {
    Accepted { gateway_id: Some("n-1".into()) }
}

#[test]
fn after_a_try_that_left_it_open_it_is_the_proof_that_the_message_was_sent() {
    for unclear in [unclear(), Err(SendError::not_accepted(DeliveryError::Status(500)))] {
        let driver = Scripted::new("a", [unclear, before(Some("g-1"))]);
        let mut stand = Stand::of(&[&driver]);
        let id = stand.put(1);
        stand.work();
        stand.work_after(5);
        let delivery = stand.delivery(id);
        assert_eq!((delivery.status(), delivery.attempts), (DeliveryStatus::Sent, 2));
        assert_eq!(delivery.gateway_id.as_deref(), Some("g-1"));
        assert_eq!((delivery.last_error, delivery.is_uncertain), (None, true));
        assert_eq!(stand.kept(), 0);
        stand.work_after(200);
        assert_eq!(driver.seen().len(), 2, "and no third try");
    }
}

#[test]
fn without_such_a_try_the_message_was_not_taken() {
    let driver = Scripted::new("a", [before(None), before(None), Ok(taken())]);
    let mut stand = Stand::of(&[&driver]);
    let id = stand.put(1);
    stand.work();
    let waits = stand.delivery(id);
    assert_eq!((waits.status(), waits.is_uncertain), (DeliveryStatus::Queued, false));
    let said = "the gateway says that it has taken the same message before: DUPLICATE";
    assert_eq!(waits.last_error.unwrap().to_string(), said);
    stand.work_after(5);
    stand.work_after(5);
    assert_eq!(stand.status(id), DeliveryStatus::Sent);
}

#[test]
fn without_such_a_try_the_next_driver_is_asked_at_once() {
    let (first, second) = (Scripted::new("a", [before(None)]), Scripted::new("b", [Ok(taken())]));
    let mut stand = Stand::of(&[&first, &second]);
    let id = stand.put(1);
    stand.work();
    let sent = stand.delivery(id);
    assert_eq!((sent.status(), sent.driver.as_deref()), (DeliveryStatus::Sent, Some("b")));
}

#[test]
fn only_the_driver_that_may_have_it_can_say_so() {
    let first = Scripted::new("a", [unclear(), before(None)]);
    let second = Scripted::new("b", [before(None)]);
    let mut stand = Stand::of(&[&first, &second]);
    let id = stand.put(1);
    stand.work();
    // The other one is called first now: its word is about another message.
    stand.work_after(5);
    assert_eq!((first.seen().len(), second.seen().len()), (2, 1));
    let sent = stand.delivery(id);
    assert_eq!((sent.status(), sent.driver.as_deref()), (DeliveryStatus::Sent, Some("a")));
}

#[test]
fn a_driver_that_has_messages_already_is_no_broken_one() {
    let driver = Scripted::new("a", (0..20).map(|_| before(None)));
    let mut stand = Stand::of(&[&driver]);
    for number in 0..10 {
        stand.put(number);
    }
    stand.work();
    assert_eq!(driver.seen().len(), 10, "all are tried");
}
