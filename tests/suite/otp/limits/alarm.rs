//! The node's own budget of wrong guesses.

use std::time::Duration;

use super::{phone, refused, with_limit};
use crate::support::{SEED_PHONE, TestNode, other_than, start_of_time, without_send_limits};

/// A node that has had as many wrong guesses as it may, each for another phone.
fn alarmed() -> TestNode {
    let node = TestNode::with(with_limit(without_send_limits(), "wrong_guesses_per_hour", 4));
    for number in 0..4 {
        wrong(&node, number);
    }
    node
}

fn wrong(node: &TestNode, number: usize) {
    let phone = phone(number);
    assert_eq!(node.initialize(&phone).status, 201, "{number}");
    let code = node.code_for(&phone);
    assert_eq!(node.complete(&phone, &other_than(&code)).reason(), Some("wrong_code"));
}

#[test]
fn under_alarm_nobody_gets_a_code_without_a_token() {
    let node = alarmed();
    let reply = node.initialize(&phone(5));
    assert_eq!(refused(&reply), ("wrong_guesses_per_hour", "1800"), "half of it has to come back");
    assert_eq!(node.initialize_with_token(&phone(5)).status, 201);
    assert_eq!(node.resend().status, 200);
}

#[test]
fn under_alarm_the_next_try_of_a_code_is_its_last_and_a_right_one_passes() {
    let node = alarmed();
    for (number, tries) in [(5, 1), (6, 0)] {
        let phone = phone(number);
        assert_eq!(node.initialize_with_token(&phone).status, 201);
        let code = node.code_for(&phone);
        for _ in 0..tries {
            assert_eq!(node.complete(&phone, &other_than(&code)).reason(), Some("wrong_code"));
        }
        let right = node.complete(&phone, &code);
        let expected = if tries == 0 { (200, None) } else { (403, Some("attempts_exhausted")) };
        assert_eq!((right.status, right.reason()), expected, "after {tries} wrong ones");
    }
}

#[test]
fn the_alarm_is_over_when_half_of_the_budget_has_come_back() {
    let node = alarmed();
    node.clock.push(Duration::from_mins(30) - Duration::from_micros(1));
    assert_eq!(refused(&node.initialize(&phone(5))).0, "wrong_guesses_per_hour");
    node.clock.push(Duration::from_micros(1));
    wrong(&node, 5);
    wrong(&node, 6);
    assert_eq!(refused(&node.initialize(&phone(7))).0, "wrong_guesses_per_hour", "and again");
}

#[test]
fn right_codes_are_no_wrong_guesses_and_raise_no_alarm() {
    let node = TestNode::with(with_limit(without_send_limits(), "wrong_guesses_per_hour", 4));
    for number in 0..10 {
        let phone = phone(number);
        assert_eq!(node.initialize(&phone).status, 201);
        assert_eq!(node.complete(&phone, &node.code_for(&phone)).status, 200);
    }
}

#[test]
fn an_alarm_outlives_a_restart_and_a_clock_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let config = || with_limit(without_send_limits(), "wrong_guesses_per_hour", 1);
    let node = TestNode::on(folder.path(), config(), start_of_time(), true);
    wrong(&node, 0);
    node.stop();
    for back in [Duration::ZERO, Duration::from_hours(48)] {
        let node = TestNode::on(folder.path(), config(), start_of_time() - back, false);
        assert_eq!(refused(&node.initialize(SEED_PHONE)), ("wrong_guesses_per_hour", "1800"));
        node.stop();
    }
}
