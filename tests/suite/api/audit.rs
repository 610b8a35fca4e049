//! `GET /admin/audit` is asked for some of its rows. `audit::reading` has the rest of it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use esoz_otp::audit::{MOST_BYTES, append};
use esoz_otp::domain::audit::{AuditEvent, AuditRow, RequestId};
use esoz_otp::domain::{Id, Phone, Purpose, Requester};
use esoz_otp::store::{Priority, Write};
use serde_json::{Value, json};

use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode, start_of_time};

const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer demo-admin-token")];
const PHONES: [&str; 2] = ["+380671000041", "+380681000042"];

fn ask(node: &TestNode, query: &str) -> Reply {
    let reply = node.call("GET", &format!("/admin/audit?{query}"), &ADMIN, "");
    assert!(!reply.text.contains("671000041"), "a full number: {}", reply.text);
    reply
}

fn rows(node: &TestNode, query: &str) -> Vec<Value> {
    let reply = ask(node, query);
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    reply.data().as_array().unwrap().clone()
}

fn numbers(node: &TestNode, query: &str) -> Vec<u64> {
    rows(node, query).iter().map(|row| row["number"].as_u64().unwrap()).collect()
}

/// What each of these rows has there.
fn all_of<'r>(rows: &'r [Value], name: &str) -> BTreeSet<&'r str> {
    rows.iter().map(|row| row[name].as_str().unwrap_or("null")).collect()
}

/// A node on which some have had a code sent, guessed wrong and right, and were refused, an hour apart.
fn lived_in() -> TestNode {
    let node = TestNode::start();
    for phone in PHONES {
        assert_eq!(node.initialize(phone).status, 201);
        assert_eq!(node.initialize(phone).status, 429);
        let code = node.code_for(phone);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        assert_eq!(node.complete(phone, wrong).status, 403);
        assert_eq!(node.complete(phone, &code).status, 200);
        node.clock.push(Duration::from_hours(1));
    }
    let named = [MIS[0], MIS[1], ("x-request-id", "the-one-that-failed")];
    let path = format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp");
    assert_eq!(node.call("POST", &path, &named, "{}").status, 200);
    let expired = [("authorization", "Bearer demo-expired-token")];
    assert_eq!(node.call("POST", &path, &expired, "{}").status, 401);
    node
}

#[test]
fn the_rows_of_one_phone_are_found_by_its_number_which_is_not_shown() {
    let node = lived_in();
    let all = rows(&node, "");
    for (phone, shown) in PHONES.iter().zip(["+38067*****41", "+38068*****42"]) {
        let spellings = [phone.to_string(), phone.replace('+', "%2B")];
        for spelling in spellings {
            let found = rows(&node, &format!("phone={spelling}"));
            let expected: Vec<_> =
                all.iter().filter(|row| row["phone_number"] == shown).cloned().collect();
            assert_eq!(found, expected, "{spelling}");
            let events = all_of(&found, "event");
            assert_eq!(
                events,
                BTreeSet::from(["code_issued", "send_refused", "code_wrong", "phone_verified"])
            );
        }
    }
    // Another number with the same digits shown has no rows.
    assert_eq!(rows(&node, "phone=%2B380671111141"), [] as [Value; 0]);
}

#[test]
fn a_row_without_the_hash_of_its_number_is_not_found_by_it() {
    let node = TestNode::start();
    let row = AuditRow::new(start_of_time(), AuditEvent::CodeIssued, Requester::default());
    let phone = Phone::parse(PHONES[0]).unwrap();
    let row = row.about_phone(phone, Purpose::PhoneVerification);
    node.store.write_blocking(Priority::Normal, move |write| append(write, &row)).unwrap();
    assert_eq!(rows(&node, "event=code_issued")[0]["phone_number"], "+38067*****41");
    assert_eq!(rows(&node, "phone=%2B380671000041"), [] as [Value; 0]);
}

#[test]
fn every_parameter_leaves_the_rows_that_have_it() {
    let node = lived_in();
    let all = rows(&node, "");
    for name in
        ["request_id", "verification_id", "person_request_id", "client_id", "event", "reason"]
    {
        let values = all_of(&all, name);
        assert!(values.len() > 1, "{name}: {values:?}");
        for value in values.iter().filter(|value| **value != "null") {
            let expected: Vec<_> = all.iter().filter(|row| row[name] == **value).cloned().collect();
            let asked = format!("{name}={}", value.replace('#', "%23"));
            assert_eq!(rows(&node, &asked), expected, "{asked}");
        }
    }
    let one = rows(&node, "request_id=the-one-that-failed");
    assert_eq!((one.len(), &one[0]["person_request_id"]), (1, &json!(SEED_REQUEST)));
    let seed = SEED_PHONE.replace('+', "%2B");
    assert_eq!(
        rows(&node, &format!("phone={seed}&event=code_issued&reason=expired")),
        [] as [Value; 0]
    );
    assert_eq!(
        rows(&node, &format!("phone={seed}&event=code_issued&person_request_id={SEED_REQUEST}")),
        one
    );
}

#[test]
fn a_request_s_id_is_found_in_the_form_in_which_it_is_kept() {
    let node = TestNode::start();
    let long = format!("{}-{}", "a".repeat(70), "b");
    for (id, kept) in
        [("call-of-380671000041", "call-of-38067*****41"), (long.as_str(), &long[..64])]
    {
        let named = [("authorization", "Bearer nobody-s"), ("x-request-id", id)];
        assert_eq!(node.call("POST", "/api/verifications", &named, "{}").status, 401);
        for asked in [id, kept] {
            let found = rows(&node, &format!("request_id={asked}"));
            assert_eq!(all_of(&found, "request_id"), BTreeSet::from([kept]), "{asked}");
        }
    }
}

#[test]
fn from_is_in_it_and_to_is_not() {
    let node = lived_in();
    let all = rows(&node, "");
    let time = |hours: u64| (start_of_time() + Duration::from_hours(hours)).to_string();
    let between = |from: &str, to: &str| {
        let is_in = |row: &&Value| {
            let at = row["at"].as_str().unwrap();
            from <= at && at < to
        };
        all.iter().filter(is_in).cloned().collect::<Vec<_>>()
    };
    for (from, to) in [(0, 1), (1, 2), (0, 2), (0, 3), (3, 4), (1, 1), (2, 1)] {
        let (from, to) = (time(from), time(to));
        assert_eq!(rows(&node, &format!("from={from}&to={to}")), between(&from, &to));
    }
    assert!(!between(&time(1), &time(2)).is_empty());
    // The same hour in another zone.
    let there = "from=2026-11-21T15:00:00%2B02:00&to=2026-11-21T16:00:00+02:00";
    assert_eq!(rows(&node, there), between(&time(1), &time(2)));
}

#[test]
fn newest_first_goes_back_from_the_newest_row_page_by_page() {
    let node = lived_in();
    let oldest = numbers(&node, "order=asc");
    let newest: Vec<_> = oldest.iter().rev().copied().collect();
    assert_eq!(numbers(&node, "order=desc"), newest);
    assert_eq!(numbers(&node, "order=desc&page_size=3"), newest[..3]);
    let (mut joined, mut after) = (Vec::new(), String::new());
    loop {
        let page = ask(&node, &format!("order=desc&page_size=4{after}"));
        let found = page.data().as_array().unwrap().iter();
        joined.extend(found.map(|row| row["number"].as_u64().unwrap()));
        let Some(next) = page.body["paging"]["next_after"].as_u64() else { break };
        assert_eq!(joined.last(), Some(&next));
        after = format!("&after={next}");
    }
    assert_eq!(joined, newest);
    assert_eq!(numbers(&node, "order=desc&after=3"), [2, 1]);
    assert_eq!(numbers(&node, "order=desc&after=0"), [0; 0]);
    assert_eq!(numbers(&node, "order=desc&after=18446744073709551615"), newest);
}

#[test]
fn all_faults_are_told_at_once_and_no_value_is_repeated() {
    let node = TestNode::start();
    let refused = ask(
        &node,
        "phone=0671000041&request_id=&verification_id=1&person_request_id=x&client_id=&event=code_isued&reason=because&\
         from=yesterday&to=2026-12-01&order=down&after=x&page_size=0",
    );
    assert_eq!(
        (refused.status, refused.error()["type"].as_str()),
        (422, Some("validation_failed"))
    );
    let invalid = refused.error()["invalid"].as_array().unwrap();
    assert!(invalid.iter().all(|it| it["entry_type"] == "query_parameter"));
    let rule = |name: &str| {
        let entry = json!(format!("$.{name}"));
        let entry =
            invalid.iter().find(|it| it["entry"] == entry).unwrap_or_else(|| panic!("{name}"));
        (entry["rules"][0]["rule"].as_str().unwrap(), entry["rules"][0]["params"].clone())
    };
    for name in
        ["phone", "request_id", "verification_id", "person_request_id", "client_id", "from", "to"]
    {
        assert_eq!(rule(name).0, "format", "{name}");
    }
    assert_eq!(rule("event"), ("inclusion", json!(AuditEvent::WORDS)));
    assert_eq!(rule("order"), ("inclusion", json!(["asc", "desc"])));
    let (of_reason, reasons) = rule("reason");
    let reasons = reasons.as_array().unwrap();
    assert!(
        of_reason == "inclusion"
            && reasons.contains(&json!("send_pause"))
            && reasons.contains(&json!("locked"))
    );
    assert_eq!((rule("after").0, rule("page_size").0), ("number", "number"));
    assert_eq!(invalid.len(), 12);
    for value in ["yesterday", "code_isued", "because", "down"] {
        assert!(!refused.error().to_string().contains(value), "{value}");
    }
    let refused = ask(&node, "event=code");
    let event = &refused.error()["invalid"][0]["rules"][0]["description"];
    assert!(event.as_str().unwrap().starts_with("expected one of code_issued, send_refused, "));
}

/// Bytes of a [`large_row`] in a file, at least.
const LEAST_BYTES: u64 = 200;

fn large_row(event: AuditEvent) -> AuditRow {
    let requester = Requester {
        client_id: Some(Id::from_bytes([1; 16])),
        user_id: Some(Id::from_bytes([2; 16])),
        peer: Some("2001:db8::9".parse::<IpAddr>().unwrap().into()),
    };
    let phone = Phone::parse(PHONES[0]).unwrap();
    let row = AuditRow::new(start_of_time(), event, requester)
        .about_phone(phone, Purpose::PersonRequest(Id::from_bytes([3; 16])))
        .of(Id::from_bytes([4; 16]));
    AuditRow { request_id: RequestId::of(&"r".repeat(64)), ..row }
}

/// More rows than one call reads, of which only the first and the last are asked for.
#[test]
fn an_empty_page_with_a_cursor_is_not_the_end() {
    let node = TestNode::start();
    let count = MOST_BYTES / LEAST_BYTES + 2000;
    for first in (0..count).step_by(2000) {
        let rows = (first..(first + 2000).min(count)).map(move |number| match number {
            0 => large_row(AuditEvent::PhoneUnlocked),
            _ if number == count - 1 => large_row(AuditEvent::PhoneUnlocked),
            _ => large_row(AuditEvent::CodeIssued),
        });
        let append_all =
            move |write: &mut Write<'_>| rows.into_iter().try_for_each(|row| append(write, &row));
        node.store.write_blocking(Priority::Normal, append_all).unwrap();
    }
    for (order, expected) in [("asc", [1, count]), ("desc", [count, 1])] {
        let (mut found, mut after, mut pages) = (Vec::new(), String::new(), Vec::new());
        loop {
            let page =
                ask(&node, &format!("event=phone_unlocked&page_size=1&order={order}{after}"));
            let numbers = page.data().as_array().unwrap().iter();
            found.extend(numbers.map(|row| row["number"].as_u64().unwrap()));
            pages.push(page.data().as_array().unwrap().len());
            let Some(next) = page.body["paging"]["next_after"].as_u64() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(found, expected, "{order}");
        // The first call has read what it may, and has not come to the other row.
        assert!(pages.len() > 1 && pages[0] == 1, "{pages:?}");
    }
    // Nothing is found on the way from the second row to the last but one.
    for query in [String::from("order=asc&after=1"), format!("order=desc&after={count}")] {
        let page = ask(&node, &format!("event=phone_unlocked&{query}"));
        let next = page.body["paging"]["next_after"].as_u64().unwrap();
        assert_eq!(page.data(), &json!([]), "{query}");
        assert!(1 < next && next < count, "{query}: {next}");
    }
}
