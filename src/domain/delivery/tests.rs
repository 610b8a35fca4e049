use std::iter::successors;

use proptest::prelude::*;

use super::*;
use crate::domain::Id;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
}

fn queued() -> Delivery {
    let phone = Phone::parse("+380958697084").unwrap();
    Delivery::queue(Id::from_bytes([7; 16]), None, phone, None, at(0), at(300))
}

fn submitting() -> Delivery {
    queued().submit(at(1)).unwrap()
}

fn attempt(outcome: AttemptOutcome) -> Attempt {
    Attempt { calls: 1, driver: Some("a".into()), doubtful_driver: None, outcome }
}

fn unclear() -> Attempt {
    attempt(AttemptOutcome::Ambiguous { error: DeliveryError::TimedOut, again_at: at(9) })
}

fn not_taken() -> Attempt {
    attempt(AttemptOutcome::NotAccepted { error: DeliveryError::Unreachable, again_at: at(9) })
}

fn taken() -> Attempt {
    attempt(AttemptOutcome::Accepted(Some("id".into())))
}

#[test]
fn what_is_taken_is_sent_and_a_receipt_makes_it_delivered_once() {
    let sent = submitting().conclude(taken(), at(2)).unwrap();
    assert_eq!(
        (sent.status(), sent.attempts, sent.sent_at),
        (DeliveryStatus::Sent, 1, Some(at(2)))
    );
    let delivered = sent.receive(DeliveryReport::Delivered, at(5)).unwrap();
    assert_eq!((delivered.status(), delivered.ended_at), (DeliveryStatus::Delivered, Some(at(5))));
    assert_eq!(delivered.clone().receive(DeliveryReport::Delivered, at(6)), None);
    assert_eq!(
        delivered.receive(DeliveryReport::Undelivered(DeliveryError::TimedOut), at(6)),
        None
    );
}

#[test]
fn what_was_not_taken_waits_for_the_next_try_but_no_longer_than_its_code_lives() {
    let waiting = submitting().conclude(not_taken(), at(2)).unwrap();
    assert_eq!(waiting.state, DeliveryState::Queued { due_at: at(9) });
    let late = AttemptOutcome::NotAccepted { error: DeliveryError::TooMany, again_at: at(999) };
    let waiting = waiting.submit(at(9)).unwrap().conclude(attempt(late), at(10)).unwrap();
    assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Queued { due_at: at(300) }, 2));
    assert_eq!(waiting.expire(at(300)).unwrap().status(), DeliveryStatus::Expired);
}

#[test]
fn what_may_have_left_is_sent_once_more_and_no_more() {
    let once = submitting().conclude(unclear(), at(2)).unwrap();
    assert_eq!(once.state, DeliveryState::Queued { due_at: at(9) });
    assert!(once.is_uncertain);
    let again = once.clone().submit(at(9)).unwrap();
    for last in [taken(), unclear(), attempt(AttemptOutcome::Refused(DeliveryError::Status(400)))] {
        let ended = again.clone().conclude(last, at(10)).unwrap();
        assert_eq!(ended.status(), DeliveryStatus::Uncertain);
        assert_eq!(ended.submit(at(11)), None);
    }
    let interrupted = again.clone().interrupt(at(10)).unwrap();
    assert_eq!(interrupted.status(), DeliveryStatus::Uncertain);
    let waits = again.conclude(not_taken(), at(10)).unwrap();
    assert_eq!(waits.status(), DeliveryStatus::Queued, "it was not sent that time");
    assert_eq!(waits.expire(at(300)).unwrap().status(), DeliveryStatus::Uncertain);
    assert_eq!(once.cancel(at(3)).unwrap().status(), DeliveryStatus::Uncertain);
}

#[test]
fn what_a_gateway_took_before_is_sent_and_not_sent_again() {
    let again = submitting().conclude(unclear(), at(2)).unwrap().submit(at(9)).unwrap();
    let sent = again.conclude(attempt(AttemptOutcome::AlreadyAccepted(None)), at(10)).unwrap();
    let told = (sent.status(), sent.attempts, sent.sent_at, &sent.last_error);
    assert_eq!(told, (DeliveryStatus::Sent, 2, Some(at(10)), &None));
    assert!(sent.is_uncertain, "the mark stays");
    assert_eq!(sent.clone().submit(at(11)), None);
    let lost =
        sent.clone().receive(DeliveryReport::Undelivered(DeliveryError::TimedOut), at(12)).unwrap();
    assert_eq!(lost.status(), DeliveryStatus::Uncertain);
    assert_eq!(
        sent.receive(DeliveryReport::Delivered, at(12)).unwrap().status(),
        DeliveryStatus::Delivered
    );
}

#[test]
fn a_no_that_leaves_a_doubt_is_tried_again_as_any_other_and_marked() {
    let doubtful = || Attempt { doubtful_driver: Some("a".into()), ..not_taken() };
    let mut delivery = queued();
    for _ in 0..9 {
        delivery = delivery.submit(at(1)).unwrap().conclude(doubtful(), at(2)).unwrap();
        assert_eq!(delivery.status(), DeliveryStatus::Queued);
    }
    assert!(delivery.is_uncertain);
    let then = delivery.clone().submit(at(3)).unwrap().conclude(taken(), at(4)).unwrap();
    assert_eq!(then.status(), DeliveryStatus::Uncertain);
    assert_eq!(delivery.expire(at(300)).unwrap().status(), DeliveryStatus::Uncertain);
    let by_the_next =
        submitting().conclude(Attempt { doubtful_driver: Some("a".into()), ..taken() }, at(2));
    assert_eq!(by_the_next.unwrap().status(), DeliveryStatus::Uncertain);
    let doubtful_driver = submitting().conclude(doubtful(), at(2)).unwrap().submit(at(3)).unwrap();
    let unclear_once = doubtful_driver.clone().conclude(unclear(), at(4)).unwrap();
    assert_eq!(unclear_once.status(), DeliveryStatus::Queued, "its one more time is still to come");
    assert_eq!(doubtful_driver.interrupt(at(4)).unwrap().status(), DeliveryStatus::Queued);
}

#[test]
fn a_code_that_is_replaced_while_it_is_sent_is_not_sent_again() {
    let over = submitting().cancel(at(2)).unwrap();
    assert_eq!(over.status(), DeliveryStatus::Submitting);
    let status = |attempt| over.clone().conclude(attempt, at(3)).unwrap().status();
    assert_eq!(status(taken()), DeliveryStatus::Sent);
    assert_eq!(status(not_taken()), DeliveryStatus::Canceled);
    assert_eq!(status(unclear()), DeliveryStatus::Uncertain);
    let late = over.conclude(not_taken(), at(300)).unwrap();
    assert_eq!(late.status(), DeliveryStatus::Expired);
}

#[test]
fn a_gateway_is_asked_ever_more_seldom_and_not_for_ever() {
    let sent = submitting().conclude(taken(), at(0)).unwrap();
    let asked: Vec<_> =
        successors(sent.next_poll_at(at(0)), |now| sent.next_poll_at(*now)).collect();
    assert_eq!(asked[..9], [15, 30, 60, 120, 240, 480, 960, 1920, 1920 + 1800].map(at));
    assert!(asked.windows(2).skip(8).all(|two| two[1].since(two[0]) == Duration::from_mins(30)));
    assert_eq!(sent.next_poll_at(at(86_400)), None);
    let nameless = submitting().conclude(attempt(AttemptOutcome::Accepted(None)), at(0)).unwrap();
    assert_eq!(nameless.next_poll_at(at(0)), None);
    let delivered = sent.receive(DeliveryReport::Delivered, at(1)).unwrap();
    assert_eq!(delivered.next_poll_at(at(1)), None);
}

#[test]
fn a_gateway_s_word_is_shown_only_when_it_can_hold_no_number_or_code() {
    for word in ["INVALID_PHONE", "203", "Not enough money", "E-17.2"] {
        assert_eq!(VendorStatus::of(word).to_string(), word);
    }
    for word in [
        "",
        " ",
        "+380958697084",
        "code 1234",
        "x\ny",
        "\u{661}\u{662}\u{663}\u{664}",
        &"x".repeat(41),
    ] {
        assert_eq!(VendorStatus::of(word).to_string(), "(a word that is not shown)", "{word:?}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Submit,
    Accepted,
    Refused,
    NotAccepted,
    /// In a way that leaves a doubt.
    Doubtful,
    Ambiguous,
    /// Said only of a message that may have left.
    AlreadyAccepted,
    Interrupt,
    Cancel,
    Expire,
    Receipt(bool),
}

fn happen(delivery: Delivery, event: Event, now: Timestamp) -> Option<Delivery> {
    let conclude = |outcome| delivery.clone().conclude(attempt(outcome), now);
    match event {
        Event::Submit => delivery.submit(now),
        Event::Accepted => conclude(AttemptOutcome::Accepted(Some("id".into()))),
        Event::Refused => conclude(AttemptOutcome::Refused(DeliveryError::Status(400))),
        Event::NotAccepted => {
            conclude(AttemptOutcome::NotAccepted { error: DeliveryError::TooMany, again_at: now })
        }
        Event::Doubtful => {
            let outcome =
                AttemptOutcome::NotAccepted { error: DeliveryError::Status(500), again_at: now };
            let doubtful_driver = Some("a".into());
            delivery.conclude(Attempt { doubtful_driver, ..attempt(outcome) }, now)
        }
        Event::Ambiguous => {
            conclude(AttemptOutcome::Ambiguous { error: DeliveryError::CutOff, again_at: now })
        }
        Event::AlreadyAccepted if !delivery.is_uncertain => None,
        Event::AlreadyAccepted => conclude(AttemptOutcome::AlreadyAccepted(Some("id".into()))),
        Event::Interrupt => delivery.interrupt(now),
        Event::Cancel => delivery.cancel(now),
        Event::Expire => delivery.expire(now),
        Event::Receipt(true) => delivery.receive(DeliveryReport::Delivered, now),
        Event::Receipt(false) => {
            delivery.receive(DeliveryReport::Undelivered(DeliveryError::CutOff), now)
        }
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => Just(Event::Submit),
        1 => Just(Event::Accepted),
        1 => Just(Event::Refused),
        3 => Just(Event::NotAccepted),
        1 => Just(Event::Doubtful),
        3 => Just(Event::Ambiguous),
        1 => Just(Event::AlreadyAccepted),
        2 => Just(Event::Interrupt),
        1 => Just(Event::Cancel),
        1 => Just(Event::Expire),
        1 => any::<bool>().prop_map(Event::Receipt),
    ];
    proptest::collection::vec(event, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// For any order of events: a message leaves at most twice, and is marked then. A final state stays final, and is never
    /// one that says "not sent" of a message that may have been sent.
    #[test]
    fn nothing_leaves_more_than_twice_and_nothing_that_may_have_left_twice_is_unmarked(
        events in events(),
    ) {
        let mut delivery = queued();
        let mut may_have_left = 0;
        for (event, second) in events.into_iter().zip(1..) {
            let Some(next) = happen(delivery.clone(), event, at(second)) else { continue };
            if matches!(event, Event::Accepted | Event::Ambiguous | Event::Interrupt) {
                may_have_left += 1;
            }
            prop_assert!(delivery.is_in_outbox() || !next.is_in_outbox(), "{delivery:?} came back as {next:?}");
            prop_assert!(may_have_left < 2 || next.is_uncertain, "{next:?}");
            prop_assert!(!delivery.is_uncertain || next.is_uncertain);
            prop_assert!(!matches!(event, Event::Doubtful) || next.is_uncertain, "{next:?}");
            if next.is_uncertain && !next.is_in_outbox() {
                let status = next.status();
                let is_honest = match status {
                    DeliveryStatus::Uncertain | DeliveryStatus::Delivered => true,
                    DeliveryStatus::Sent => matches!(event, Event::AlreadyAccepted),
                    _ => false,
                };
                prop_assert!(is_honest, "{next:?}");
            }
            prop_assert_eq!(next.clone().receive(DeliveryReport::Underway, at(second)), None);
            delivery = next;
        }
        prop_assert!(may_have_left <= 2, "{delivery:?}");
    }
}
