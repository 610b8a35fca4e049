//! Which requests a code is sent for: page "Resend Authorization OTP on Person Request", method before status.

mod bodies;
mod callers;
mod pauses;

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode};

const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";

/// Status and message.
type Answer = (u16, Option<&'static str>);

const SENT: Answer = (200, None);
const NOT_OTP: Answer = (409, Some("Auth method is not OTP"));
const NOT_NEW: Answer = (409, Some("Invalid transition"));
const UNKNOWN: Answer = (404, Some("not_found"));

fn path(request: &str) -> String {
    format!("/api/person_requests/{request}/actions/resend_otp")
}

fn assert_answers(reply: &Reply, expected: Answer, of: &str) {
    assert_eq!((reply.status, reply.message()), expected, "{of}");
    let error_type = match expected.0 {
        409 => json!("request_conflict"),
        404 => json!("not_found"),
        _ => Value::Null,
    };
    assert_eq!(reply.error()["type"], error_type, "{of}");
}

#[test]
fn every_request_of_the_demo_gets_what_its_method_and_then_its_status_say() {
    let node = TestNode::start();
    let table: &[(&str, Answer, Option<&str>)] = &[
        (SEED_REQUEST, SENT, Some(SEED_PHONE)),
        ("eeebb86d-5cba-43c9-885b-6482ecaf826c", UNKNOWN, None),
        ("e0000000-0000-4000-8000-000000000001", SENT, Some("+380671000001")),
        ("e0000000-0000-4000-8000-000000000002", NOT_OTP, None),
        ("e0000000-0000-4000-8000-000000000003", NOT_OTP, None),
        ("e0000000-0000-4000-8000-000000000004", NOT_OTP, None),
        ("e0000000-0000-4000-8000-000000000005", NOT_NEW, None),
        ("e0000000-0000-4000-8000-000000000006", NOT_NEW, None),
        ("e0000000-0000-4000-8000-000000000007", NOT_NEW, None),
        ("e0000000-0000-4000-8000-000000000008", NOT_NEW, None),
        ("e0000000-0000-4000-8000-000000000009", NOT_NEW, None),
        ("e0000000-0000-4000-8000-00000000000a", NOT_OTP, None),
        ("e0000000-0000-4000-8000-00000000000c", UNKNOWN, None),
        ("eeebb86d5cba43c9885b6482ecaf826b", UNKNOWN, None),
        ("%7Beeebb86d-5cba-43c9-885b-6482ecaf826b%7D", UNKNOWN, None),
        ("eeebb86d-5cba-43c9-885b-6482ecaf826g", UNKNOWN, None),
        ("1", UNKNOWN, None),
    ];
    for (request, expected, phone) in table {
        let reply = node.resend_for(request);
        assert_answers(&reply, *expected, request);
        assert_eq!(reply.reason(), None, "{request}");
        if let Some(phone) = phone {
            assert_eq!(reply.data()["status"], "new", "{request}");
            node.code_for(phone);
        }
    }
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn all_requests_of_the_demo_are_in_the_table_above() {
    let world: Value = serde_json::from_str(crate::support::DEMO_WORLD).unwrap();
    let source = include_str!("mod.rs");
    for request in world["person_requests"].as_array().unwrap() {
        let id = request["id"].as_str().unwrap();
        assert!(id == SEED_REQUEST || source.contains(id), "{id}");
    }
}

#[test]
fn a_request_that_stays_new_for_thirty_days_is_not_new_any_more() {
    let node = TestNode::start();
    // The demo's requests are an hour old.
    node.clock.push(Duration::from_hours(30 * 24 - 1));
    node.clock.pull(Duration::from_micros(1));
    assert_eq!(node.resend().status, 200);
    node.clock.push(Duration::from_micros(1));
    assert_answers(&node.resend(), NOT_NEW, "thirty days old");
    let seen = node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), &MIS, "");
    assert_eq!(seen.data()["status"], "EXPIRED");
}
