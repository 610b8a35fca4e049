//! How they come.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use esoz_otp::entropy::{Entropy, NoEntropy, SystemEntropy};

use super::{Rationed, node_with, otp, phone, wait_until, wait_until_ready};

#[test]
fn they_are_made_up_again_once_less_than_half_is_left_and_not_before() {
    let chance = Rationed::new();
    let node = node_with(8, chance.clone());
    wait_until_ready(&node, 8);
    assert_eq!(chance.drawn(), 8);
    for number in 0..4 {
        assert_eq!(node.initialize(&phone(number)).status, 201);
    }
    assert_eq!(otp(&node.api()).ready.count(), 4, "half is enough");
    assert_eq!(node.initialize(&phone(4)).status, 201);
    wait_until_ready(&node, 8);
    // Had it begun before, it would have come to eight, and then have lost one that nobody makes up for.
    assert_eq!(chance.drawn(), 8 + 5);
    assert_eq!(otp(&node.api()).hasher.hashed(), 0);
}

#[test]
fn when_one_can_t_be_made_sends_are_hashed_and_it_is_tried_again() {
    let chance = Rationed::new();
    chance.no_more();
    let node = node_with(4, chance.clone());
    assert_eq!(node.initialize(&phone(0)).status, 201);
    assert_eq!(otp(&node.api()).ready.count(), 0);
    chance.is_over.store(false, Ordering::SeqCst);
    wait_until("they are made again", || {
        node.initialize(&phone(1)).status == 201 && otp(&node.api()).ready.count() > 0
    });
    // Sends meanwhile may have taken some, and only less than half is made up for.
    wait_until("there are enough again", || otp(&node.api()).ready.count() >= 2);
    let hashed = otp(&node.api()).hasher.hashed();
    assert_eq!(node.initialize(&phone(2)).status, 201);
    assert_eq!(otp(&node.api()).hasher.hashed(), hashed, "it was ready");
}

/// Chance that keeps whoever makes codes ahead of need waiting until this is dropped.
struct Held {
    let_go: Mutex<Receiver<()>>,
    system: SystemEntropy,
}

impl Entropy for Held {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        if std::thread::current().name() == Some("ready-codes") {
            // It is let go by the sender being dropped.
            let _ = self.let_go.lock().unwrap().recv();
        }
        self.system.fill(buffer)
    }
}

fn held() -> (Arc<Held>, Sender<()>) {
    let (hold, let_go) = channel();
    (Arc::new(Held { let_go: Mutex::new(let_go), system: SystemEntropy::new() }), hold)
}

#[test]
fn a_node_serves_before_the_first_is_made() {
    let (chance, hold) = held();
    let node = node_with(4, chance);
    assert_eq!(node.call("GET", "/health/ready", &[], "").status, 200);
    assert_eq!(node.resend().status, 200);
    assert_eq!((otp(&node.api()).hasher.hashed(), otp(&node.api()).ready.count()), (1, 0));
    drop(hold);
    wait_until_ready(&node, 4);
    assert_eq!(node.resend().status, 200);
    assert_eq!((otp(&node.api()).hasher.hashed(), otp(&node.api()).ready.count()), (1, 3));
}
