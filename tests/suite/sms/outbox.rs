//! What becomes of a message, whatever drivers say and whenever the process ends.

use std::sync::Arc;
use std::time::Duration;

use esoz_otp::config::SmsConfig;
use esoz_otp::domain::{DeliveryError, DeliveryStatus, Refusal, VendorStatus};
use esoz_otp::keyring::Keyring;
use esoz_otp::sms::{Accepted, SendError};

use super::Gate;
use super::stand::{Answer, LIFE, Scripted, Stand, all, code, one_at_a_time};
use crate::support::{keyring, start_of_time};

#[expect(clippy::unnecessary_wraps, reason = "an answer like the others")]
fn yes(gateway_id: &str) -> Answer {
    Ok(Accepted { gateway_id: Some(gateway_id.into()) })
}

fn no(error: DeliveryError) -> Answer {
    Err(SendError::not_accepted(error))
}

fn perhaps() -> Answer {
    Err(SendError::Ambiguous(DeliveryError::TimedOut))
}

fn never() -> Answer {
    Err(SendError::Refused(DeliveryError::Verdict(VendorStatus::of("INVALID_PHONE"))))
}

#[test]
fn what_a_driver_takes_is_sent_once_and_erased() {
    let driver = Scripted::new("a", [yes("x1")]);
    let mut stand = Stand::of(&[&driver]);
    let id = stand.put(1);
    assert_eq!((stand.status(id), stand.kept()), (DeliveryStatus::Queued, 1));
    stand.work();
    let sent = stand.delivery(id);
    assert_eq!((sent.status(), sent.attempts), (DeliveryStatus::Sent, 1));
    assert_eq!((sent.driver.as_deref(), sent.gateway_id.as_deref()), (Some("a"), Some("x1")));
    assert_eq!(stand.kept(), 0);
    stand.work_after(600);
    let [message] = &driver.seen()[..] else { panic!("{:?}", driver.seen()) };
    assert_eq!(
        message.text(),
        format!("Код авторизації дій в системі eHealth: {}", code(1).reveal())
    );
}

#[test]
fn messages_leave_in_the_order_in_which_they_were_accepted() {
    let driver = Scripted::new("a", []);
    let mut stand = Stand::of(&[&driver]);
    let ids: Vec<_> = (0..100).map(|number| stand.put(number)).collect();
    stand.work();
    let seen: Vec<_> = driver.seen().iter().map(|message| message.verification_id).collect();
    assert_eq!(seen, ids, "even those of the same moment: the ids rise");
}

#[test]
fn what_was_not_taken_is_tried_again_ever_later_until_its_code_is_worth_nothing() {
    let driver =
        Scripted::new("a", (0..100).map(|_| no(DeliveryError::NotNow(VendorStatus::of("BUSY")))));
    let mut stand = Stand::of(&[&driver]);
    let id = stand.put(1);
    let mut tries = vec![];
    for second in 0..LIFE.as_secs() {
        let before = driver.seen().len();
        stand.work();
        tries.extend((driver.seen().len() > before).then_some(second));
        stand.clock.push(Duration::from_secs(1));
    }
    assert_eq!(stand.status(id), DeliveryStatus::Queued);
    stand.work();
    let over = stand.delivery(id);
    assert_eq!((over.status(), stand.kept()), (DeliveryStatus::Expired, 0));
    let pauses: Vec<_> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses[0] <= 2 && (14..=31).contains(pauses.last().unwrap()), "{pauses:?}");
    assert!((10..30).contains(&tries.len()), "{tries:?}");
    assert_eq!(usize::from(over.attempts), tries.len());
    assert_eq!(
        over.last_error.unwrap().to_string(),
        "the gateway did not take the message for now: BUSY"
    );
}

#[test]
fn a_message_that_nobody_will_ever_take_is_not_tried_again() {
    let (one, other) = (Scripted::new("a", [never()]), Scripted::new("b", []));
    let mut stand = Stand::of(&[&one, &other]);
    let id = stand.put(1);
    stand.work();
    stand.work_after(60);
    assert_eq!((stand.status(id), stand.kept()), (DeliveryStatus::Failed, 0));
    assert_eq!((one.seen().len(), other.seen().len()), (1, 0), "nor by the next driver");
}

#[test]
fn when_one_driver_does_not_take_it_the_next_one_does_in_the_same_breath() {
    let one = Scripted::new("a", [no(DeliveryError::Unreachable)]);
    let other = Scripted::new("b", [yes("y")]);
    let mut stand = Stand::of(&[&one, &other]);
    let id = stand.put(1);
    stand.work();
    let sent = stand.delivery(id);
    assert_eq!((sent.status(), sent.attempts), (DeliveryStatus::Sent, 2));
    assert_eq!(sent.driver.as_deref(), Some("b"));
}

#[test]
fn a_driver_that_is_down_is_not_called_for_every_message_and_found_again_when_it_is_back() {
    let one = Scripted::new("a", (0..6).map(|_| no(DeliveryError::Unreachable)));
    let other = Scripted::new("b", []);
    let mut stand = Stand::of(&[&one, &other]);
    for number in 0..20 {
        stand.put(number);
    }
    stand.work();
    assert_eq!((one.seen().len(), other.seen().len()), (5, 20));
    assert_eq!(stand.outbox.health(start_of_time()).unwrap().down, ["a"]);
    stand.put(20);
    stand.work_after(2);
    assert_eq!((one.seen().len(), other.seen().len()), (6, 21), "one trial, which fails");
    stand.put(21);
    stand.work_after(3);
    assert_eq!((one.seen().len(), other.seen().len()), (6, 22), "twice as long a pause");
    stand.put(22);
    stand.work_after(1);
    assert_eq!((one.seen().len(), other.seen().len()), (7, 22));
    assert!(stand.outbox.health(start_of_time()).unwrap().down.is_empty());
}

#[test]
fn a_process_that_starts_knows_of_no_driver_that_was_down() {
    let one = Scripted::new("a", (0..5).map(|_| no(DeliveryError::Unreachable)));
    let other = Scripted::new("b", []);
    let mut stand = Stand::of(&[&one, &other]);
    for number in 0..6 {
        stand.put(number);
    }
    stand.work();
    assert_eq!((one.seen().len(), other.seen().len()), (5, 6), "it is left alone");
    let mut stand = stand.again(&[&one, &other], &keyring());
    stand.put(6);
    stand.work();
    assert_eq!((one.seen().len(), other.seen().len()), (6, 6));
}

#[test]
fn when_all_are_down_messages_wait_untouched_and_health_says_so() {
    let driver = Scripted::new("a", (0..5).map(|_| no(DeliveryError::Unreachable)));
    let mut stand = Stand::of(&[&driver]);
    let ids: Vec<_> = (0..20).map(|number| stand.put(number)).collect();
    stand.work_after(1);
    assert!(stand.outbox.health(start_of_time() + Duration::from_secs(1)).unwrap().is_down);
    let health = stand.outbox.health(start_of_time() + Duration::from_secs(40)).unwrap();
    assert!(health.is_down, "it may be tried, and until then nobody knows better");
    assert_eq!((health.waiting, health.late), (20, Some(Duration::from_secs(40))));
    assert_eq!(stand.delivery(ids[10]).attempts, 0);
    stand.work_after(10);
    stand.work();
    assert!(ids.iter().all(|id| stand.status(*id) == DeliveryStatus::Sent));
    assert!(!stand.outbox.health(start_of_time()).unwrap().is_down);
}

#[test]
fn a_driver_that_asks_for_a_rest_gets_it() {
    let rest = Some(Duration::from_secs(30));
    let too_many = Err(SendError::NotAccepted { error: DeliveryError::TooMany, rest });
    let driver = Scripted::new("a", [too_many]);
    let mut stand = Stand::of(&[&driver]);
    let ids = [stand.put(1), stand.put(2)];
    stand.work();
    stand.work_after(29);
    assert_eq!(driver.seen().len(), 1);
    assert!(!stand.outbox.health(start_of_time()).unwrap().is_down, "it is well, and busy");
    stand.work_after(1);
    assert!(ids.iter().all(|id| stand.status(*id) == DeliveryStatus::Sent));
}

#[test]
fn what_may_have_left_is_sent_once_more_and_marked() {
    for (second, seen) in [(yes("z"), 2), (perhaps(), 2), (never(), 2)] {
        let driver = Scripted::new("a", [perhaps(), second]);
        let mut stand = Stand::of(&[&driver]);
        let id = stand.put(1);
        stand.work();
        let once = stand.delivery(id);
        assert_eq!((once.status(), once.is_uncertain), (DeliveryStatus::Queued, true));
        for _ in 0..10 {
            stand.work_after(31);
        }
        assert_eq!((stand.status(id), stand.kept()), (DeliveryStatus::Uncertain, 0));
        assert_eq!(driver.seen().len(), seen);
    }
}

#[test]
fn what_a_driver_may_have_taken_goes_to_another_one_the_second_time() {
    let (one, other) = (Scripted::new("a", [perhaps()]), Scripted::new("b", []));
    let mut stand = Stand::of(&[&one, &other]);
    let id = stand.put(1);
    stand.work();
    stand.work_after(2);
    assert_eq!((one.seen().len(), other.seen().len()), (1, 1));
    let sent = stand.delivery(id);
    assert_eq!((sent.status(), sent.driver.as_deref()), (DeliveryStatus::Uncertain, Some("b")));
}

#[test]
fn a_no_that_leaves_a_doubt_is_remembered_with_who_said_it() {
    let one = Scripted::new("a", [no(DeliveryError::Status(500))]);
    let other = Scripted::new("b", [no(DeliveryError::Unreachable)]);
    let mut stand = Stand::of(&[&one, &other]);
    let id = stand.put(1);
    stand.work();
    assert_eq!((one.seen().len(), other.seen().len()), (1, 1));
    stand.work_after(3);
    assert_eq!((one.seen().len(), other.seen().len()), (1, 2), "the other one first");
    let sent = stand.delivery(id);
    assert_eq!((sent.status(), sent.attempts), (DeliveryStatus::Uncertain, 3));
}

#[test]
fn a_driver_that_says_no_in_its_own_words_is_not_down_not_even_when_that_was_its_trial() {
    let busy = || no(DeliveryError::NotNow(VendorStatus::of("BUSY")));
    let failures = (0..5).map(|_| no(DeliveryError::Unreachable));
    let driver = Scripted::new("a", failures.chain((0..20).map(|_| busy())));
    let mut stand = Stand::of(&[&driver]);
    for number in 0..5 {
        stand.put(number);
    }
    stand.work();
    assert!(stand.outbox.health(start_of_time()).unwrap().is_down);
    stand.work_after(2);
    assert!(!stand.outbox.health(start_of_time()).unwrap().is_down);
    assert!(driver.seen().len() > 6, "all are tried at once again");
}

#[test]
fn a_process_that_ends_while_a_driver_has_a_message_sends_it_once_more_and_says_so() {
    let (gate, seen) = Gate::new();
    let mut config = one_at_a_time();
    config.timeout = Duration::from_mins(1);
    let mut stand = Stand::with(vec![Arc::new(gate)], config);
    let (with_driver, waiting) = (stand.put(1), stand.put(2));
    stand.work_until(|| seen.try_recv().is_ok());
    assert_eq!(stand.status(with_driver), DeliveryStatus::Submitting);

    let driver = Scripted::new("b", []);
    let mut stand = stand.again(&[&driver], &keyring());
    assert_eq!((stand.kept(), stand.status(with_driver)), (2, DeliveryStatus::Queued));
    stand.work();
    let uncertain = stand.delivery(with_driver);
    assert_eq!((uncertain.status(), uncertain.attempts), (DeliveryStatus::Uncertain, 2));
    assert_eq!(stand.status(waiting), DeliveryStatus::Sent);
    assert_eq!((driver.seen().len(), stand.kept()), (2, 0));
}

#[test]
fn a_message_whose_code_is_replaced_is_erased_and_a_place_comes_free() {
    let driver = Scripted::new("a", []);
    let config = SmsConfig { queue: 1, ..one_at_a_time() };
    let mut stand = Stand::with(all(&[&driver]), config);
    let old = stand.put(1);
    assert_eq!(stand.put_after(2, None), Err(Refusal::Busy), "no room");
    stand.work();
    let old_sent = stand.put(3);
    stand.clock.push(LIFE);
    stand.work();
    assert_eq!(stand.status(old), DeliveryStatus::Sent);
    assert_eq!(stand.status(old_sent), DeliveryStatus::Expired);
    assert_eq!((stand.kept(), driver.seen().len()), (0, 1));

    let stand = Stand::of(&[&driver]);
    let old = stand.put(1);
    let new = stand.put_after(2, Some(old)).unwrap();
    assert_eq!((stand.status(old), stand.kept()), (DeliveryStatus::Canceled, 1));
    assert_eq!(stand.delivery(new).previous, Some(old));
}

#[test]
fn a_code_that_is_replaced_while_a_driver_has_its_message_is_not_sent_again() {
    let (gate, seen) = Gate::new();
    let mut config = one_at_a_time();
    config.timeout = Duration::from_mins(1);
    let mut stand = Stand::with(vec![Arc::new(gate)], config);
    let old = stand.put(1);
    stand.work_until(|| seen.try_recv().is_ok());
    let new = stand.put_after(2, Some(old)).unwrap();
    assert_eq!(stand.status(old), DeliveryStatus::Submitting);
    assert_eq!(stand.kept(), 1, "its text is gone at once");

    let driver = Scripted::new("b", []);
    let mut stand = stand.again(&[&driver], &keyring());
    assert_eq!(stand.status(old), DeliveryStatus::Uncertain);
    stand.work();
    assert_eq!((driver.seen().len(), stand.status(new)), (1, DeliveryStatus::Sent));
}

#[test]
fn what_waited_over_a_restart_is_sent_unless_its_key_is_gone() {
    let down = Scripted::new("a", [no(DeliveryError::Unreachable)]);
    let mut stand = Stand::of(&[&down]);
    let id = stand.put(1);
    stand.work();
    let other_key = keyring_of("other", 'b');
    let mut stand = stand.again(&[&down], &other_key);
    stand.work_after(3);
    assert_eq!((stand.status(id), stand.kept()), (DeliveryStatus::Failed, 0));
    assert_eq!(stand.delivery(id).last_error, Some(DeliveryError::Unopenable));

    let down = Scripted::new("a", [no(DeliveryError::Unreachable)]);
    let mut stand = Stand::of(&[&down]);
    let id = stand.put(1);
    stand.work();
    let mut stand = stand.again(&[&down], &keyring());
    stand.work_after(3);
    assert_eq!(stand.status(id), DeliveryStatus::Sent);
}

#[test]
fn what_comes_from_the_future_after_a_clock_was_set_back_is_not_kept_for_hours() {
    let driver = Scripted::new("a", [no(DeliveryError::Unreachable)]);
    let mut stand = Stand::of(&[&driver]);
    let id = stand.put(1);
    stand.work();
    stand.clock.pull(Duration::from_hours(2));
    let mut stand = stand.again(&[&driver], &keyring());
    assert_eq!((stand.status(id), stand.kept()), (DeliveryStatus::Expired, 0));
    stand.work();
    assert_eq!(driver.seen().len(), 1);
}

fn keyring_of(id: &str, digit: char) -> Keyring {
    let key = digit.to_string().repeat(64);
    let keys = serde_json::json!([{"id": id, "created_at": "2026-01-01T00:00:00Z", "key": key}]);
    Keyring::parse(&serde_json::json!({"format": 1, "keys": keys}).to_string()).unwrap()
}
