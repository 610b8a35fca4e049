//! Wrong guesses of one phone: the lock, and what lifts it.

use std::time::Duration;

use esoz_otp::clock::Clock as _;
use esoz_otp::domain::limits::WrongGuesses;
use esoz_otp::domain::{Phone, Purpose, Timestamp};
use esoz_otp::store::schema::GUESSES;
use esoz_otp::store::{Priority, StoreError};

use serde_json::json;

use super::{refused, with_limit};
use crate::support::{
    SEED_PHONE, Setup, TestNode, demo_world_with, other_than, quick, start_of_time,
    without_send_limits,
};

/// The phone has had so many wrong guesses in a row, the last one at `last`, none in the hour before it.
fn wrong_before(node: &TestNode, count: u32, last: Timestamp) {
    let limits = quick().limits;
    let mut guesses = WrongGuesses::default();
    for before in (0..count).rev() {
        let at = last - Duration::from_hours(1) * before;
        guesses.spend(&limits, Purpose::PhoneVerification, at).unwrap();
    }
    let phone = Phone::parse(SEED_PHONE).unwrap();
    let put: Result<(), StoreError> = node
        .store
        .write_blocking(Priority::Normal, move |write| write.put(GUESSES, &phone, &guesses));
    put.unwrap();
}

fn code(node: &TestNode) -> String {
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    node.code_for(SEED_PHONE)
}

#[test]
fn after_a_hundred_wrong_ones_in_a_row_a_phone_has_one_try_an_hour_until_one_is_right() {
    let node = TestNode::with(without_send_limits());
    wrong_before(&node, 99, node.clock.now() - Duration::from_hours(1));
    let right = code(&node);
    let hundredth = node.complete(SEED_PHONE, &other_than(&right));
    assert_eq!(hundredth.reason(), Some("wrong_code"));
    let reply = node.complete(SEED_PHONE, &right);
    assert_eq!(refused(&reply), ("locked", "3600"));
    assert_eq!(reply.refusal().1, "too_many_requests");
    assert!(reply.message().unwrap().starts_with("Too many attempts. Next attempt will be"));

    node.clock.push(Duration::from_hours(1));
    let right = code(&node);
    assert_eq!(node.complete(SEED_PHONE, &other_than(&right)).reason(), Some("wrong_code"));
    assert_eq!(refused(&node.complete(SEED_PHONE, &right)), ("locked", "3600"));

    node.clock.push(Duration::from_hours(1));
    let right = code(&node);
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
    let right = code(&node);
    assert_eq!(node.complete(SEED_PHONE, &other_than(&right)).reason(), Some("wrong_code"));
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200, "no lock is left");
}

#[test]
fn wrong_guesses_are_kept_until_a_right_one_came_and_are_swept_after_that() {
    let node = TestNode::start();
    let phone = Phone::parse(SEED_PHONE).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let is_kept_after = |days: u64| {
        let then = node.clock.now() + Duration::from_hours(24) * u32::try_from(days).unwrap();
        while runtime.block_on(node.store.sweep(then, 1000)).unwrap() > 0 {}
        node.store.get(GUESSES, &phone).unwrap().is_some()
    };
    let right = code(&node);
    assert_eq!(node.complete(SEED_PHONE, &other_than(&right)).reason(), Some("wrong_code"));
    // Long enough for everything else to be swept, the entry for this record too.
    assert!(is_kept_after(100));
    assert!(is_kept_after(365));
    node.clock.push(Duration::from_mins(1));
    let right = code(&node);
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
    assert!(is_kept_after(0));
    assert!(!is_kept_after(2));
}

#[test]
fn a_few_wrong_guesses_are_forgotten_after_a_year_and_as_many_as_lock_a_phone_never() {
    for (count, is_forgotten) in [(9, true), (10, false), (100, false)] {
        let node = TestNode::start();
        wrong_before(&node, count, node.clock.now());
        let phone = Phone::parse(SEED_PHONE).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let is_kept_after = |days: u32| {
            let then = node.clock.now() + Duration::from_hours(24) * days;
            while runtime.block_on(node.store.sweep(then, 1000)).unwrap() > 0 {}
            node.store.get(GUESSES, &phone).unwrap().is_some()
        };
        assert!(is_kept_after(365), "{count}");
        assert_eq!(!is_kept_after(366), is_forgotten, "{count}");
        assert_eq!(!is_kept_after(36_600), is_forgotten, "{count}");
    }
}

#[test]
fn an_operator_lifts_a_lock_and_leaves_a_row_of_it() {
    let token = |scope: &str| {
        json!({
            "name": scope, "secret": {"plain": scope}, "scope": scope, "expires_at": "+1h",
            "client_id": "c0000000-0000-4000-8000-000000000002",
            "user_id": "b0000000-0000-4000-8000-000000000001",
        })
    };
    let world = demo_world_with(&json!({"tokens": [token("admin:read"), token("admin:write")]}));
    let node = TestNode::set_up(Setup { config: without_send_limits(), world, ..Setup::default() });
    let reader = [("authorization", "Bearer admin:read")];
    let writer = [("authorization", "Bearer admin:write")];
    let unlock = |phone: &str, headers| {
        node.call("POST", &format!("/admin/phones/{phone}/actions/unlock"), headers, "")
    };
    wrong_before(&node, 100, node.clock.now());
    let right = code(&node);
    assert_eq!(refused(&node.complete(SEED_PHONE, &right)).0, "locked");

    assert_eq!(unlock(SEED_PHONE, &reader).status, 403);
    assert_eq!(unlock("+38095869708", &writer).status, 422);
    assert_eq!(refused(&node.complete(SEED_PHONE, &right)).0, "locked");
    let lifted = unlock(SEED_PHONE, &writer);
    let told = json!({"phone_number": "+38095*****84", "wrong_guesses": 100});
    assert_eq!((lifted.status, lifted.data()), (200, &told));
    assert_eq!(node.complete(SEED_PHONE, &right).status, 200);
    assert_eq!(unlock(SEED_PHONE, &writer).data()["wrong_guesses"], 0, "again, for nothing");

    let audit = node.call("GET", "/admin/audit?page_size=500", &reader, "");
    let rows = audit.data().as_array().unwrap().clone();
    let unlocked: Vec<_> = rows.iter().filter(|row| row["event"] == "phone_unlocked").collect();
    assert_eq!(unlocked.len(), 2);
    assert_eq!(unlocked[0]["phone_number"], "+38095*****84");
    assert_eq!(unlocked[0]["user_id"], "b0000000-0000-4000-8000-000000000001");
}

#[test]
fn an_operator_ends_a_wait_for_a_clock_that_was_ahead() {
    let node = TestNode::with(with_limit(without_send_limits(), "send_pause", 60));
    let admin = [("authorization", "Bearer demo-admin-token")];
    let path = format!("/admin/phones/{SEED_PHONE}/actions/unlock");
    let day = Duration::from_hours(24);
    node.clock.push(day * 20);
    assert_eq!(node.call("POST", &path, &admin, "").status, 200);
    code(&node);
    assert_eq!(node.call("POST", &path, &admin, "").status, 200);
    assert_eq!(refused(&node.initialize(SEED_PHONE)), ("send_pause", "60"), "a send stays one");
    node.clock.pull(day * 20);
    assert_eq!(refused(&node.initialize(SEED_PHONE)), ("send_pause", "1728060"));
    assert_eq!(node.call("POST", &path, &admin, "").status, 200);
    assert_eq!(refused(&node.resend()), ("send_pause", "60"), "as of now");
}

#[test]
fn a_lock_holds_for_approving_too_and_over_restarts_and_whatever_the_clock_does() {
    let folder = tempfile::tempdir().unwrap();
    let node = TestNode::on(folder.path(), without_send_limits(), start_of_time(), true);
    wrong_before(&node, 100, start_of_time());
    node.stop();
    for (now, waits_for) in [
        (start_of_time() + Duration::from_secs(1), Some("3599")),
        (start_of_time() - Duration::from_hours(48), Some("176400")),
        (start_of_time() + Duration::from_hours(24 * 1000), None),
    ] {
        let node = TestNode::on(folder.path(), without_send_limits(), now, false);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(node.store.sweep(now, 1000)).unwrap();
        // A budget is empty after a step back; a moment later something has come back.
        node.clock.push(Duration::from_millis(10));
        if let Some(seconds) = waits_for {
            assert_eq!(node.resend().status, 200);
            let right = node.code_for(SEED_PHONE);
            assert_eq!(refused(&node.approve(&right)), ("locked", seconds));
        } else {
            let right = code(&node);
            assert_eq!(node.complete(SEED_PHONE, &other_than(&right)).reason(), Some("wrong_code"));
            assert_eq!(refused(&node.complete(SEED_PHONE, &right)), ("locked", "3600"));
        }
        node.stop();
    }
}
