//! A right code works once, however many bring it at once, and is never a wrong guess.

use std::sync::{Arc, Barrier};

use esoz_otp::config::{Argon2Cost, OtpConfig};
use esoz_otp::domain::limits::WrongGuesses;
use esoz_otp::domain::{AuthenticationMethod, Id, Phone, Purpose, Requester, VerificationState};
use esoz_otp::entropy::SystemEntropy;
use esoz_otp::store::schema::{GUESSES, LIVE_CODES, PERSON_REQUESTS, SENDS, VERIFICATIONS};
use esoz_otp::store::{Priority, Store, StoreError, Write};

use super::super::direct::Direct;
use super::{at_once, count, naive, seed_phone, until_answered};
use crate::support::patience::wait_until;
use crate::support::{
    MIS, SEED_PHONE, SEED_REQUEST, TestNode, other_than, quick, start_of_time, without_send_limits,
};

#[test]
fn of_100_right_codes_at_once_one_verifies_the_phone_and_none_is_a_wrong_guess() {
    let node = TestNode::with(without_send_limits());
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let code = node.code_for(SEED_PHONE);

    let replies = at_once(100, |_| until_answered(|| node.complete(SEED_PHONE, &code)));
    assert_eq!(count(&replies, 200, ""), 1);
    assert_eq!(count(&replies, 403, "already_used"), 99, "{replies:?}");
    assert!(node.compared() <= 3);

    assert_eq!(guesses_counted(&node), WrongGuesses::default());
    assert_eq!(wrong_guesses_until_limited(&node), 10);
}

#[test]
fn of_100_right_codes_at_once_one_approves_the_request_and_none_is_a_wrong_guess() {
    let node = TestNode::with(without_send_limits());
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);

    let replies = at_once(100, |_| until_answered(|| node.approve(&code)));
    assert_eq!(count(&replies, 200, ""), 1);
    assert_eq!(count(&replies, 409, "already_used"), 99, "{replies:?}");
    let winner = replies.iter().find(|reply| reply.status == 200).unwrap();
    assert_eq!(winner.data()["status"], "APPROVED");

    let seen = node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), &MIS, "");
    assert_eq!(seen.data()["status"], "APPROVED");
    assert_eq!(seen.data()["updated_at"], winner.data()["updated_at"]);
    assert_eq!(guesses_counted(&node), WrongGuesses::default());
    assert_eq!(wrong_guesses_until_limited(&node), 10);
}

#[test]
fn a_right_code_among_the_three_attempts_is_right_whichever_of_them_is_judged_first() {
    for _ in 0..20 {
        let node = TestNode::with(without_send_limits());
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
        let code = node.code_for(SEED_PHONE);
        let wrong = other_than(&code);
        let guesses = [&wrong, &code, &wrong];
        let replies = at_once(3, |caller| {
            until_answered(|| node.complete(SEED_PHONE, guesses[caller])).status
        });
        assert_eq!(replies[1], 200, "{replies:?}");
    }
}

/// What is counted for the phone. Where that is nothing, the record may have been swept.
fn guesses_counted(node: &TestNode) -> WrongGuesses {
    node.store.get(GUESSES, &seed_phone()).unwrap().unwrap_or_default()
}

/// How many wrong guesses the phone has left, over as many codes as that takes.
fn wrong_guesses_until_limited(node: &TestNode) -> usize {
    let mut wrong_guesses = 0;
    for _ in 0..6 {
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
        let wrong = other_than(&node.code_for(SEED_PHONE));
        for _ in 0..3 {
            let reply = node.complete(SEED_PHONE, &wrong);
            match (reply.status, reply.reason()) {
                (403, Some("wrong_code")) => wrong_guesses += 1,
                (429, Some("too_many_guesses")) => return wrong_guesses,
                other => panic!("{other:?}"),
            }
        }
    }
    panic!("not limited after {wrong_guesses}")
}

#[test]
fn a_right_code_whose_successor_is_sent_while_it_is_compared_is_superseded() {
    let mut config = without_send_limits();
    // Comparing takes a good quarter of a second, sending another code a hundredth of that.
    config.otp.argon2 = Argon2Cost { memory_kib: 65_536, passes: 6 };
    let node = TestNode::with(config);
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let code = node.code_for(SEED_PHONE);
    let old = naive::live(&node.store, seed_phone(), Purpose::PhoneVerification);

    let late = std::thread::scope(|scope| {
        let completing = scope.spawn(|| node.complete(SEED_PHONE, &code));
        wait_until("the guess is counted", || {
            node.store.get(GUESSES, &seed_phone()).unwrap().is_some()
        });
        send_another(&node.store);
        let canceled = node.store.get(VERIFICATIONS, &old.id).unwrap().unwrap();
        assert_eq!(canceled.state, VerificationState::Canceled, "while the old one is compared");
        completing.join().unwrap()
    });
    assert_eq!((late.status, late.reason()), (403, Some("superseded")));
    assert_eq!(late.message(), Some("Maximum attempts exceed"));
    assert_eq!(node.compared(), 1);
    let kept = node.store.get(VERIFICATIONS, &old.id).unwrap().unwrap();
    assert_eq!(kept.state, VerificationState::Canceled);
    assert_eq!(guesses_counted(&node), WrongGuesses::default());
}

/// A load can do that while the node serves.
#[test]
fn a_right_code_does_not_approve_a_request_whose_phone_has_changed_while_it_is_compared() {
    let mut config = without_send_limits();
    config.otp.argon2 = Argon2Cost { memory_kib: 65_536, passes: 6 };
    let node = TestNode::with(config);
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    let late = std::thread::scope(|scope| {
        let approving = scope.spawn(|| node.approve(&code));
        wait_until("the guess is counted", || {
            node.store.get(GUESSES, &seed_phone()).unwrap().is_some()
        });
        change_phone(&node.store);
        approving.join().unwrap()
    });
    assert_eq!((late.status, late.reason()), (422, Some("superseded")));
    assert_eq!(guesses_counted(&node), WrongGuesses::default());
    let seen = node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), &MIS, "");
    assert_eq!(seen.data()["status"], "NEW");
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.approve(&node.code_for(OTHER_PHONE)).status, 200);
}

#[test]
fn no_code_is_sent_to_a_phone_that_has_come_to_a_request_while_it_is_hashed() {
    let mut config = quick();
    config.otp.ready = 0;
    config.otp.argon2 = Argon2Cost { memory_kib: 65_536, passes: 6 };
    let node = TestNode::with(config);
    let late = std::thread::scope(|scope| {
        let resending = scope.spawn(|| node.resend());
        wait_until("the send is counted", || {
            node.store.get(SENDS, &seed_phone()).unwrap().is_some()
        });
        change_phone(&node.store);
        resending.join().unwrap()
    });
    assert_eq!(late.status, 503, "{}", late.text);
    let other = Phone::parse(OTHER_PHONE).unwrap();
    assert!(node.store.get(LIVE_CODES, &(other, purpose())).unwrap().is_none());
    assert_eq!(node.resend().status, 200, "the send was given back");
    assert_eq!(node.approve(&node.code_for(OTHER_PHONE)).status, 200);
}

fn purpose() -> Purpose {
    Purpose::PersonRequest(Id::parse(SEED_REQUEST).unwrap())
}

const OTHER_PHONE: &str = "+380671000043";

/// Moves the seed's request to another phone.
fn change_phone(store: &Store) {
    let phone_number = Phone::parse(OTHER_PHONE).unwrap();
    let change = move |write: &mut Write<'_>| {
        let id = Id::parse(SEED_REQUEST).unwrap();
        let mut request = write.get(PERSON_REQUESTS, &id)?.unwrap();
        request.authentication_method = AuthenticationMethod::Otp { phone_number };
        write.put(PERSON_REQUESTS, &id, &request)
    };
    store.write_blocking::<_, StoreError, _>(Priority::Normal, change).unwrap();
}

/// Sends the phone a code that is quickly hashed.
fn send_another(store: &Store) {
    let (config, now) = (without_send_limits(), start_of_time());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let direct = Direct::start(store.clone(), config, Arc::new(SystemEntropy::new()), now);
        direct.service.initialize(Requester::default(), seed_phone(), now).await.unwrap();
        direct.stop().await;
    });
}

#[test]
fn control_a_verification_that_is_not_looked_at_again_is_verified_by_everybody() {
    let node = TestNode::start();
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let right = OtpConfig::default().format.parse(&node.code_for(SEED_PHONE)).unwrap();

    let hasher = naive::hasher();
    let all_have_read = Barrier::new(10);
    let verified = at_once(10, |_| {
        let verification = naive::live(&node.store, seed_phone(), Purpose::PhoneVerification);
        all_have_read.wait();
        let is_right = naive::is_right(&hasher, &verification, &right);
        if is_right {
            naive::verify(&node.store, verification);
        }
        is_right
    });
    assert_eq!(verified, [true; 10], "more than the one that is allowed");
    let verification = naive::live(&node.store, seed_phone(), Purpose::PhoneVerification);
    assert_eq!(verification.state, VerificationState::Verified);
}
