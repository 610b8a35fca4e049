//! However many guess at once, no more guesses are compared than are allowed.

use std::sync::Barrier;

use esoz_otp::config::OtpConfig;
use esoz_otp::domain::Purpose;
use esoz_otp::domain::limits::WrongGuesses;
use esoz_otp::store::schema::GUESSES;

use super::{at_once, count, naive, seed_phone, until_answered};
use crate::support::{SEED_PHONE, TestNode, other_than, start_of_time, without_send_limits};

#[test]
fn of_200_wrong_guesses_at_once_three_are_compared() {
    let node = TestNode::start();
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let code = node.code_for(SEED_PHONE);
    let wrong = other_than(&code);

    let replies = at_once(200, |_| until_answered(|| node.complete(SEED_PHONE, &wrong)));
    assert_eq!(node.compared(), 3);
    assert_eq!(count(&replies, 403, "wrong_code"), 3);
    assert_eq!(count(&replies, 403, "attempts_exhausted"), 197);

    let right = node.complete(SEED_PHONE, &code);
    assert_eq!((right.status, right.reason()), (403, Some("attempts_exhausted")));
    assert_eq!(right.message(), Some("Maximum attempts exceed"));
    assert_eq!(node.compared(), 3);
}

#[test]
fn control_guesses_that_are_compared_before_they_are_spent_are_all_compared() {
    let node = TestNode::start();
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let wrong = OtpConfig::default().format.parse(&other_than(&node.code_for(SEED_PHONE))).unwrap();

    let hasher = naive::hasher();
    let all_have_read = Barrier::new(20);
    at_once(20, |_| {
        let verification = naive::live(&node.store, seed_phone(), Purpose::PhoneVerification);
        all_have_read.wait();
        assert!(!naive::is_right(&hasher, &verification, &wrong));
        naive::reject(&node.store, verification);
    });
    assert_eq!(hasher.compared(), 20, "more than the three that are allowed");
}

#[test]
fn a_phone_s_guesses_are_ten_an_hour_over_all_its_codes_and_then_a_right_one_waits_too() {
    let node = TestNode::with(without_send_limits());
    let mut compared = Vec::new();
    for round in 0..4 {
        // One code for the phone itself, one for the request it is to approve: the guesses are the phone's.
        let send = if round % 2 == 0 { node.initialize(SEED_PHONE) } else { node.resend() };
        assert!([200, 201].contains(&send.status));
        let wrong = other_than(&node.code_for(SEED_PHONE));
        at_once(50, |_| {
            let reply = until_answered(|| match round % 2 {
                0 => node.complete(SEED_PHONE, &wrong),
                _ => node.approve(&wrong),
            });
            assert_ne!(reply.status, 200);
        });
        compared.push(node.compared());
    }
    assert_eq!(compared, [3, 6, 9, 10]);

    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let right = node.complete(SEED_PHONE, &node.code_for(SEED_PHONE));
    assert_eq!((right.status, right.reason()), (429, Some("too_many_guesses")));
    assert_eq!(
        right.message(),
        Some("Too many attempts. Next attempt will be available at 2026-11-21T13:00:00.000000Z")
    );
    assert_eq!(right.header("retry-after"), Some("3600"));
    assert_eq!(right.error()["next_attempt_at"], "2026-11-21T13:00:00.000000Z");
    assert_eq!(node.compared(), 10);
}

#[test]
fn control_a_log_of_guesses_that_is_read_and_then_written_lets_more_than_ten_through() {
    let node = TestNode::start();
    let limits = without_send_limits().limits;
    let now = start_of_time();
    let pass = |guesses: &mut WrongGuesses| {
        guesses.spend(&limits, Purpose::PhoneVerification, now).is_ok()
    };
    let through = naive::let_through(&node.store, GUESSES, seed_phone(), 30, pass);
    assert_eq!(through, 30);
}
