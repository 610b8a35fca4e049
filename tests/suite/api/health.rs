//! Whether a node is ready: as far as messages go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use esoz_otp::config::{Config, DialectName};
use esoz_otp::domain::{DeliveryError, VendorStatus};
use esoz_otp::sms::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage};
use serde_json::json;
use tokio::sync::Semaphore;

use super::deliveries::{asked_until, delivery_once, id_of};
use super::envelope::{assert_enveloped, assert_enveloped_at};
use crate::support::{Reply, TestNode, call, quick};

/// Longer than anything takes on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

const PHONES: [&str; 6] = [
    "+380671000021",
    "+380671000022",
    "+380671000023",
    "+380671000024",
    "+380671000025",
    "+380671000026",
];

/// A driver that takes what there are passes for.
#[derive(Clone)]
struct Hesitant(Arc<Semaphore>);

impl SmsDriver for Hesitant {
    fn name(&self) -> &'static str {
        "hesitant"
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> SendFuture<'a> {
        Box::pin(async move {
            let pass = self.0.acquire().await;
            pass.map_err(|_| SendError::not_accepted(DeliveryError::NotWritten))?.forget();
            Ok(Accepted::default())
        })
    }
}

/// A driver that is down until it is not.
#[derive(Clone, Default)]
struct Moody(Arc<AtomicBool>);

impl SmsDriver for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> SendFuture<'a> {
        let is_up = self.0.load(Ordering::SeqCst);
        let down = Err(SendError::not_accepted(DeliveryError::Unreachable));
        Box::pin(std::future::ready(if is_up { Ok(Accepted::default()) } else { down }))
    }
}

fn ready(node: &TestNode) -> Reply {
    let reply = node.call("GET", "/health/ready", &[], "");
    assert_enveloped(node, &reply, "/health/ready");
    let live = node.call("GET", "/health/live", &[], "");
    assert_eq!((live.status, live.data()), (200, &json!({"status": "ok"})));
    reply
}

/// Asks until it is answered like this; the worker is woken meanwhile, for the clock was pushed.
fn ready_once(node: &TestNode, status: u16) -> Reply {
    let asked = || {
        node.api().service().otp().outbox.wake();
        ready(node)
    };
    asked_until(asked, |reply| reply.status == status)
}

#[test]
fn a_node_whose_oldest_message_has_waited_for_more_than_a_minute_is_not_ready() {
    for dialect in DialectName::ALL {
        let mut config = Config { dialect, ..quick() };
        config.sms.parallel = 1;
        config.sms.timeout = PATIENCE * 10;
        let driver = Hesitant(Arc::new(Semaphore::new(0)));
        let node = TestNode::with_driver(config, driver.clone());
        let first = id_of(&node.resend());
        delivery_once(&node, &first, "submitting");
        assert_eq!(node.initialize(PHONES[0]).status, 201);
        assert_eq!(ready(&node).status, 200);
        node.clock.push(Duration::from_mins(1));
        assert_eq!(ready(&node).status, 200);
        node.clock.push(Duration::from_secs(15));
        let reply = ready(&node);
        let message = Some("Messages wait: the oldest has waited for 75 s.");
        assert_eq!(reply.refusal(), (503, "internal_error", message, None), "{dialect}");
        assert_eq!(reply.header("retry-after"), None, "it is only looked at");
        let outside = call(node.public_address(), "GET", "/health/ready", &[], "");
        assert_eq!(outside.refusal(), reply.refusal());
        let url = format!("http://{}/health/ready", node.public_address());
        assert_enveloped_at(&outside, &url);
        driver.0.add_permits(2);
        ready_once(&node, 200);
    }
}

#[test]
fn a_node_whose_every_driver_is_down_is_not_ready_until_one_is_back() {
    for dialect in DialectName::ALL {
        let driver = Moody::default();
        let node = TestNode::with_driver(Config { dialect, ..quick() }, driver.clone());
        assert_eq!(ready(&node).status, 200);
        for phone in PHONES {
            assert_eq!(node.initialize(phone).status, 201);
        }
        let reply = ready_once(&node, 503);
        let message =
            "Messages wait: every driver has failed too often, and is tried now and then only.";
        assert_eq!(reply.refusal(), (503, "internal_error", Some(message), None), "{dialect}");
        assert_eq!(reply.header("retry-after"), None, "it is only looked at");
        // A code is accepted nevertheless, and leaves when it can.
        let id = id_of(&node.resend());
        driver.0.store(true, Ordering::SeqCst);
        node.clock.push(Duration::from_secs(30));
        ready_once(&node, 200);
        delivery_once(&node, &id, "sent");
    }
}

/// A driver that works, and has no money.
struct Poor;

impl SmsDriver for Poor {
    fn name(&self) -> &'static str {
        "poor"
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> SendFuture<'a> {
        let no_money = DeliveryError::NotNow(VendorStatus::of("NO_MONEY"));
        Box::pin(std::future::ready(Err(SendError::not_accepted(no_money))))
    }
}

#[test]
fn a_node_whose_driver_takes_nothing_is_not_ready_though_it_is_tried_again_and_again() {
    let node = TestNode::with_driver(quick(), Poor);
    let id = id_of(&node.initialize(PHONES[0]));
    for tries in 1..=4 {
        let asked = || {
            node.api().service().otp().outbox.wake();
            node.call("GET", &format!("/verifications/{id}/delivery"), &[], "")
        };
        let is_tried =
            |reply: &Reply| reply.data()["attempts"] == tries && reply.data()["status"] == "queued";
        asked_until(asked, is_tried);
        let expected = if tries < 4 { 200 } else { 503 };
        assert_eq!(ready(&node).status, expected, "after {tries} tries");
        node.clock.push(Duration::from_secs(if tries < 3 { 20 } else { 31 }));
    }
}
