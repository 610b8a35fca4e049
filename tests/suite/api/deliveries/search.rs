//! `GET /admin/deliveries`: messages are found by what an operator knows of them. The whole suite is watched for a full number
//! in the log.

use std::collections::BTreeSet;
use std::time::Duration;

use esoz_otp::domain::Id;
use esoz_otp::store::schema::{AtKey, OUTBOX, SealedMessage};
use esoz_otp::store::{Priority, StoreError, Write};
use serde_json::{Value, json};

use super::{ADMIN, CABINET, CLINIC, at, delivery, keep, queued};
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode, without_send_limits};

const PHONES: [&str; 2] = ["+380671000041", "+380681000042"];

fn ask(node: &TestNode, query: &str) -> Reply {
    let reply = node.call("GET", &format!("/admin/deliveries?{query}"), &ADMIN, "");
    for number in ["671000041", "681000042", "958697084"] {
        assert!(!reply.body["data"].to_string().contains(number), "a full number: {}", reply.text);
    }
    reply
}

fn found(node: &TestNode, query: &str) -> Vec<Value> {
    let reply = ask(node, query);
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    reply.data().as_array().unwrap().clone()
}

/// A node with messages to three phones, a minute apart, all with a driver by now.
fn lived_in() -> TestNode {
    let node = TestNode::with(without_send_limits());
    let path = format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp");
    for call in ["call-1", "call-2"] {
        for phone in PHONES {
            assert_eq!(node.initialize(phone).status, 201);
            node.clock.push(Duration::from_mins(1));
        }
        let named = [MIS[0], MIS[1], ("x-request-id", call)];
        assert_eq!(node.call("POST", &path, &named, "{}").status, 200);
        node.clock.push(Duration::from_mins(1));
    }
    let body = json!({"phone_number": PHONES[0]}).to_string();
    assert_eq!(node.call("POST", "/verifications", &[], &body).status, 201);
    node.delivered();
    node
}

#[test]
fn every_message_is_listed_newest_first_as_it_is_shown_alone() {
    let node = lived_in();
    let all = found(&node, "");
    assert_eq!(all.len(), 7);
    let times: Vec<_> = all.iter().map(|view| view["queued_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer > older), "{times:?}");
    for view in &all {
        let id = view["verification_id"].as_str().unwrap();
        assert_eq!(delivery(&node, "/admin", id, &ADMIN).data(), view);
    }
    let mut oldest_first = all.clone();
    oldest_first.reverse();
    assert_eq!(found(&node, "order=asc"), oldest_first);
    assert_eq!(found(&node, "order=desc"), all);
}

#[test]
fn every_parameter_leaves_the_messages_that_have_it() {
    let node = lived_in();
    let all = found(&node, "");
    for name in ["status", "driver", "request_id", "client_id"] {
        let values: BTreeSet<_> = all.iter().filter_map(|view| view[name].as_str()).collect();
        assert!(!values.is_empty(), "{name}");
        for value in values {
            let expected: Vec<_> = all.iter().filter(|it| it[name] == value).cloned().collect();
            let query = format!("{name}={}", value.replace('#', "%23"));
            assert_eq!(found(&node, &query), expected, "{query}");
            let of_the_clinic = expected.iter().filter(|it| it["client_id"] == CLINIC).count();
            if name != "client_id" {
                let query = format!("{query}&client_id={CLINIC}");
                assert_eq!(found(&node, &query).len(), of_the_clinic, "{query}");
            }
        }
    }
    for status in ["queued", "submitting", "failed", "uncertain", "expired", "canceled"] {
        assert_eq!(found(&node, &format!("status={status}")), [] as [Value; 0]);
    }
    for (phone, shown, count) in [(PHONES[0], "+38067*****41", 3), (PHONES[1], "+38068*****42", 2)]
    {
        for spelling in [phone.to_owned(), phone.replace('+', "%2B")] {
            let messages = found(&node, &format!("phone={spelling}"));
            assert_eq!(messages.len(), count);
            assert!(messages.iter().all(|view| view["phone_number"] == shown), "{messages:?}");
        }
    }
    // Another number with the same digits shown.
    assert_eq!(found(&node, "phone=%2B380671111141"), [] as [Value; 0]);
    let of_the_request = found(&node, &format!("person_request_id={SEED_REQUEST}"));
    let calls: Vec<_> = of_the_request.iter().map(|view| &view["request_id"]).collect();
    assert_eq!(calls, ["call-2", "call-1"]);
    let seed = SEED_PHONE.replace('+', "%2B");
    for (query, count) in [
        (format!("person_request_id={SEED_REQUEST}&request_id=call-1"), 1),
        (format!("phone={seed}&client_id={CLINIC}&request_id=call-2&status=sent"), 1),
        (format!("phone={seed}&client_id={CABINET}"), 0),
        (format!("phone={}&request_id=call-2", PHONES[0]), 0),
        ("driver=another".to_owned(), 0),
    ] {
        assert_eq!(found(&node, &query).len(), count, "{query}");
    }
}

#[test]
fn from_is_in_it_and_to_is_not() {
    let node = lived_in();
    let all = found(&node, "");
    for (from, to) in [(0, 60), (60, 180), (0, 1), (61, 119), (0, 999), (60, 60), (180, 60)] {
        let (from, to) = (at(from).to_string(), at(to).to_string());
        let is_in = |view: &&Value| {
            let queued_at = view["queued_at"].as_str().unwrap();
            from.as_str() <= queued_at && queued_at < to.as_str()
        };
        let expected: Vec<_> = all.iter().filter(is_in).cloned().collect();
        for more in ["", "&status=sent"] {
            assert_eq!(found(&node, &format!("from={from}&to={to}{more}")), expected);
        }
        let of_the_clinic = expected.iter().filter(|view| view["client_id"] == CLINIC).count();
        let query = format!("from={from}&to={to}&client_id={CLINIC}");
        assert_eq!(found(&node, &query).len(), of_the_clinic, "{query}");
    }
}

#[test]
fn pages_of_every_size_joined_are_the_whole_list_in_both_orders() {
    let node = lived_in();
    for filter in ["", "&status=sent", "&request_id=call-1", "&phone=%2B380671000041"] {
        for order in ["asc", "desc"] {
            let whole = found(&node, &format!("order={order}{filter}"));
            for size in [1, 2, 3, 6, 7, 8] {
                let (mut listed, mut after) = (Vec::new(), String::new());
                loop {
                    let reply =
                        ask(&node, &format!("order={order}{filter}&page_size={size}{after}"));
                    assert_eq!(reply.body["paging"]["page_size"], size);
                    listed.extend(reply.data().as_array().unwrap().clone());
                    let Some(next) = reply.body["paging"]["next_after"].as_str() else { break };
                    after = format!("&after={next}");
                }
                assert_eq!(listed, whole, "{order} {filter} {size}");
            }
        }
    }
}

#[test]
fn a_call_that_finds_little_says_how_far_it_got() {
    let node = TestNode::start();
    for number in 0..1_100_u16 {
        let [high, low] = number.to_be_bytes();
        let mut id = [7; 16];
        id[..2].copy_from_slice(&[high, low]);
        let message = queued(Id::from_bytes(id), None, u64::from(number));
        // It was never in the outbox.
        keep(&node, message.clone().cancel(at(2_000)).unwrap());
    }
    let query = format!("client_id={CABINET}&status=canceled");
    let first = ask(&node, &query);
    assert_eq!(first.data(), &json!([]));
    let after = first.body["paging"]["next_after"].as_str().unwrap().to_owned();
    let second = ask(&node, &format!("{query}&after={after}"));
    assert_eq!((second.data(), &second.body["paging"]["next_after"]), (&json!([]), &Value::Null));
}

#[test]
fn a_message_that_waits_is_found_by_its_status_among_those_that_left() {
    let node = TestNode::start();
    let sent = super::id_of(&node.initialize(PHONES[0]));
    node.delivered();
    assert_eq!(found(&node, "status=queued"), [] as [Value; 0]);
    let waiting = queued(Id::from_bytes([7; 16]), None, 0);
    let id = waiting.verification_id;
    let place = AtKey { at: waiting.expires_at, id };
    let put = move |write: &mut Write<'_>| write.put(OUTBOX, &place, &SealedMessage::erased());
    node.store.write_blocking::<_, StoreError, _>(Priority::Normal, put).unwrap();
    keep(&node, waiting);
    for (status, expected) in [("queued", &id.to_string()), ("sent", &sent)] {
        let messages = found(&node, &format!("status={status}"));
        let ids: Vec<_> = messages.iter().map(|view| &view["verification_id"]).collect();
        assert_eq!(ids, [&json!(expected)], "{status}");
    }
}

#[test]
fn what_a_parameter_does_not_take_is_refused_all_at_once() {
    let node = lived_in();
    let query = "phone=380671000041&status=lost&client_id=x&person_request_id=1&from=yesterday&to=1&\
                 order=up&after=eeebb86d-5cba-43c9-885b-6482ecaf826b&page_size=501";
    let refused = ask(&node, query);
    assert_eq!((refused.status, &refused.error()["type"]), (422, &json!("validation_failed")));
    let invalid = refused.error()["invalid"].as_array().unwrap();
    let entries: BTreeSet<_> = invalid.iter().map(|it| it["entry"].as_str().unwrap()).collect();
    let named = [
        "$.phone",
        "$.status",
        "$.client_id",
        "$.person_request_id",
        "$.from",
        "$.to",
        "$.order",
        "$.page_size",
    ];
    for name in named {
        assert!(entries.contains(name), "{name}: {}", refused.text);
    }
    assert!(!refused.error().to_string().contains("671000041"), "{}", refused.text);
    for after in [SEED_REQUEST, "no-uuid", "", "1"] {
        let refused = ask(&node, &format!("after={after}"));
        let invalid = &refused.error()["invalid"][0];
        assert_eq!((refused.status, &invalid["entry"]), (422, &json!("$.after")), "{after}");
        let description = "expected the verification_id of a delivery in this list";
        assert_eq!(invalid["rules"][0]["description"], description);
    }
}
