//! A phone gets one code where one is allowed, and only its newest is good.

use std::sync::Barrier;

use esoz_otp::config::{Argon2Cost, OtpConfig};
use esoz_otp::domain::limits::Sends;
use esoz_otp::domain::{Id, Phone, Purpose, VerificationId, VerificationState};
use esoz_otp::store::schema::{LIVE_CODES, SENDS, VERIFICATIONS};

use super::{at_once, count, naive, seed_phone, until_answered};
use crate::otp::ready::wait_until_ready;
use crate::support::{Reply, SEED_PHONE, TestNode, quick, start_of_time, without_send_limits};

#[test]
fn of_200_resends_at_once_one_reaches_the_phone() {
    one_of_200_reaches_the_phone(&TestNode::start());
}

#[test]
fn of_200_resends_at_once_one_takes_a_ready_code_and_reaches_the_phone() {
    let mut config = quick();
    config.otp.ready = 8;
    let node = TestNode::with(config);
    wait_until_ready(&node, 8);
    one_of_200_reaches_the_phone(&node);
    let api = node.api();
    let otp = api.service().otp();
    assert_eq!((otp.ready.count(), otp.hasher.hashed()), (6, 0), "another went to another phone");
}

fn one_of_200_reaches_the_phone(node: &TestNode) {
    let replies = at_once(200, |_| until_answered(|| node.resend()));
    assert_eq!(count(&replies, 200, ""), 1);
    assert_eq!(count(&replies, 429, "send_pause"), 199);

    // Messages go out one after the other: whatever was on its way has come when the next one has.
    let other_phone = "+380671000099";
    assert_eq!(node.initialize(other_phone).status, 201);
    node.code_for(other_phone);
    node.code_for(SEED_PHONE);
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn control_a_log_of_sends_that_is_read_and_then_written_lets_everybody_through() {
    let node = TestNode::start();
    let limits = quick().limits;
    let now = start_of_time();
    let pass = |sends: &mut Sends| {
        let refusal = sends.refusal(&limits, Purpose::PhoneVerification, now);
        sends.count(&limits, now);
        refusal.is_none()
    };
    assert_eq!(naive::let_through(&node.store, SENDS, seed_phone(), 200, pass), 200);
}

#[test]
fn a_code_and_its_successor_are_never_both_good() {
    let mut config = without_send_limits();
    // Slow enough for a resend to come in between.
    config.otp.argon2 = Argon2Cost { memory_kib: 1024, passes: 1 };
    let node = TestNode::with(config);
    let (mut old_ones, mut new_ones) = (0, 0);
    for round in 0.. {
        let phone = format!("+38067200{round:04}");
        let (old, replies) = complete_and_resend(&node, &phone);
        match judge(&node, &phone, old, &replies) {
            Winner::Old => old_ones += 1,
            Winner::New => new_ones += 1,
        }
        // A race that always ends the same way is none.
        if round >= 40 && old_ones > 0 && new_ones > 0 {
            break;
        }
        assert!(round < 1000, "{old_ones} completed before the resend, {new_ones} after it");
    }
}

enum Winner {
    Old,
    New,
}

/// The right code twice, and two resends, all at once.
fn complete_and_resend(node: &TestNode, phone: &str) -> (VerificationId, Vec<Reply>) {
    let made = node.initialize(phone);
    assert_eq!(made.status, 201);
    let code = node.code_for(phone);
    let replies = at_once(4, |i| match i {
        0 | 2 => node.complete(phone, &code),
        _ => node.initialize(phone),
    });
    (id_of(&made), replies)
}

fn judge(node: &TestNode, phone: &str, old: VerificationId, replies: &[Reply]) -> Winner {
    let completed: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    let sent: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(sent.len(), 2, "{replies:?}");

    let state = |id: &VerificationId| node.store.get(VERIFICATIONS, id).unwrap().unwrap().state;
    let place = (Phone::parse(phone).unwrap(), Purpose::PhoneVerification);
    let newest = node.store.get(LIVE_CODES, &place).unwrap().unwrap().verification_id;
    let of_the_sent: Vec<_> = sent.iter().map(|reply| id_of(reply)).collect();
    assert!(of_the_sent.contains(&newest));
    for id in of_the_sent {
        let is_good = matches!(state(&id), VerificationState::New { .. });
        assert_eq!(is_good, id == newest, "of two new codes the later one is good");
    }
    match completed[..] {
        [] => {
            assert_eq!(state(&old), VerificationState::Canceled);
            Winner::New
        }
        [one] => {
            assert_eq!(id_of(one), old);
            assert_eq!(state(&old), VerificationState::Verified);
            Winner::Old
        }
        _ => panic!("one code verified twice: {replies:?}"),
    }
}

fn id_of(reply: &Reply) -> VerificationId {
    Id::parse(reply.data()["id"].as_str().unwrap()).unwrap()
}

#[test]
fn control_a_code_that_is_not_looked_at_again_succeeds_after_its_successor_was_sent() {
    let node = TestNode::with(without_send_limits());
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let right = OtpConfig::default().format.parse(&node.code_for(SEED_PHONE)).unwrap();

    let read = naive::live(&node.store, seed_phone(), Purpose::PhoneVerification);
    assert!(naive::is_right(&naive::hasher(), &read, &right));
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let canceled = node.store.get(VERIFICATIONS, &read.id).unwrap().unwrap();
    assert_eq!(canceled.state, VerificationState::Canceled);
    naive::verify(&node.store, read.clone());

    let verified = node.store.get(VERIFICATIONS, &read.id).unwrap().unwrap();
    assert_eq!(verified.state, VerificationState::Verified, "and the newer one is good as well");
    let newer = naive::live(&node.store, seed_phone(), Purpose::PhoneVerification);
    assert!(newer.id != read.id && matches!(newer.state, VerificationState::New { .. }));
}

#[test]
fn control_codes_that_are_issued_on_what_was_read_are_all_good() {
    let node = TestNode::start();
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let first = naive::live(&node.store, seed_phone(), Purpose::PhoneVerification);

    let all_have_read = Barrier::new(5);
    at_once(5, |i| naive::issue(&node.store, &first, &all_have_read, i.try_into().unwrap()));
    let all = node.store.page(VERIFICATIONS, None, 100).unwrap();
    let good =
        all.iter().filter(|(_, kept)| matches!(kept.state, VerificationState::New { .. })).count();
    assert_eq!(good, 5, "more than the one that is allowed");
}
