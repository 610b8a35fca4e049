//! `GET /admin/audit`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use esoz_otp::audit;
use esoz_otp::config::DialectName;
use esoz_otp::domain::audit::{
    AdminAction, AdminChange, AuditEvent, AuditRow, AuditTarget, GuessFault, RecordKind, SendFault,
    TokenFault,
};
use esoz_otp::domain::{Id, Phone, Purpose, Requester};
use esoz_otp::store::Priority;
use serde_json::{Value, json};
use strum::VariantArray as _;

use super::{ADMIN, at, kept, node, read, refused_at, shown};
use crate::support::{Reply, SEED_PHONE, SEED_REQUEST, TestNode, call};

fn node_with_rows(count: u128) -> TestNode {
    let node = node(DialectName::Documented);
    let append = move |write: &mut esoz_otp::store::Write<'_>| {
        (0..count).try_for_each(|who| audit::append(write, &refused_at(0, who)))
    };
    node.store.write_blocking(Priority::Normal, append).unwrap();
    node
}

fn numbers(reply: &Reply) -> Vec<u64> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let rows = reply.data().as_array().unwrap();
    rows.iter().map(|row| row["number"].as_u64().unwrap()).collect()
}

fn paging(reply: &Reply) -> &Value {
    &reply.body["paging"]
}

#[test]
fn rows_come_oldest_first_page_by_page_until_there_are_no_more() {
    let node = node_with_rows(120);
    let first = read(&node, "");
    assert_eq!(numbers(&first), (1..=50).collect::<Vec<_>>());
    assert_eq!(first.body["meta"]["type"], "list");
    assert_eq!(*paging(&first), json!({"page_size": 50, "next_after": 50}));
    let next = read(&node, "?after=50&page_size=70");
    assert_eq!(numbers(&next), (51..=120).collect::<Vec<_>>());
    assert_eq!(*paging(&next), json!({"page_size": 70, "next_after": null}));
    let behind = read(&node, "?after=120");
    assert_eq!(numbers(&behind), [0; 0]);
    assert_eq!(*paging(&behind), json!({"page_size": 50, "next_after": null}));
    assert_eq!(numbers(&read(&node, "?page_size=1&after=7")), [8]);
    assert_eq!(numbers(&read(&node, "?page_size=500")).len(), 120);
    assert_eq!(numbers(&read(&node, "?after=18446744073709551615")), [0; 0]);
}

#[test]
fn a_parameter_that_is_no_number_within_its_bounds_is_named() {
    let node = node_with_rows(1);
    for (query, wrong) in [
        ("?after=x", &["$.after"][..]),
        ("?after=", &["$.after"]),
        ("?after=-1", &["$.after"]),
        ("?after=18446744073709551616", &["$.after"]),
        ("?page_size=0", &["$.page_size"]),
        ("?page_size=501", &["$.page_size"]),
        ("?page_size=1e2", &["$.page_size"]),
        ("?page_size=%31%20&after=1.5", &["$.after", "$.page_size"]),
    ] {
        let reply = read(&node, query);
        assert_eq!(
            (reply.status, reply.error()["type"].as_str()),
            (422, Some("validation_failed"))
        );
        let invalid = reply.error()["invalid"].as_array().unwrap();
        let entries: Vec<_> = invalid.iter().map(|it| it["entry"].as_str().unwrap()).collect();
        assert_eq!(entries, wrong, "{query}");
        assert!(invalid.iter().all(|it| it["entry_type"] == "query_parameter"), "{query}");
    }
    let rules = &read(&node, "?page_size=501").body["error"]["invalid"][0]["rules"];
    let expected = json!([{
        "rule": "number",
        "params": {"greater_than_or_equal_to": 1, "less_than_or_equal_to": 500},
        "description": "expected a whole number from 1 to 500"
    }]);
    assert_eq!(*rules, expected);
}

#[test]
fn it_answers_nobody_without_the_scope_and_nobody_from_outside() {
    let node = node_with_rows(1);
    let direct = [("authorization", "Bearer demo-direct-token")];
    assert_eq!(node.call("GET", "/admin/audit", &direct, "").status, 403);
    assert_eq!(node.call("GET", "/admin/audit", &[], "").status, 401);
    assert_eq!(call(node.public_address(), "GET", "/admin/audit", &ADMIN, "").status, 404);
}

#[test]
fn what_was_refused_just_before_is_in_it() {
    let node = node(DialectName::Documented);
    for count in 1..=20 {
        let token = format!("Bearer demo-{}-token", ["noscope", "expired"][count % 2]);
        node.call("POST", "/api/verifications", &[("authorization", &token)], "{}");
        assert_eq!(shown(&node).len(), count);
    }
}

#[test]
fn when_more_writes_wait_than_can_be_taken_on_it_says_so() {
    let node = node(DialectName::Documented);
    let headers = [("authorization", "Bearer nobody's")];
    let held = node.hold_writes();
    let waiting = held.fill_the_queue();
    node.call("POST", "/api/verifications", &headers, "{}");
    let reply = read(&node, "");
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    drop(waiting);
    drop(held);
    assert_eq!(shown(&node).len(), 1);
}

#[test]
fn a_row_about_a_code_names_it_and_shows_of_the_phone_what_may_be_seen() {
    let node = node(DialectName::Documented);
    let by = Requester {
        client_id: Some(Id::from_bytes([1; 16])),
        user_id: Some(Id::from_bytes([2; 16])),
        peer: Some("2001:db8::9".parse::<IpAddr>().unwrap().into()),
    };
    let request = Id::parse(SEED_REQUEST).unwrap();
    let row = AuditRow::new(at(1), AuditEvent::CodeWrong, by)
        .about_phone(Phone::parse(SEED_PHONE).unwrap(), Purpose::PersonRequest(request));
    node.store.write_blocking(Priority::Normal, move |write| audit::append(write, &row)).unwrap();
    let reply = read(&node, "");
    let expected = json!([{
        "number": 1, "at": "2026-11-21T12:00:01.000000Z", "event": "code_wrong",
        "reason": "wrong_code", "client_id": "01010101-0101-0101-0101-010101010101",
        "user_id": "02020202-0202-0202-0202-020202020202", "peer": "2001:db8::9", "uid": null,
        "phone_number": "+38095*****84", "verification_id": null,
        "person_request_id": SEED_REQUEST, "times": 1, "request_id": null
    }]);
    assert_eq!(*reply.data(), expected);
    assert!(!reply.text.contains("958697084"));
}

#[test]
fn the_demo_s_reset_leaves_the_rows() {
    let node = node_with_rows(3);
    assert_eq!(node.call("POST", "/demo/reset", &[], "").status, 200);
    assert_eq!(kept(&node).len(), 3);
}

/// One of each; the match is there so that a new one is not forgotten.
fn events() -> Vec<AuditEvent> {
    let guess = AuditEvent::GuessRefused;
    let token = AuditEvent::TokenRefused;
    let events = vec![
        AuditEvent::CodeIssued,
        AuditEvent::SendRefused(SendFault::RefusedPrefix),
        AuditEvent::SendRefused(SendFault::Limited("send_pause".into())),
        AuditEvent::CodeWrong,
        guess(GuessFault::NoCode),
        guess(GuessFault::Expired),
        guess(GuessFault::AttemptsExhausted),
        guess(GuessFault::AlreadyUsed),
        guess(GuessFault::Superseded),
        guess(GuessFault::Limited("guesses_per_hour".into())),
        AuditEvent::PhoneVerified,
        AuditEvent::RequestApproved,
        token(TokenFault::Unknown),
        token(TokenFault::Expired),
        token(TokenFault::ClientBlocked),
        token(TokenFault::UserUnknown),
        token(TokenFault::UserBlocked),
        token(TokenFault::ApiKeyMissing),
        token(TokenFault::ScopeMissing),
        AuditEvent::ApiKeyRefused,
        AuditEvent::NotRecorded,
        AuditEvent::PhoneUnlocked,
        AuditEvent::RequestApprovedWithoutCode,
        AuditEvent::ReceiptsRefused,
        AuditEvent::LogLinesLost,
        AuditEvent::SocketRefused,
        AuditEvent::DriverTested,
    ];
    let loads = RecordKind::ALL.into_iter();
    let loads =
        loads.flat_map(|kind| [AuditEvent::RecordsAdded(kind), AuditEvent::RecordsChanged(kind)]);
    let target = AuditTarget::Client(Id::from_bytes([1; 16]));
    let changes = AdminAction::VARIANTS.iter().map(|action| {
        AuditEvent::AdminChanged(Box::new(AdminChange::new(*action, target.clone())))
    });
    let events: Vec<_> = events.into_iter().chain(loads).chain(changes).collect();
    for event in &events {
        match event {
            AuditEvent::CodeIssued
            | AuditEvent::SendRefused(SendFault::RefusedPrefix | SendFault::Limited(_))
            | AuditEvent::CodeWrong
            | AuditEvent::GuessRefused(
                GuessFault::NoCode
                | GuessFault::Expired
                | GuessFault::AttemptsExhausted
                | GuessFault::AlreadyUsed
                | GuessFault::Superseded
                | GuessFault::Limited(_),
            )
            | AuditEvent::PhoneVerified
            | AuditEvent::RequestApproved
            | AuditEvent::TokenRefused(
                TokenFault::Unknown
                | TokenFault::Expired
                | TokenFault::ClientBlocked
                | TokenFault::UserUnknown
                | TokenFault::UserBlocked
                | TokenFault::ApiKeyMissing
                | TokenFault::ScopeMissing,
            )
            | AuditEvent::ApiKeyRefused
            | AuditEvent::NotRecorded
            | AuditEvent::PhoneUnlocked
            | AuditEvent::RequestApprovedWithoutCode
            | AuditEvent::ReceiptsRefused
            | AuditEvent::LogLinesLost
            | AuditEvent::SocketRefused
            | AuditEvent::DriverTested
            | AuditEvent::RecordsAdded(_)
            | AuditEvent::RecordsChanged(_)
            | AuditEvent::AdminChanged(_) => {}
        }
    }
    events
}

#[test]
fn the_readme_lists_every_event_with_its_reasons() {
    let readme = include_str!("../../../systemd/AUDIT.md");
    let (_, table) = readme.split_once("| event | reason |\n|---|---|\n").unwrap();
    let rows: Vec<_> = table.lines().take_while(|line| line.starts_with('|')).collect();
    for event in events() {
        let word = format!("`{}`", event.word());
        let row = rows.iter().find(|row| row.split('|').nth(1).unwrap().contains(&word));
        let reasons =
            row.unwrap_or_else(|| panic!("{word} is not there")).split('|').nth(2).unwrap();
        let is_listed = match event.reason() {
            None => reasons.trim().is_empty(),
            Some("send_pause" | "guesses_per_hour") => reasons.contains("the name of the limit"),
            Some(reason) => reasons.contains(&format!("`{reason}`")),
        };
        assert!(is_listed, "{event:?}: {reasons}");
    }
    let words: BTreeSet<_> = events().iter().map(AuditEvent::word).collect();
    let listed = rows.iter().map(|row| row.split('|').nth(1).unwrap().matches('`').count() / 2);
    assert_eq!(listed.sum::<usize>(), words.len());
}

#[test]
fn the_words_that_can_be_asked_for_are_those_of_the_rows() {
    let words: BTreeSet<_> = events().iter().map(AuditEvent::word).collect();
    assert_eq!(BTreeSet::from(AuditEvent::WORDS), words);
    let limits = ["send_pause", "guesses_per_hour"];
    let events = events();
    let reasons = events.iter().filter_map(AuditEvent::reason);
    let reasons: BTreeSet<_> = reasons.filter(|reason| !limits.contains(reason)).collect();
    assert_eq!(BTreeSet::from(AuditEvent::REASONS), reasons);
}
