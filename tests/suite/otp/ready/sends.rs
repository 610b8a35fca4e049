//! What a send costs.

use std::collections::HashSet;

use esoz_otp::domain::Phone;
use esoz_otp::store::schema::SENDS;

use super::{all_places, otp, phone, wait_until_ready, with_only, with_ready};
use crate::otp::at_once;
use crate::support::{Reply, SEED_PHONE, TestNode};

fn hashed(node: &TestNode) -> u64 {
    otp(&node.api()).hasher.hashed()
}

fn ready(node: &TestNode) -> usize {
    otp(&node.api()).ready.count()
}

#[test]
fn so_many_ready_codes_serve_so_many_sends_without_a_hash_and_then_each_send_is_hashed() {
    let node = with_only(5);
    for number in 0..5 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    assert_eq!((hashed(&node), ready(&node)), (0, 0));
    for number in 5..8 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    assert_eq!((hashed(&node), ready(&node)), (3, 0));
}

#[test]
fn with_every_place_for_hashing_taken_a_resend_is_answered_as_long_as_a_code_is_ready() {
    let node = with_only(2);
    let places = all_places(&node);
    assert!(!places.is_empty());
    for _ in 0..2 {
        assert_eq!(node.resend().status, 200);
        assert_eq!(node.code_for(SEED_PHONE).len(), 6);
    }
    let refused = node.resend();
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    drop(places);
    assert_eq!(node.resend().status, 200);
}

#[test]
fn a_send_that_finds_neither_a_code_nor_a_place_for_hashing_spends_nothing() {
    let mut config = with_ready(0);
    // One send a phone: what was spent would be noticed.
    config.limits = esoz_otp::domain::limits::Limits::default();
    let node = TestNode::with(config);
    let places = all_places(&node);
    let refused = node.resend();
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(node.store.get(SENDS, &Phone::parse(SEED_PHONE).unwrap()).unwrap(), None);
    drop(places);
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.resend().status, 429);
}

/// Everybody has seen the one code that is ready; whoever comes to the write too late for it has no place for hashing.
#[test]
fn who_comes_too_late_for_the_last_ready_code_spends_nothing_either() {
    let node = with_only(1);
    let places = all_places(&node);
    let held = node.hold_writes();
    let replies = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn({
                    let node = &node;
                    move || node.initialize(&phone(number))
                })
            })
            .collect();
        // None of them is answered before the writer goes on; most have looked by now, and those that have not yet will
        // find none.
        drop(held);
        calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<Reply>>()
    });
    drop(places);
    let sent: Vec<_> = (0..8).filter(|number| replies[*number].status == 201).collect();
    assert_eq!(sent.len(), 1, "{replies:?}");
    for (number, reply) in replies.iter().enumerate() {
        let counted = node.store.get(SENDS, &Phone::parse(&phone(number)).unwrap()).unwrap();
        assert_eq!(counted.is_some(), sent.contains(&number), "{reply:?}");
    }
}

#[test]
fn a_refused_send_takes_no_ready_code() {
    let mut config = with_ready(4);
    config.limits = esoz_otp::domain::limits::Limits::default();
    let node = TestNode::with(config);
    wait_until_ready(&node, 4);
    assert_eq!(node.resend().status, 200);
    assert_eq!(ready(&node), 3);

    let request =
        |last: &str| node.resend_for(&format!("e0000000-0000-4000-8000-0000000000{last}"));
    assert_eq!(node.resend().reason(), Some("send_pause"));
    assert_eq!(request("03").status, 409, "no method");
    assert_eq!(request("05").status, 409, "approved");
    assert_eq!(request("ff").status, 404);
    assert_eq!(node.initialize("+380800123456").status, 422);
    assert_eq!((hashed(&node), ready(&node)), (0, 3));
}

#[test]
fn every_ready_code_is_right_for_its_verification_and_for_no_other() {
    let node = with_only(20);
    for number in 0..20 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    let codes: Vec<_> = (0..20).map(|number| node.code_for(&phone(number))).collect();
    for number in 0..20 {
        let other = &codes[(number + 1) % 20];
        if *other != codes[number] {
            assert_eq!(node.complete(&phone(number), other).reason(), Some("wrong_code"));
        }
        assert_eq!(node.complete(&phone(number), &codes[number]).status, 200);
    }
    assert_eq!(hashed(&node), 0);
}

#[test]
fn of_many_sends_at_once_no_two_get_the_same_code() {
    let node = with_only(30);
    let replies = at_once(50, |number| node.initialize(&phone(number)));
    assert!(replies.iter().all(|reply| reply.status == 201), "{replies:?}");
    let ids: HashSet<_> = replies.iter().map(|reply| reply.data()["id"].to_string()).collect();
    assert_eq!((ids.len(), hashed(&node)), (50, 20));
    for number in 0..50 {
        assert_eq!(node.complete(&phone(number), &node.code_for(&phone(number))).status, 200);
    }
}
