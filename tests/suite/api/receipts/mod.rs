//! What gateways say has become of messages, over both listeners.

mod secret;

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use esoz_otp::config::DialectName;
use esoz_otp::domain::{DeliveryError, DeliveryReport, Receipt, VendorStatus};
use esoz_otp::sms::{Accepted, ReceiptBatch, SendFuture, SmsDriver, SmsMessage};
use serde_json::{Value, json};

use super::deliveries::{asked_until, delivery_once, id_of};
use super::envelope::{assert_enveloped, assert_enveloped_at};
use crate::support::{Reply, TestNode, call, quick, read_reply, start_of_time, telling};

const SECRET: &str = "s3cret-of-receipts";
const PATH: &str = "/receipts/gateway/s3cret-of-receipts";
const NOWHERE: (u16, &str, Option<&str>, Option<&str>) = (404, "not_found", None, None);

/// A gateway that calls messages g-1, g-2 and so on, and says later what has become of them.
#[derive(Default)]
struct Gateway(AtomicU32);

impl SmsDriver for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> SendFuture<'a> {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let gateway_id = Some(format!("g-{number}"));
        Box::pin(std::future::ready(Ok(Accepted { gateway_id })))
    }

    fn is_called_with(&self, secret: &str) -> bool {
        secret == SECRET
    }

    fn receipts(&self, body: &Value) -> ReceiptBatch {
        let one = |receipt: &Value| {
            let gateway_id = receipt["id"].as_str()?.to_owned();
            let report = match receipt["status"].as_str()? {
                "arrived" => DeliveryReport::Delivered,
                word => {
                    DeliveryReport::Undelivered(DeliveryError::Undelivered(VendorStatus::of(word)))
                }
            };
            Some(Receipt { gateway_id, report })
        };
        let Some(all) = body.as_array() else {
            return ReceiptBatch { unreadable: 1, ..ReceiptBatch::default() };
        };
        let receipts: Vec<_> = all.iter().filter_map(one).collect();
        ReceiptBatch { unreadable: all.len() - receipts.len(), receipts, unlisted: 0 }
    }
}

fn node(dialect: DialectName) -> TestNode {
    let config = esoz_otp::config::Config { dialect, ..quick() };
    TestNode::with_driver(config, Gateway::default())
}

fn receive(node: &TestNode, receipts: &Value) -> Reply {
    node.call("POST", PATH, &[], &receipts.to_string())
}

fn counted(known: usize, unknown: usize, unreadable: usize) -> Value {
    json!({"known": known, "unknown": unknown, "unreadable": unreadable, "unlisted": 0})
}

/// A message that the gateway has taken, and calls `g-1`.
fn sent(node: &TestNode) -> String {
    let id = id_of(&node.resend());
    assert_eq!(delivery_once(node, &id, "sent")["gateway_id"], "g-1");
    id
}

#[test]
fn a_receipt_tells_that_a_message_has_arrived_and_the_same_one_again_changes_nothing() {
    for dialect in DialectName::ALL {
        let node = node(dialect);
        let id = sent(&node);
        node.clock.push(Duration::from_secs(3));
        let arrived = json!([{"id": "g-1", "status": "arrived"}]);
        for _ in 0..3 {
            let reply = receive(&node, &arrived);
            assert_eq!((reply.status, reply.data()), (200, &counted(1, 0, 0)));
            assert_enveloped(&node, &reply, "/receipts/***");
            let seen = delivery_once(&node, &id, "delivered");
            let after_three = (start_of_time() + Duration::from_secs(3)).to_string();
            assert_eq!(seen["delivered_at"], after_three);
            assert_eq!(seen["ended_at"], after_three);
            node.clock.push(Duration::from_secs(9));
        }
        let late = json!([{"id": "g-1", "status": "EXPIRED"}]);
        assert_eq!(receive(&node, &late).data(), &counted(1, 0, 0));
        assert_eq!(delivery_once(&node, &id, "delivered")["last_error"], json!(null));
    }
}

#[test]
fn a_receipt_tells_why_a_message_has_not_arrived() {
    let node = node(DialectName::default());
    let id = sent(&node);
    assert_eq!(receive(&node, &json!([{"id": "g-1", "status": "ABSENT"}])).status, 200);
    let seen = delivery_once(&node, &id, "failed");
    assert_eq!(seen["last_error"], "the gateway could not deliver the message: ABSENT");
    assert_eq!(seen["delivered_at"], json!(null));
}

#[test]
fn receipts_for_messages_that_nobody_knows_are_counted_and_dropped() {
    let node = node(DialectName::default());
    let id = sent(&node);
    // While the gateway's answer is being noted, a receipt may be for the message that it names.
    let of_nobody = json!([{"id": "g-0", "status": "arrived"}]);
    asked_until(|| receive(&node, &of_nobody), |reply| reply.data()["unknown"] == 1);
    let before = node.api().service().otp().outbox.unknown_receipts();
    let three = ["g-0", "g-1", "+380958697084"].map(|id| json!({"id": id, "status": "arrived"}));
    let reply = receive(&node, &json!(three));
    assert_eq!(reply.data(), &counted(1, 2, 0));
    assert_eq!(node.api().service().otp().outbox.unknown_receipts(), before + 2, "counted");
    assert_eq!(telling(&reply.text), None);
    delivery_once(&node, &id, "delivered");
    for (none, unreadable) in [
        (json!([]), 0),
        (json!({}), 1),
        (json!(null), 1),
        (json!("arrived"), 1),
        (json!([1, [], {"id": 7}]), 3),
    ] {
        let reply = receive(&node, &none);
        assert_eq!(reply.data(), &counted(0, 0, unreadable), "{none}");
    }
    assert_eq!(node.call("POST", PATH, &[], "").data(), &counted(0, 0, 1));
}

#[test]
fn a_body_of_64_kib_is_taken_and_a_larger_one_is_not() {
    let node = node(DialectName::default());
    for (more, status) in [(0, 200), (1, 413)] {
        let body = format!("[]{}", " ".repeat(64 * 1024 - 2 + more));
        assert_eq!(node.call("POST", PATH, &[], &body).status, status);
    }
}

#[test]
fn a_gateway_that_says_nothing_of_the_type_is_taken_to_send_json() {
    let node = node(DialectName::default());
    sent(&node);
    let body = br#"[{"id": "g-1", "status": "arrived"}]"#;
    for headers in [
        &[("content-length", "36")][..],
        &[("content-length", "36"), ("content-type", "application/json; charset=windows-1251")],
        &[("content-length", "36"), ("accept", "*/*"), ("user-agent", "a gateway")],
        &[("content-length", "36"), ("authorization", "Basic Z2F0ZXdheTpw"), ("api-key", "k")],
    ] {
        let reply = node.by_hand("POST", PATH, headers, body);
        assert_eq!(reply.data(), &counted(1, 0, 0), "{headers:?}");
    }
}

#[test]
fn gateways_call_the_public_listener_by_whatever_name_it_has() {
    let node = node(DialectName::default());
    let id = sent(&node);
    let address = node.public_address();
    let reply = call(address, "POST", "/receipts/gateway/another", &[], "[]");
    assert_eq!(reply.refusal(), NOWHERE);
    assert_enveloped_at(&reply, &format!("http://{address}/receipts/***"));
    let mut stream = TcpStream::connect(address).unwrap();
    let body = r#"[{"id": "g-1", "status": "arrived"}]"#;
    let headers = [
        ("host", "otp.example.ua"),
        ("content-type", "application/json"),
        ("content-length", "36"),
        ("x-forwarded-for", "203.0.113.9"),
    ];
    stream.write_all(node.head("POST", PATH, &headers).as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let reply = read_reply(stream);
    assert_eq!(reply.data(), &counted(1, 0, 0));
    assert_enveloped_at(&reply, "http://otp.example.ua/receipts/***");
    delivery_once(&node, &id, "delivered");
}

#[test]
fn a_gateway_is_told_to_come_again_when_nothing_can_be_kept() {
    let node = node(DialectName::default());
    let id = sent(&node);
    let arrived = json!([{"id": "g-1", "status": "arrived"}]);
    let held = node.hold_writes();
    let waiting = held.fill_the_queue();
    let reply = receive(&node, &arrived);
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    drop(waiting);
    drop(held);
    delivery_once(&node, &id, "sent");
    assert_eq!(receive(&node, &arrived).status, 200);
    delivery_once(&node, &id, "delivered");
}
