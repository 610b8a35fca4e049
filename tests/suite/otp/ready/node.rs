//! The thread that makes them, beside everything else that a node does.

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use esoz_otp::config::Argon2Cost;
use esoz_otp::otp::CodePool;

use super::{
    PATIENCE, all_places, otp, phone, wait_until, wait_until_ready, with_only, with_ready,
};
use crate::otp::at_once;
use crate::support::{TestNode, other_than};

const PATIENT: [(&str, &str); 1] = [("authorization", "Bearer demo-patient-token")];

fn reads_are_answered(node: &TestNode) {
    assert_eq!(node.call("GET", "/health/live", &[], "").status, 200);
    assert_eq!(node.call("GET", "/health/ready", &[], "").status, 200);
    assert_eq!(node.call("GET", "/api/cabinet/authentication_factor", &PATIENT, "").status, 200);
}

#[test]
fn reads_are_answered_while_every_place_for_hashing_is_taken() {
    let node = with_only(1);
    let _places = all_places(&node);
    reads_are_answered(&node);
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.resend().status, 503);
    reads_are_answered(&node);
}

#[test]
fn no_more_is_hashed_at_once_than_there_are_cores_and_reads_are_answered_meanwhile() {
    // As many as it can't come to the end of, so that one is always being made.
    let mut config = with_ready(65_536);
    config.otp.argon2 = Argon2Cost { memory_kib: 2048, passes: 2 };
    let node = TestNode::with(config);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                reads_are_answered(&node);
            }
        });
        at_once(16, |number| {
            let phone = phone(number);
            for _ in 0..8 {
                assert_eq!(node.initialize(&phone).status, 201);
                let code = node.code_for(&phone);
                assert_eq!(node.complete(&phone, &other_than(&code)).status, 403);
                assert_eq!(node.complete(&phone, &code).status, 200);
            }
        });
        is_over.store(true, Ordering::SeqCst);
        reading.join().unwrap();
    });
    assert_eq!(node.compared(), 16 * 8 * 2);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert_eq!(otp(&node.api()).hasher.most_at_once(), cores);
}

/// The thread ends after its current hash. A node waits a second for that; at the lowest priority a hash may take longer.
fn assert_ended(ready: &Weak<CodePool>) {
    wait_until("its thread has ended", || ready.strong_count() == 0);
}

#[test]
fn a_node_stops_in_the_middle_of_filling_and_the_thread_is_gone_with_it() {
    let mut config = with_ready(65_536);
    // All hashes take minutes. A single one is short: the thread has the lowest priority, and a busy machine gives it little.
    config.otp.argon2 = Argon2Cost { memory_kib: 4096, passes: 2 };
    let node = TestNode::with(config);
    wait_until("the first is made", || otp(&node.api()).ready.count() > 0);
    let ready = std::sync::Arc::downgrade(&otp(&node.api()).ready);
    let (told, stopped) = channel();
    std::thread::spawn(move || {
        node.stop();
        told.send(()).unwrap();
    });
    assert!(stopped.recv_timeout(PATIENCE).is_ok(), "it does not stop");
    assert_ended(&ready);
}

#[test]
fn a_node_that_is_full_stops_at_once_too() {
    let node = TestNode::with(with_ready(3));
    wait_until_ready(&node, 3);
    let ready = std::sync::Arc::downgrade(&otp(&node.api()).ready);
    node.stop();
    assert_ended(&ready);
}

/// What somebody still holds of a node that has ended has no codes in it any more.
#[test]
fn a_node_that_has_stopped_keeps_no_codes() {
    let node = TestNode::with(with_ready(3));
    wait_until_ready(&node, 3);
    let api = node.api();
    node.stop();
    assert_eq!(otp(&api).ready.count(), 0);
}

#[test]
fn none_are_made_when_none_are_wanted() {
    let node = TestNode::with(with_ready(0));
    for number in 0..3 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    let api = node.api();
    assert_eq!((otp(&api).ready.count(), otp(&api).hasher.hashed()), (0, 3));
}
