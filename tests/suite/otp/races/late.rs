//! Where one wins and the others come late: each of them gets the answer that it would get a minute later.

use std::time::Duration;

use esoz_otp::config::{Argon2Cost, Config};
use esoz_otp::store::schema::GUESSES;
use serde_json::json;

use super::{at_once, count, seed_phone, until_answered};
use crate::support::patience::wait_until;
use crate::support::{
    MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode, other_than, quick, without_send_limits,
};

const NOT_NEW: (u16, &str, Option<&str>, Option<&str>) =
    (409, "request_conflict", Some("Invalid transition"), Some("already_used"));
const USED: (u16, &str, Option<&str>, Option<&str>) =
    (403, "forbidden", Some("Maximum attempts exceed"), Some("already_used"));

/// Comparing takes long enough for all of them to come meanwhile.
fn slow(config: Config) -> Config {
    let mut config = config;
    config.otp.argon2 = Argon2Cost { memory_kib: 32_768, passes: 3 };
    config
}

fn approve_on(node: &TestNode, version: &str, code: &str) -> Reply {
    let path = format!("/api{version}/person_requests/{SEED_REQUEST}/actions/approve");
    let body = json!({"verification_code": code}).to_string();
    node.call("PATCH", &path, &MIS, &body)
}

/// One is 200, and every other is refused in these words.
fn assert_one_wins(replies: &[Reply], late: (u16, &str, Option<&str>, Option<&str>)) {
    assert_eq!(count(replies, 200, ""), 1, "{replies:?}");
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.refusal(), late, "of {}", replies.len());
    }
}

#[test]
fn approve_pressed_again_is_not_new_whether_at_once_or_in_turn() {
    for times in [2, 3, 4, 20] {
        let node = TestNode::with(slow(quick()));
        assert_eq!(node.resend().status, 200);
        let code = node.code_for(SEED_PHONE);
        let replies = at_once(times, |caller| {
            until_answered(|| approve_on(&node, ["", "/v2", "/v3"][caller % 3], &code))
        });
        assert_one_wins(&replies, NOT_NEW);
        assert_eq!(node.approve(&code).refusal(), NOT_NEW);
        assert!(node.compared() <= 3);
    }
}

#[test]
fn complete_pressed_again_is_used_whether_at_once_or_in_turn() {
    for times in [2, 3, 4, 20] {
        let node = TestNode::with(slow(quick()));
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
        let code = node.code_for(SEED_PHONE);
        let replies = at_once(times, |_| until_answered(|| node.complete(SEED_PHONE, &code)));
        assert_one_wins(&replies, USED);
        assert_eq!(node.complete(SEED_PHONE, &code).refusal(), USED);
        assert!(node.compared() <= 3);
    }
}

#[test]
fn nor_does_it_matter_how_few_guesses_the_phone_has_left() {
    let node = TestNode::with(slow(without_send_limits()));
    for _ in 0..3 {
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
        let wrong = other_than(&node.code_for(SEED_PHONE));
        for _ in 0..3 {
            assert_eq!(node.complete(SEED_PHONE, &wrong).reason(), Some("wrong_code"));
        }
    }
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    let replies = at_once(20, |_| until_answered(|| node.approve(&code)));
    assert_one_wins(&replies, NOT_NEW);
    assert_eq!(node.compared(), 10, "one guess was left");
}

#[test]
fn wrong_codes_at_once_are_refused_as_they_are_in_turn() {
    let node = TestNode::with(slow(quick()));
    assert_eq!(node.resend().status, 200);
    let wrong = other_than(&node.code_for(SEED_PHONE));
    let replies = at_once(20, |_| until_answered(|| node.approve(&wrong)));
    assert_eq!(count(&replies, 422, "wrong_code"), 3, "{replies:?}");
    assert_eq!(count(&replies, 422, "attempts_exhausted"), 17, "{replies:?}");
}

#[test]
fn who_waited_for_a_wrong_code_may_still_be_right() {
    // Nine wrong guesses are counted, and the tenth is being compared for the phone itself, when the request's right code
    // comes. It waits for that guess: if it is right, it is given back.
    for is_right in [true, false] {
        let node = TestNode::with(slow(without_send_limits()));
        for _ in 0..3 {
            assert_eq!(node.initialize(SEED_PHONE).status, 201);
            let wrong = other_than(&node.code_for(SEED_PHONE));
            for _ in 0..3 {
                assert_eq!(node.complete(SEED_PHONE, &wrong).reason(), Some("wrong_code"));
            }
        }
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
        let own = node.code_for(SEED_PHONE);
        assert_eq!(node.resend().status, 200);
        let request_s = node.code_for(SEED_PHONE);
        let guess = if is_right { own } else { other_than(&own) };
        let is_counted = || {
            let guesses = node.store.get(GUESSES, &seed_phone()).unwrap();
            guesses.is_some_and(|guesses| guesses.remembered() == 10)
        };
        let replies = at_once(2, |caller| {
            if caller == 0 {
                return node.complete(SEED_PHONE, &guess);
            }
            wait_until("the tenth is counted", is_counted);
            node.approve(&request_s)
        });
        let expected = if is_right { (200, 200) } else { (403, 429) };
        assert_eq!((replies[0].status, replies[1].status), expected, "{replies:?}");
    }
}

#[test]
fn a_resend_that_races_an_approval_comes_before_it_or_is_told_that_it_is_late() {
    let (mut before, mut late) = (0, 0);
    for _ in 0..200 {
        let node = TestNode::with(without_send_limits());
        assert_eq!(node.resend().status, 200);
        let code = node.code_for(SEED_PHONE);
        let replies = at_once(4, |caller| match caller % 2 {
            0 => until_answered(|| node.approve(&code)),
            _ => until_answered(|| node.resend()),
        });
        let approved = [&replies[0], &replies[2]].iter().any(|reply| reply.status == 200);
        for resent in [&replies[1], &replies[3]] {
            if resent.status == 200 {
                before += 1;
                continue;
            }
            assert!(approved, "{replies:?}");
            assert_eq!(resent.refusal(), NOT_NEW);
            late += 1;
        }
        if approved {
            assert_eq!(node.resend().refusal(), NOT_NEW);
            let both = [&replies[0], &replies[2]];
            let loser = both.iter().find(|reply| reply.status != 200).unwrap();
            assert_eq!(loser.refusal(), NOT_NEW, "{replies:?}");
        }
        if before > 0 && late > 0 {
            return;
        }
    }
    panic!("{before} before, {late} late");
}

#[test]
fn of_many_unlocks_at_once_one_takes_the_guesses_back_and_the_others_nothing() {
    let node = TestNode::with(without_send_limits());
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let wrong = other_than(&node.code_for(SEED_PHONE));
    for _ in 0..3 {
        assert_eq!(node.complete(SEED_PHONE, &wrong).status, 403);
    }
    let path = format!("/admin/phones/{SEED_PHONE}/actions/unlock");
    let admin = [("authorization", "Bearer demo-admin-token")];
    let replies = at_once(20, |_| node.call("POST", &path, &admin, ""));
    let mut taken: Vec<_> = replies
        .iter()
        .map(|reply| reply.data()["wrong_guesses"].as_u64().expect("it is 200"))
        .collect();
    taken.sort_unstable();
    assert_eq!((taken[18], taken[19]), (0, 3), "{taken:?}");
}

#[test]
fn of_many_sends_at_once_the_late_ones_are_told_what_they_are_told_in_turn() {
    let node = TestNode::start();
    let replies = at_once(20, |_| until_answered(|| node.initialize(SEED_PHONE)));
    assert_eq!(count(&replies, 201, ""), 1);
    let in_turn = node.initialize(SEED_PHONE);
    for late in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!(late.refusal(), in_turn.refusal());
        assert_eq!(late.header("retry-after"), in_turn.header("retry-after"));
    }
}

#[test]
fn of_many_resets_at_once_each_brings_the_world_back() {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    let replies = at_once(10, |_| node.call("POST", "/demo/reset", &[], ""));
    assert_eq!(count(&replies, 200, ""), 10, "{replies:?}");
    node.clock.push(Duration::from_secs(1));
    assert_eq!(node.resend().status, 200);
}
