//! A node that was started with its clock ahead, and a machine's clock that is set while the node runs.

use std::path::Path;
use std::time::Duration;

use esoz_otp::clock::{ClockWatch, ManualClock};
use esoz_otp::domain::Timestamp;
use esoz_otp::domain::limits::{BudgetOwner, Rate};
use esoz_otp::store::schema::{RATES, RateKey};
use esoz_otp::store::{Priority, Store, StoreError};

use super::hours;
use crate::support::{MIS, TestNode, logged, other_than, quick, start_of_time};

/// Phones of as many ranges.
fn phone(number: usize) -> String {
    format!("+380{:05}0001", 67_000 + number)
}

fn send(node: &TestNode, number: usize) -> String {
    let reply = node.initialize(&phone(number));
    assert_eq!(reply.status, 201, "{number}: {reply:?}");
    node.code_for(&phone(number))
}

fn send_and_guess_wrong(node: &TestNode, number: usize) {
    let wrong = other_than(&send(node, number));
    assert_eq!(node.complete(&phone(number), &wrong).reason(), Some("wrong_code"));
}

/// Sends go on, and a wrong guess raises no alarm: without a token there are still codes, and a code has three attempts.
fn is_as_ever(node: &TestNode) {
    send_and_guess_wrong(node, 5);
    let code = send(node, 6);
    for _ in 0..2 {
        assert_eq!(node.complete(&phone(6), &other_than(&code)).reason(), Some("wrong_code"));
    }
    assert_eq!(node.complete(&phone(6), &code).status, 200);
}

#[test]
fn one_send_and_one_wrong_guess_of_a_clock_that_was_ahead_stop_nobody_after_the_start_with_the_right_time()
 {
    for ahead in [Duration::from_mins(20), hours(1), hours(2), hours(24 * 365)] {
        let folder = tempfile::tempdir().unwrap();
        let node = TestNode::on(folder.path(), quick(), start_of_time() + ahead, true);
        send_and_guess_wrong(&node, 0);
        node.stop();
        let node = TestNode::on(folder.path(), quick(), start_of_time(), false);
        is_as_ever(&node);
        node.stop();
    }
}

/// As the release before this one has left them, an hour and more ahead.
fn leave_old_debts(directory: &Path, is_low: bool) {
    let store = Store::open(directory, quick().store).unwrap();
    let debts = ["sends_per_node", "wrong_guesses_per_hour"].map(|limit| {
        let key = RateKey { limit: limit.into(), subject: BudgetOwner::Node };
        (key, Rate::of_old(start_of_time() + hours(2), is_low))
    });
    let put: Result<(), StoreError> = store.write_blocking(Priority::Normal, move |write| {
        debts.iter().try_for_each(|(key, debt)| write.put(RATES, key, debt))
    });
    put.unwrap();
}

#[test]
fn a_debt_that_cannot_be_accuses_nobody_and_stops_the_node_for_a_minute_at_most() {
    let folder = tempfile::tempdir().unwrap();
    TestNode::on(folder.path(), quick(), start_of_time(), true).stop();
    leave_old_debts(folder.path(), false);
    let node = TestNode::on(folder.path(), quick(), start_of_time(), false);
    is_as_ever(&node);
    // A minute of the hour's thousand, and the two just sent.
    let key = RateKey { limit: "sends_per_node".into(), subject: BudgetOwner::Node };
    let owed = node.store.get(RATES, &key).unwrap().unwrap().keep_until().since(start_of_time());
    assert!(owed <= Duration::from_secs(60 + 2 * 4), "{owed:?}");
    node.stop();
}

#[test]
fn an_alarm_that_had_been_raised_stays_raised_whatever_the_clock_says() {
    let folder = tempfile::tempdir().unwrap();
    TestNode::on(folder.path(), quick(), start_of_time(), true).stop();
    leave_old_debts(folder.path(), true);
    let node = TestNode::on(folder.path(), quick(), start_of_time(), false);
    assert_eq!(node.initialize(&phone(0)).reason(), Some("wrong_guesses_per_hour"));
    node.stop();
}

#[test]
fn tokens_end_by_the_machine_s_clock_and_codes_live_by_the_node_s() {
    let node = TestNode::start();
    let path = format!("/api/person_requests/{}", crate::support::SEED_REQUEST);
    let code = send(&node, 0);
    // The demo's tokens are good for thirty days.
    node.clock.set_wall(start_of_time() + hours(31 * 24));
    assert_eq!(node.call("GET", &path, &MIS, "").message(), Some("Access denied"));
    assert_eq!(node.complete(&phone(0), &code).status, 200);

    node.clock.push(hours(31 * 24));
    node.clock.set_wall(start_of_time());
    assert_eq!(node.call("GET", &path, &MIS, "").status, 200);
}

fn looked(watch: &mut ClockWatch, clock: &ManualClock, wall: Timestamp) -> String {
    clock.set_wall(wall);
    logged(|| watch.look(clock))
}

#[test]
fn clocks_that_are_apart_by_more_than_five_seconds_are_one_warning_until_that_changes() {
    let (clock, mut watch) = (ManualClock::at(start_of_time()), ClockWatch::default());
    let at = |seconds| start_of_time() + Duration::from_secs(seconds);
    assert_eq!(looked(&mut watch, &clock, at(5)), "");
    let ahead = looked(&mut watch, &clock, at(6));
    for part in ["WARN", "seconds=6", "ahead", "started again"] {
        assert!(ahead.contains(part), "{ahead}");
    }
    assert_eq!(looked(&mut watch, &clock, at(8)), "", "said");
    let behind = looked(&mut watch, &clock, start_of_time() - hours(1));
    assert!(behind.contains("seconds=3600") && behind.contains("behind"), "{behind}");
    assert_eq!(looked(&mut watch, &clock, start_of_time() - hours(1)), "");
    clock.push(hours(1));
    let again = looked(&mut watch, &clock, start_of_time());
    assert!(again.contains("WARN"), "an hour later: {again}");
    let agree = looked(&mut watch, &clock, start_of_time() + hours(1));
    assert!(agree.contains("INFO") && agree.contains("agree"), "{agree}");
    assert_eq!(looked(&mut watch, &clock, start_of_time() + hours(1)), "");
}
