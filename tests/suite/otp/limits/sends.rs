//! Sends: per phone, range, client and node.

use std::time::Duration;

use esoz_otp::clock::Clock as _;
use esoz_otp::store::schema::RATES;

use super::{at_rest, phone, refused, with_limit};
use crate::support::{MIS, SEED_PHONE, TestNode, quick, without_send_limits};

#[test]
fn of_a_day_s_ten_phone_verifications_leave_four_to_person_requests() {
    let node = TestNode::start();
    for pause in [0, 60, 120, 300, 900, 2220] {
        node.clock.push(Duration::from_secs(pause));
        assert_eq!(node.initialize_with_token(SEED_PHONE).status, 201);
        // One that is replaced before it leaves is given back.
        node.delivered();
    }
    for pause in [900; 4] {
        node.clock.push(Duration::from_secs(pause));
        let verification = node.initialize_with_token(SEED_PHONE);
        assert_eq!(refused(&verification).0, "sends_per_day");
        assert_eq!(node.resend().status, 200);
        node.delivered();
    }
    node.clock.push(Duration::from_mins(15));
    // Until the same time of the next day: 2 hours and a quarter are gone.
    assert_eq!(refused(&node.resend()), ("sends_per_day", "78300"));
    node.clock.push(Duration::from_mins(78_300 / 60));
    assert_eq!(node.resend().status, 200);
}

#[test]
fn a_range_of_numbers_gets_twelve_verifications_in_ten_minutes_and_its_person_requests() {
    let node = TestNode::start();
    let in_range = |number: usize| format!("+38095869{number:04}");
    for number in 0..12 {
        assert_eq!(node.initialize(&in_range(number)).status, 201);
    }
    assert_eq!(refused(&node.initialize(&in_range(12))), ("sends_per_range", "30"));
    assert_eq!(refused(&node.initialize_with_token(&in_range(13))), ("sends_per_range", "30"));
    assert_eq!(node.resend().status, 200, "{SEED_PHONE} is of that range");
    assert_eq!(node.initialize(&phone(0)).status, 201, "another range");
    node.clock.push(Duration::from_mins(1));
    assert_eq!(node.initialize(&in_range(12)).status, 201);
    assert_eq!(refused(&node.initialize(&in_range(13))), ("sends_per_range", "30"));
}

#[test]
fn calls_without_a_token_are_one_client_of_120_a_minute() {
    let node = TestNode::start();
    for number in 0..120 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    assert_eq!(refused(&node.initialize(&phone(120))), ("sends_per_client", "1"));
    assert_eq!(node.initialize_with_token(&phone(120)).status, 201);
    assert_eq!(node.resend().status, 200);
    node.clock.push(Duration::from_secs(1));
    assert_eq!(node.initialize(&phone(121)).status, 201);
}

#[test]
fn a_client_s_verifications_and_person_requests_are_counted_together() {
    let node = TestNode::with(with_limit(quick(), "sends_per_client", 3));
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.initialize_with_token(&phone(0)).status, 201);
    assert_eq!(node.initialize_with_token(&phone(1)).status, 201);
    assert_eq!(refused(&node.initialize_with_token(&phone(2))), ("sends_per_client", "20"));
    assert_eq!(node.initialize(&phone(2)).status, 201, "another client");
}

#[test]
fn a_node_keeps_a_share_of_its_budget_for_person_requests() {
    let node = TestNode::with(with_limit(without_send_limits(), "sends_per_node", 5));
    for number in 0..3 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    assert_eq!(refused(&node.initialize(&phone(3))), ("sends_per_node", "720"));
    assert_eq!(refused(&node.initialize_with_token(&phone(3))), ("sends_per_node", "720"));
    assert_eq!((node.resend().status, node.resend().status), (200, 200));
    assert_eq!(refused(&node.resend()), ("sends_per_node", "720"));
    node.clock.push(Duration::from_mins(12));
    assert_eq!(node.resend().status, 200);
}

#[test]
fn of_several_limits_the_one_that_lasts_longest_is_named() {
    let config = with_limit(with_limit(quick(), "sends_per_client", 1), "sends_per_node", 1);
    let node = TestNode::with(config);
    assert_eq!(node.initialize(&phone(0)).status, 201);
    assert_eq!(refused(&node.initialize(&phone(1))), ("sends_per_node", "3600"));
    assert_eq!(refused(&node.initialize_with_token(&phone(0))), ("sends_per_node", "3600"));
}

#[test]
fn a_refusal_writes_nothing_and_hashes_nothing() {
    let node = at_rest(TestNode::start());
    assert_eq!(node.initialize(&phone(0)).status, 201);
    node.delivered();
    let before = (node.store.written(), node.store.page(RATES, None, 100).unwrap());
    for _ in 0..50 {
        assert_eq!(node.initialize(&phone(0)).reason(), Some("send_pause"));
        assert_eq!(node.initialize("+380800000001").status, 422);
    }
    assert_eq!((node.store.written(), node.store.page(RATES, None, 100).unwrap()), before);
}

#[test]
fn what_was_spent_stays_spent_over_a_restart_and_a_clock_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let config = || with_limit(without_send_limits(), "sends_per_node", 5);
    let node = TestNode::on(folder.path(), config(), crate::support::start_of_time(), true);
    let now = node.clock.now();
    for number in 0..3 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    node.stop();
    for back in [0, 3600, 86_400] {
        let node = TestNode::on(folder.path(), config(), now - Duration::from_secs(back), false);
        let reply = node.initialize(&phone(3));
        let (limit, wait) = refused(&reply);
        assert_eq!(limit, "sends_per_node");
        assert!(wait.parse::<u64>().unwrap() >= 720, "{back}: {wait}");
        node.stop();
    }
}

#[test]
fn budgets_that_are_full_again_are_swept() {
    let node = TestNode::start();
    for number in 0..5 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let left_after = |minutes| {
        let then = node.clock.now() + Duration::from_mins(minutes);
        runtime.block_on(node.store.sweep(then, 1000)).unwrap();
        node.store.page(RATES, None, 100).unwrap().len()
    };
    assert_eq!(left_after(0), 8, "five ranges, a client and its share, the node");
    assert_eq!(left_after(1), 0, "no more than a few were spent");
}

#[test]
fn tokens_of_one_client_share_its_budget() {
    let node = TestNode::with(with_limit(quick(), "sends_per_client", 1));
    assert_eq!(node.initialize_with_token(&phone(0)).status, 201);
    assert_eq!(refused(&node.resend()), ("sends_per_client", "60"));
    let wrong = node.call("POST", "/api/verifications", &[MIS[0], ("api-key", "none")], "{}");
    assert_eq!(wrong.status, 401, "who is not let in is not counted");
}
