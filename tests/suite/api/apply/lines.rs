//! What a load adds and changes, and what it answers.

use esoz_otp::domain::{AccessType, Connection, Id, Phone, Scopes, SecretDigest};
use esoz_otp::store::schema::{
    CLIENTS, CONNECTIONS, FACTORS, PERSON_REQUESTS, PERSONS, TOKENS, USERS,
};
use serde_json::{Value, json};

use super::{
    ADMIN, CLINIC, NDJSON, USER, answered, apply, apply_as, client, id, of, person_request, send,
    text, totals,
};
use crate::support::{MIS, TestNode, call};

/// A client of the demo that needs no api-key.
const CABINET: &str = "c0000000-0000-4000-8000-000000000002";

/// The rows of audit: event, reason, number, request id.
fn audit(node: &TestNode) -> Vec<String> {
    let reply = node.call("GET", "/admin/audit?page_size=500", &[ADMIN], "");
    let rows = reply.data().as_array().unwrap().iter();
    let row = |row: &Value| {
        let is_by_admin = row["client_id"].is_string() && row["user_id"].is_string();
        assert!(is_by_admin && row["peer"] == "127.0.0.1" && row["phone_number"].is_null());
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let request_id = text("request_id").replace(|c: char| c != 'x', "");
        format!("{} {} {} {request_id}", text("event"), text("reason"), row["times"])
    };
    rows.map(row).collect()
}

/// One of each kind, each with references to those before it.
fn one_of_each() -> Vec<Value> {
    let digest = "ab".repeat(32);
    vec![
        json!({"client": {
            "id": id(1), "name": "vendor", "access_type": "BROKER", "broker_scope": "otp:read",
            "api_key": {"digest": "cd".repeat(32)},
        }}),
        json!({"person": {"id": id(2), "status": "active", "authentication_method": "OTP"}}),
        json!({"user": {"id": id(3), "person_id": id(2)}}),
        json!({"token": {
            "name": "token", "secret": {"digest": digest}, "user_id": id(3), "client_id": id(1),
            "scope": "otp:read", "expires_at": "2027-01-01T00:00:00Z",
        }}),
        json!({"factor": {
            "id": id(4), "user_id": id(3), "type": "sms", "factor": "+380671000001",
            "inserted_at": "2026-01-01T00:00:00Z",
        }}),
        json!({"person_request": {
            "id": id(5), "client_id": id(1), "person_id": id(2), "status": "NEW",
            "authentication_method": {"type": "OTP", "phone_number": "+380671000002"},
        }}),
    ]
}

#[test]
fn records_of_every_kind_are_added_and_serve_at_once() {
    let node = TestNode::start();
    let answer = apply(&node, &one_of_each());
    assert_eq!(totals(&answer), [6, 6, 0, 0, 0, 0]);
    assert_eq!(answer.len(), 1);
    let client = node.store.get(CLIENTS, &Id::parse(&id(1)).unwrap()).unwrap().unwrap();
    assert_eq!((client.name.as_str(), client.access_type), ("vendor", AccessType::Broker));
    assert!(node.store.get(PERSONS, &Id::parse(&id(2)).unwrap()).unwrap().is_some());
    assert!(node.store.get(USERS, &Id::parse(&id(3)).unwrap()).unwrap().is_some());
    let digest = SecretDigest::from_hex(&"ab".repeat(32)).unwrap();
    assert_eq!(node.store.get(TOKENS, &digest).unwrap().unwrap().scope, Scopes::new("otp:read"));
    // A request of the demo's clinic can be resent as soon as its line is answered.
    let answer = apply(&node, &[person_request(7, "NEW")]);
    assert_eq!(totals(&answer), [1, 1, 0, 0, 0, 0]);
    assert_eq!(node.resend_for(&id(7)).status, 200);
}

#[test]
fn a_load_that_is_sent_again_changes_nothing() {
    let node = TestNode::start();
    apply(&node, &one_of_each());
    let before = audit(&node);
    assert_eq!(totals(&apply(&node, &one_of_each())), [6, 0, 0, 6, 0, 0]);
    assert_eq!(audit(&node), before);
}

#[test]
fn attributes_take_the_values_of_the_line_and_missing_ones_stay() {
    let node = TestNode::start();
    apply(&node, &one_of_each());
    let changes = [
        json!({"client": {"id": id(1), "name": "another", "access_type": "DIRECT"}}),
        json!({"factor": {"id": id(4), "user_id": id(3), "type": "sms", "factor": "+380671000009"}}),
        json!({"person_request": {
            "id": id(5), "client_id": id(1), "status": "NEW",
            "authentication_method": {"type": "OTP", "phone_number": "+380671000003"},
        }}),
    ];
    assert_eq!(totals(&apply(&node, &changes)), [3, 0, 3, 0, 0, 0]);
    let client = node.store.get(CLIENTS, &Id::parse(&id(1)).unwrap()).unwrap().unwrap();
    assert_eq!((client.name.as_str(), client.access_type), ("another", AccessType::Direct));
    assert_eq!(client.broker_scope, Some(Scopes::new("otp:read")));
    let connection = node.store.get(CONNECTIONS, &Connection::id_for(client.id)).unwrap().unwrap();
    assert_eq!(Some(connection.secret), SecretDigest::from_hex(&"cd".repeat(32)));
    let factor = node.store.get(FACTORS, &Id::parse(&id(3)).unwrap()).unwrap().unwrap();
    assert_eq!(factor.factor, Phone::parse("+380671000009").ok());
    assert_eq!(factor.inserted_at.to_string(), "2026-01-01T00:00:00.000000Z");
    assert_eq!(factor.updated_at, node.now());
    let request = node.store.get(PERSON_REQUESTS, &Id::parse(&id(5)).unwrap()).unwrap().unwrap();
    assert!(request.person_id.is_some());
}

#[test]
fn a_code_of_the_former_phone_approves_nothing() {
    let node = TestNode::start();
    apply(&node, &[person_request(1, "NEW")]);
    assert_eq!(node.resend_for(&id(1)).status, 200);
    let code = node.code_for("+380670000001");
    let mut moved = person_request(1, "NEW");
    moved["person_request"]["authentication_method"]["phone_number"] = json!("+380671000009");
    assert_eq!(totals(&apply(&node, &[moved])), [1, 0, 1, 0, 0, 0]);
    let path = format!("/api/person_requests/{}/actions/approve", id(1));
    let body = json!({"verification_code": code}).to_string();
    assert_eq!(node.call("PATCH", &path, &MIS, &body).status, 422);
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let node = TestNode::start();
    let answer = apply_as(&node, "/admin/apply?dry_run=true", &one_of_each());
    assert_eq!(totals(&answer), [6, 6, 0, 0, 0, 0]);
    assert_eq!(answer.last().unwrap()["total"]["dry_run"], true);
    let kinds: Vec<_> = of(&answer, "would").iter().map(|would| would["kind"].clone()).collect();
    assert_eq!(kinds, ["client", "person", "user", "token", "factor", "person_request"]);
    assert_eq!(audit(&node), [""; 0]);
    assert!(node.store.get(CLIENTS, &Id::parse(&id(1)).unwrap()).unwrap().is_none());

    apply(&node, &one_of_each());
    let lines = [
        json!({"client": {"id": id(1), "name": "another", "access_type": "BROKER",
            "api_key": {"digest": "ee".repeat(32)}}}),
        one_of_each()[1].clone(),
    ];
    let answer = apply_as(&node, "/admin/apply?dry_run=true", &lines);
    let would = of(&answer, "would");
    let expected = json!({"line": 1, "kind": "client", "action": "change", "changed": ["name"],
        "kept": ["api_key"]});
    assert_eq!(would, [&expected]);
    assert_eq!(totals(&answer), [2, 0, 1, 1, 1, 0]);
}

#[test]
fn a_long_load_tells_its_progress_and_is_one_write_for_each_64_lines() {
    let node = TestNode::start();
    let lines: Vec<_> = (1..=2100).map(|number| person_request(number, "NEW")).collect();
    let answer = apply(&node, &lines);
    assert_eq!(totals(&answer), [2100, 2100, 0, 0, 0, 0]);
    let progress: Vec<_> = of(&answer, "progress").iter().map(|it| it["lines"].clone()).collect();
    assert_eq!(progress, [1024, 2048]);
    let rows = audit(&node);
    assert_eq!(rows.len(), 33);
    assert_eq!(rows[0], "records_added person_request 64 ");
    assert_eq!(rows[32], "records_added person_request 52 ");
}

#[test]
fn the_audit_has_who_what_and_how_many() {
    let node = TestNode::start();
    let headers = [ADMIN, NDJSON, ("x-request-id", "xxx")];
    let lines: Vec<_> = (1..=70).map(client).collect();
    assert_eq!(node.call("POST", "/admin/apply", &headers, &text(&lines)).status, 200);
    let renamed = json!({"client": {"id": id(1), "name": "renamed", "access_type": "DIRECT"}});
    apply(&node, &[renamed, person_request(80, "NEW")]);
    let expected = [
        "records_added client 64 xxx",
        "records_added client 6 xxx",
        "records_changed client 1 ",
        "records_added person_request 1 ",
    ];
    assert_eq!(audit(&node), expected);
}

#[test]
fn a_demo_has_the_same_without_a_token_and_takes_secrets_in_clear() {
    let node = TestNode::start();
    let token = json!({"token": {
        "name": "mine", "secret": {"plain": "my-token"}, "user_id": USER,
        "client_id": CABINET, "scope": "admin:read", "expires_at": "+1d",
    }});
    let reply = node.call("POST", "/demo/world", &[NDJSON], &text(&[token]));
    assert_eq!(totals(&answered(&reply.text)), [1, 1, 0, 0, 0, 0]);
    let token = [("authorization", "Bearer my-token")];
    assert_eq!(node.call("GET", "/admin/audit", &token, "").status, 200);
}

#[test]
fn it_needs_the_scope_and_the_internal_listener() {
    let node = TestNode::start();
    let lines = text(&[client(1)]);
    let direct = [("authorization", "Bearer demo-direct-token"), NDJSON];
    assert_eq!(node.call("POST", "/admin/apply", &direct, &lines).status, 403);
    assert_eq!(node.call("POST", "/admin/apply", &[NDJSON], &lines).status, 401);
    let public = call(node.public_address(), "POST", "/admin/apply", &[ADMIN, NDJSON], &lines);
    assert_eq!(public.status, 404);
    assert_eq!(totals(&apply(&node, &[])), [0; 6]);
    let reply = send(&node, "/admin/apply?dry_run=maybe", &lines);
    assert_eq!(reply.status, 422);
    assert_eq!(reply.error()["invalid"][0]["entry"], "$.dry_run");
}

#[test]
fn a_line_that_may_be_a_mistake_is_applied_with_a_notice_once() {
    let node = TestNode::start();
    let token = |secret: &str, scope: &str, expires_at: &str| {
        json!({"token": {"name": "a", "secret": {"digest": secret.repeat(32)}, "user_id": USER,
            "client_id": CLINIC, "scope": scope, "expires_at": expires_at}})
    };
    let mut vendor = client(1);
    vendor["client"]["broker_scope"] = json!("otp:raed");
    let mut old = person_request(2, "NEW");
    old["person_request"]["inserted_at"] = json!("-31d");
    let lines = [
        vendor,
        token("ab", "otp:read otp:wriet", "+1d"),
        token("cd", "otp:read", "-1d"),
        old,
        client(3),
    ];
    let notices = |answer: &[Value]| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of_one = |notice: &&Value| {
            (notice["line"].as_u64().unwrap(), text(&notice["entry"]), text(&notice["what"]))
        };
        of(answer, "notice").iter().map(of_one).collect::<Vec<_>>()
    };
    let expected = [
        (1, "$.client.broker_scope", "no method here requires otp:raed"),
        (2, "$.token.scope", "no method here requires otp:wriet"),
        (3, "$.token.expires_at", "is in the past: the token has expired"),
        (
            4,
            "$.person_request.inserted_at",
            "is 30 days in the past or more: NEW counts as EXPIRED",
        ),
    ]
    .map(|(line, entry, what)| (line, entry.to_owned(), what.to_owned()));
    let tried = send(&node, "/admin/apply?dry_run=true", &text(&lines));
    assert_eq!(notices(&answered(&tried.text)), expected);
    let answer = apply(&node, &lines);
    assert_eq!((notices(&answer), totals(&answer)), (expected.to_vec(), [5, 5, 0, 0, 0, 0]));
    assert_eq!(notices(&apply(&node, &lines)), [], "what a repeat leaves as it is");
}
