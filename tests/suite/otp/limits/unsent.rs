//! Sends that never left: what they give back, and what they don't.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use esoz_otp::config::Config;
use esoz_otp::domain::DeliveryError;
use esoz_otp::sms::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage};

use super::refused;
use crate::otp::at_once;
use crate::support::patience::wait_until;
use crate::support::{SEED_PHONE, TestNode, quick, start_of_time};

/// What the gateway does with the next messages.
const TAKES: u8 = 0;
const IS_DOWN: u8 = 1;
const REFUSES: u8 = 2;
const SAYS_NOTHING: u8 = 3;

#[derive(Clone, Default)]
struct Gateway(Arc<AtomicU8>);

impl Gateway {
    fn does(&self, what: u8) {
        self.0.store(what, Ordering::SeqCst);
    }
}

impl SmsDriver for Gateway {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> SendFuture<'a> {
        let answer = match self.0.load(Ordering::SeqCst) {
            IS_DOWN => Err(SendError::not_accepted(DeliveryError::Unreachable)),
            REFUSES => Err(SendError::Refused(DeliveryError::TargetRefused)),
            SAYS_NOTHING => Err(SendError::Ambiguous(DeliveryError::TimedOut)),
            _ => Ok(Accepted::default()),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// A node whose gateway does this.
fn node(what: u8) -> (TestNode, Gateway) {
    node_with(quick(), what)
}

fn node_with(config: Config, what: u8) -> (TestNode, Gateway) {
    let gateway = Gateway::default();
    gateway.does(what);
    (TestNode::with_driver(config, gateway.clone()), gateway)
}

/// Where the newest message to the phone stands.
fn status(node: &TestNode, id: &str) -> String {
    let reply = node.call("GET", &format!("/verifications/{id}/delivery"), &[], "");
    reply.data()["status"].as_str().unwrap().to_owned()
}

/// Sends, and waits until the message ended so.
fn send_until(node: &TestNode, ended: &str) {
    let reply = node.initialize(SEED_PHONE);
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.data()["id"].as_str().unwrap().to_owned();
    wait_until("the message has ended", || {
        node.wake();
        status(node, &id) == ended
    });
}

fn push(node: &TestNode, seconds: u64) {
    node.clock.push(Duration::from_secs(seconds));
}

#[test]
fn five_sends_into_an_outage_do_not_shut_a_patient_out_for_the_hour() {
    let (node, gateway) = node(IS_DOWN);
    for pause in [0, 60, 120, 300, 900] {
        push(&node, pause);
        assert_eq!(node.resend().status, 200);
    }
    gateway.does(TAKES);
    push(&node, 900);
    // Replaced, or expired: none of the five has left.
    for _ in 0..4 {
        assert_eq!(node.resend().status, 200);
        push(&node, 900);
    }
}

#[test]
fn a_message_that_expired_gives_its_place_back_in_the_write_that_ends_it() {
    let (node, _) = node(IS_DOWN);
    let reply = node.initialize(SEED_PHONE);
    let id = reply.data()["id"].as_str().unwrap().to_owned();
    for pause in [60, 120, 300] {
        push(&node, pause);
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
    }
    assert_eq!(status(&node, &id), "canceled");
    let last = {
        push(&node, 900);
        let reply = node.initialize(SEED_PHONE);
        reply.data()["id"].as_str().unwrap().to_owned()
    };
    push(&node, 300);
    wait_until("it has expired", || {
        node.wake();
        status(&node, &last) == "expired"
    });
    push(&node, 600);
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
}

#[test]
fn what_the_gateway_refuses_is_given_back_five_times_a_day_and_the_pauses_stay() {
    let (node, _) = node(REFUSES);
    // Six phone verifications a day, and five that are given back.
    for pause in [0, 60, 120, 300, 900, 900, 900, 900, 900, 900, 900] {
        if pause > 0 {
            push(&node, pause - 1);
            assert_eq!(refused(&node.initialize(SEED_PHONE)), ("send_pause", "1"));
            push(&node, 1);
        }
        send_until(&node, "failed");
    }
    push(&node, 900);
    assert_eq!(refused(&node.initialize(SEED_PHONE)).0, "sends_per_day");
}

#[test]
fn what_may_have_left_and_what_was_sent_is_not_given_back() {
    for (what, ended) in [(TAKES, "sent"), (SAYS_NOTHING, "uncertain")] {
        let (node, _) = node(what);
        for pause in [0, 60, 120, 300, 900] {
            push(&node, pause);
            send_until_settled(&node, ended);
        }
        push(&node, 900);
        assert_eq!(refused(&node.initialize(SEED_PHONE)).0, "sends_per_hour", "{ended}");
    }
}

/// An unclear message is tried once more, and its pauses have to pass.
fn send_until_settled(node: &TestNode, ended: &str) {
    let reply = node.initialize(SEED_PHONE);
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.data()["id"].as_str().unwrap().to_owned();
    wait_until("the message has ended", || {
        node.clock.push(Duration::from_millis(if ended == "sent" { 0 } else { 100 }));
        node.wake();
        status(node, &id) == ended
    });
}

#[test]
fn what_is_found_at_a_start_and_never_left_is_given_back_too() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::default();
    gateway.does(IS_DOWN);
    let node = TestNode::with_driver_on(folder.path(), quick(), gateway);
    for pause in [0, 60, 120, 300, 900] {
        push(&node, pause);
        assert_eq!(node.initialize(SEED_PHONE).status, 201);
    }
    node.stop();
    let later = start_of_time() + Duration::from_mins(1 + 2 + 5 + 15 + 15);
    let node = TestNode::on(folder.path(), quick(), later, false);
    wait_until("nothing waits", || {
        node.api().service().otp().outbox.health(later).unwrap().waiting == 0
    });
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
}

#[test]
fn the_range_the_client_and_the_node_count_what_never_left() {
    let config =
        super::with_limit(super::with_limit(quick(), "sends_per_client", 2), "send_pause", 0);
    let (node, _) = node_with(config, REFUSES);
    send_until(&node, "failed");
    send_until(&node, "failed");
    assert_eq!(refused(&node.initialize(SEED_PHONE)), ("sends_per_client", "30"));
}

#[test]
fn of_many_sends_at_once_into_a_gateway_that_refuses_no_more_are_given_back() {
    let config =
        super::with_limit(super::with_limit(quick(), "send_pause", 0), "sends_per_range", 1000);
    let (node, _) = node_with(config, REFUSES);
    let sent = std::sync::atomic::AtomicUsize::new(0);
    for _ in 0..4 {
        at_once(20, |_| {
            if node.initialize(SEED_PHONE).status == 201 {
                sent.fetch_add(1, Ordering::SeqCst);
            }
        });
        node.delivered();
    }
    let sent = sent.load(Ordering::SeqCst);
    assert!((6..=10).contains(&sent), "{sent}: five are given back, and five are the hour's");
    assert_eq!(refused(&node.initialize(SEED_PHONE)).0, "sends_per_hour");
}
