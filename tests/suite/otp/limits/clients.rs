//! One client beside others: its wrong guesses, its share of what the node sends, and of the places for hashing.

use std::io::Write as _;
use std::time::Duration;

use esoz_otp::config::Argon2Cost;
use esoz_otp::domain::{CodeFormat, Phone, Refusal, Requester};
use esoz_otp::otp::{CallerGuard, HashPermit, RequestContext};
use serde_json::json;

use super::{phone, refused, with_limit};
use crate::otp::at_once;
use crate::support::patience::wait_until;
use crate::support::{MIS, Reply, SEED_PHONE, TestNode, other_than, quick, without_send_limits};

const BUDGET: &str = "guesses_per_client";

fn node_of(budget: u32, is_strict: bool) -> TestNode {
    let mut config = with_limit(without_send_limits(), BUDGET, budget);
    config.otp.strict_enumeration = is_strict;
    TestNode::with(config)
}

fn send(node: &TestNode, phone: &str) -> String {
    assert_eq!(node.initialize(phone).status, 201);
    node.code_for(phone)
}

fn complete_with_token(node: &TestNode, phone: &str, code: &str) -> Reply {
    let path = format!("/api/verifications/{phone}/actions/complete");
    node.call("PATCH", &path, &MIS, &json!({"code": code}).to_string())
}

#[test]
fn a_client_s_wrong_guesses_are_counted_over_all_phones_and_then_a_right_one_waits_too() {
    let node = node_of(3, false);
    for number in 0..3 {
        let wrong = other_than(&send(&node, &phone(number)));
        assert_eq!(node.complete(&phone(number), &wrong).reason(), Some("wrong_code"));
    }
    let right = send(&node, &phone(3));
    let reply = node.complete(&phone(3), &right);
    assert_eq!(refused(&reply), (BUDGET, "1200"));
    assert!(reply.message().unwrap().starts_with("Too many attempts. Next attempt will be"));
    // Another client has a budget of its own, and no alarm has risen.
    assert_eq!(complete_with_token(&node, &phone(3), &right).status, 200);
    let right = send(&node, &phone(4));
    node.clock.push(Duration::from_mins(20));
    assert_eq!(node.complete(&phone(4), &right).reason(), Some("expired"));
    let right = send(&node, &phone(5));
    assert_eq!(node.complete(&phone(5), &right).status, 200);
}

#[test]
fn right_codes_take_nothing_of_the_budget_and_neither_do_those_that_are_not_compared() {
    let node = node_of(1, false);
    for number in 0..5 {
        let right = send(&node, &phone(number));
        assert_eq!(node.complete(&phone(number), &right).status, 200);
        assert_eq!(node.complete(&phone(number), &right).reason(), Some("already_used"));
    }
    let wrong = other_than(&send(&node, &phone(6)));
    assert_eq!(node.complete(&phone(6), &wrong).reason(), Some("wrong_code"));
    assert_eq!(refused(&node.complete(&phone(6), &wrong)), (BUDGET, "3600"));
}

#[test]
fn guesses_at_something_and_at_nothing_count_alike_and_are_refused_alike() {
    for is_strict in [false, true] {
        for at_nothing in 0..=3 {
            let node = node_of(3, is_strict);
            for number in 0..3 {
                let is_nothing = number < at_nothing;
                let guess = if is_nothing {
                    "000000".into()
                } else {
                    other_than(&send(&node, &phone(number)))
                };
                let reply = node.complete(&phone(number), &guess);
                let expected = if is_nothing && !is_strict { 404 } else { 403 };
                assert_eq!(reply.status, expected, "{reply:?}");
            }
            let code = send(&node, &phone(8));
            let something = node.complete(&phone(8), &code);
            let nothing = node.complete(&phone(9), &code);
            assert_eq!(refused(&something), (BUDGET, "1200"));
            assert_eq!(refused(&nothing), refused(&something));
            assert_eq!(node.initialize(&phone(10)).status, 201, "that is no alarm");
        }
    }
}

#[test]
fn approving_without_a_code_is_a_wrong_guess_of_the_clinic() {
    let node = node_of(2, false);
    for _ in 0..2 {
        let reply = node.approve("123456");
        assert_eq!((reply.status, reply.reason()), (422, Some("wrong_code")));
    }
    assert_eq!(refused(&node.approve("123456")), (BUDGET, "1800"));
    let right = send(&node, &phone(0));
    assert_eq!(node.complete(&phone(0), &right).status, 200, "another client");
}

#[test]
fn of_200_guesses_at_once_at_as_many_codes_no_more_are_compared_than_the_client_has() {
    let node = node_of(10, false);
    let codes: Vec<_> = (0..50).map(|number| send(&node, &phone(number))).collect();
    let replies = at_once(200, |number| {
        let number = number % 50;
        node.complete(&phone(number), &other_than(&codes[number]))
    });
    assert_eq!(node.compared(), 10);
    let wrong = replies.iter().filter(|reply| reply.reason() == Some("wrong_code")).count();
    assert_eq!(wrong, 10);
    assert!(replies.iter().all(|reply| [403, 429].contains(&reply.status)));
}

/// Every place there is for calls without a token.
fn all_places(node: &TestNode) -> Vec<HashPermit> {
    let api = node.api();
    let by = Requester { peer: Some(node.address().ip().into()), ..Requester::default() };
    std::iter::from_fn(|| api.service().otp().hasher.reserve(by).ok()).collect()
}

#[test]
fn a_right_code_loses_no_attempt_to_a_full_queue_and_nothing_needs_no_place() {
    for is_strict in [false, true] {
        let node = node_of(1, is_strict);
        let right = send(&node, SEED_PHONE);
        let places = all_places(&node);
        for _ in 0..5 {
            let full = node.complete(SEED_PHONE, &right);
            assert_eq!((full.status, full.header("retry-after")), (503, Some("1")));
        }
        let nothing = node.complete(&phone(0), "000000").status;
        assert_eq!(nothing, if is_strict { 503 } else { 404 });
        drop(places);
        if is_strict {
            assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
        } else {
            // That the phone has no code has used up the budget: nothing else has.
            assert_eq!(refused(&node.complete(SEED_PHONE, &right)), (BUDGET, "3600"));
            node.clock.push(Duration::from_hours(1));
            let right = send(&node, SEED_PHONE);
            assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
        }
    }
}

#[test]
fn a_client_that_has_taken_every_place_keeps_no_other_out() {
    let node = TestNode::with(without_send_limits());
    let places = all_places(&node);
    assert_eq!(node.initialize(&phone(0)).status, 503);
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    assert_eq!(node.approve(&code).status, 200);
    drop(places);
    assert_eq!(node.initialize(&phone(0)).status, 201);
}

#[test]
fn a_client_that_floods_is_overtaken_by_one_that_sends_once() {
    const FLOOD: usize = 60;
    let mut config = without_send_limits();
    config.otp.argon2 = Argon2Cost { memory_kib: 32 * 1024, passes: 1 };
    let node = TestNode::with(config);
    // Each has its place, and no hash begins before the writer goes on.
    let held = node.hold_writes();
    let api = node.api();
    let hasher = &api.service().otp().hasher;
    let are_waiting = |count| wait_until("they wait", || hasher.permits_taken() == count);
    std::thread::scope(|scope| {
        for number in 0..FLOOD {
            let node = &node;
            // Those that take longer than a request may are answered 503.
            scope.spawn(move || assert_ne!(node.initialize(&phone(number)).status, 429));
        }
        are_waiting(FLOOD);
        let resend = scope.spawn(|| {
            let reply = node.resend();
            (reply.status, hasher.hashed())
        });
        are_waiting(FLOOD + 1);
        drop(held);
        let (status, before) = resend.join().unwrap();
        assert_eq!(status, 200);
        assert!(before < FLOOD as u64 - 5, "{before} came before the one that asked last");
    });
}

#[test]
fn a_guess_that_nobody_waits_for_spends_nothing() {
    let node = TestNode::with(without_send_limits());
    let right = send(&node, SEED_PHONE);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let api = node.api();
    for _ in 0..5 {
        let (guard, waiting) = CallerGuard::start();
        let requester = RequestContext { waiting, ..Requester::default().into() };
        let (phone, code) = (Phone::parse(SEED_PHONE).unwrap(), CodeFormat::new(6).unwrap());
        let code = code.parse(&right).unwrap();
        let completing = api.service().complete(requester, phone, code, node.now());
        drop(guard);
        assert_eq!(runtime.block_on(completing), Err(Refusal::Busy));
    }
    assert_eq!(node.compared(), 0);
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200, "no attempt is lost");
}

#[test]
fn callers_that_hang_up_while_their_guesses_wait_do_not_use_up_a_code() {
    let node = TestNode::with(without_send_limits());
    let right = send(&node, SEED_PHONE);
    let body = json!({"code": other_than(&right)}).to_string();
    // Whatever came before these has been seen by then.
    let has_seen =
        || (0..20).for_each(|_| assert_eq!(node.call("GET", "/health/live", &[], "").status, 200));
    for _ in 0..3 {
        let held = node.hold_writes();
        let mut connection = std::net::TcpStream::connect(node.address()).unwrap();
        write!(
            connection,
            "PATCH /verifications/{SEED_PHONE}/actions/complete HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        has_seen();
        drop(connection);
        has_seen();
        drop(held);
    }
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
}

#[test]
fn a_send_whose_caller_was_answered_is_not_hashed_and_gives_its_place_in_the_hour_back() {
    let node =
        TestNode::with(with_limit(with_limit(quick(), "send_pause", 0), "sends_per_hour", 1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (guard, waiting) = CallerGuard::start();
    guard.answer();
    let requester = RequestContext { waiting, ..Requester::default().into() };
    let phone = Phone::parse(SEED_PHONE).unwrap();
    let api = node.api();
    let sending = api.service().initialize(requester, phone, node.now());
    assert_eq!(runtime.block_on(sending), Err(Refusal::Busy));
    assert_eq!(api.service().otp().hasher.hashed(), 0);
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    assert_eq!(refused(&node.initialize(SEED_PHONE)).0, "sends_per_hour");
}

#[test]
fn one_client_gets_half_of_the_node_s_hour_while_another_sends_and_all_of_it_alone() {
    let with_share = || {
        let config = with_limit(without_send_limits(), "sends_per_node", 10);
        with_limit(config, "client_share_of_node", 50)
    };
    let alone = TestNode::with(with_share());
    for number in 0..6 {
        assert_eq!(alone.initialize_with_token(&phone(number)).status, 201);
    }
    assert_eq!((0..4).filter(|_| alone.resend().status == 200).count(), 4);
    assert_eq!(refused(&alone.resend()).0, "sends_per_node");

    let node = TestNode::with(with_share());
    assert_eq!(node.initialize(&phone(9)).status, 201);
    for number in 0..3 {
        assert_eq!(node.initialize_with_token(&phone(number)).status, 201);
    }
    let fourth = node.initialize_with_token(&phone(3));
    assert_eq!(
        refused(&fourth),
        ("client_share_of_node", "720"),
        "3 of its 5 are for verifications"
    );
    assert_eq!((node.resend().status, node.resend().status), (200, 200));
    assert_eq!(refused(&node.resend()), ("client_share_of_node", "720"));
    // The other client still has something, for a day after its last send.
    assert_eq!(node.initialize(&phone(10)).status, 429, "the node keeps four of ten for requests");
    node.clock.push(Duration::from_mins(12));
    assert_eq!(node.initialize(&phone(10)).status, 201);
    node.clock.push(Duration::from_hours(24));
    assert_eq!((0..9).filter(|_| node.resend().status == 200).count(), 9, "alone again");
}

#[test]
fn a_share_of_the_whole_binds_nobody() {
    let config = with_limit(without_send_limits(), "sends_per_node", 10);
    let node = TestNode::with(with_limit(config, "client_share_of_node", 100));
    assert_eq!(node.initialize(&phone(9)).status, 201);
    assert_eq!((0..9).filter(|_| node.resend().status == 200).count(), 9);
    assert_eq!(refused(&node.resend()).0, "sends_per_node");
}

#[test]
fn that_another_client_sends_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = || with_limit(quick(), "sends_per_node", 4);
    let now = crate::support::start_of_time();
    let node = TestNode::on(folder.path(), config(), now, true);
    assert_eq!(node.initialize(&phone(9)).status, 201);
    node.stop();
    let node = TestNode::on(folder.path(), config(), now + Duration::from_hours(2), false);
    for number in 0..2 {
        assert_eq!(node.initialize_with_token(&phone(number)).status, 201);
    }
    assert_eq!(refused(&node.initialize_with_token(&phone(2))).0, "client_share_of_node");
    node.stop();
}
