//! Lines that are refused: each with its number, every fault with its path, and no value.

use serde_json::{Value, json};

use super::{CLINIC, USER, answered, apply, client, id, of, person_request, send, text, totals};
use crate::support::{Setup, TestNode};

/// Entry and rule of each fault of the only refused line.
fn faults(node: &TestNode, line: &str) -> Vec<(String, String)> {
    let reply = send(node, "/admin/apply", &format!("\n{line}\n"));
    assert_eq!(reply.status, 200, "{}", reply.text);
    let answer = answered(&reply.text);
    assert_eq!(totals(&answer), [1, 0, 0, 0, 0, 1], "{}", reply.text);
    let refused = of(&answer, "refused");
    assert_eq!(refused[0]["line"], 2, "an empty line counts");
    let faults = refused[0]["invalid"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    faults.map(|fault| (word(&fault["entry"]), word(&fault["rules"][0]["rule"]))).collect()
}

#[test]
fn a_line_has_all_of_its_faults_at_once() {
    let node = TestNode::set_up(Setup { is_demo: false, ..Setup::default() });
    let many = json!({"person_request": {
        "id": "no-uuid", "client_id": CLINIC, "status": "OLD", "inserted_at": "+380671112233",
        "authentication_method": {"type": "OTP", "phone_number": "0671112233"}, "code": 1,
    }});
    let expected = [
        ("$.person_request.code", "schema"),
        ("$.person_request.id", "format"),
        ("$.person_request.status", "inclusion"),
        ("$.person_request.authentication_method.phone_number", "format"),
        ("$.person_request.inserted_at", "format"),
    ];
    assert_eq!(faults(&node, &many.to_string()), expected.map(|(a, b)| (a.into(), b.into())));
    let user = |id: &str| format!(r#"{{"user": {{"id": "{id}"}}}}"#);
    let twice = format!(r#"{{"user": {{"id": "{}", "id": "{}"}}}}"#, id(1), id(1));
    let plain = json!({"client": {"id": id(1), "name": "a", "access_type": "DIRECT",
        "api_key": {"plain": "in-clear"}}});
    let generated = json!({"token": {"name": "a", "secret": {"generate": true}, "user_id": USER,
        "client_id": CLINIC, "scope": "", "expires_at": "+1d"}});
    for (line, entry, rule) in [
        ("{", "", "json"),
        ("nothing", "", "json"),
        ("[]", "$", "cast"),
        ("{}", "$", "invalid"),
        (r#"{"patient": {}}"#, "$.patient", "schema"),
        (r#"{"users": []}"#, "$.users", "schema"),
        (r#"{"user": null}"#, "$.user", "cast"),
        (&user("1"), "$.user.id", "format"),
        (&twice, "$.user.id", "schema"),
        (&plain.to_string(), "$.client.api_key.plain", "invalid"),
        (&generated.to_string(), "$.token.secret", "invalid"),
    ] {
        let faults = faults(&node, line);
        assert_eq!(faults[0], (entry.to_owned(), rule.to_owned()), "{line}");
    }
}

#[test]
fn a_reference_leads_to_an_earlier_line_or_to_the_store() {
    let node = TestNode::start();
    let user = json!({"user": {"id": id(2), "person_id": id(1)}});
    let person =
        json!({"person": {"id": id(1), "status": "active", "authentication_method": "OTP"}});
    let answer = apply(&node, &[user.clone(), person, user]);
    assert_eq!(totals(&answer), [3, 2, 0, 0, 0, 1]);
    let refused = of(&answer, "refused");
    let expected = json!({"line": 1, "invalid": [{
        "entry_type": "json_data_property", "entry": "$.user.person_id", "rules": [{
            "rule": "reference", "params": [],
            "description": format!("there is no person {}, neither on an earlier line nor in the store", id(1)),
        }],
    }]});
    assert_eq!(refused, [&expected]);
}

#[test]
fn a_line_that_contradicts_the_store_is_refused() {
    let node = TestNode::start();
    let token = |user: &str, client: &str| {
        json!({"token": {"name": "a", "secret": {"digest": "ab".repeat(32)}, "user_id": user,
            "client_id": client, "scope": "otp:read", "expires_at": "+1d"}})
    };
    let keyed = |number: usize| {
        json!({"client": {"id": id(number), "name": "vendor", "access_type": "DIRECT",
            "api_key": {"digest": "cd".repeat(32)}}})
    };
    let factor =
        |number: usize| json!({"factor": {"id": id(number), "user_id": id(3), "type": "sms"}});
    let mut moved = person_request(5, "NEW");
    moved["person_request"]["client_id"] = json!(id(1));
    let long = json!({"client": {"id": id(8), "name": "n".repeat(5000), "access_type": "DIRECT"}});
    let lines = [
        keyed(1),
        keyed(2),
        json!({"user": {"id": id(3)}}),
        token(&id(3), &id(1)),
        token(USER, &id(1)),
        token(&id(3), CLINIC),
        factor(6),
        factor(7),
        person_request(5, "NEW"),
        moved,
        long,
    ];
    let answer = apply(&node, &lines);
    let refused: Vec<_> = of(&answer, "refused")
        .iter()
        .map(|refused| {
            let fault = &refused["invalid"][0];
            assert_eq!(fault["rules"][0]["rule"], "conflict");
            (refused["line"].as_u64().unwrap(), fault["entry"].as_str().unwrap().to_owned())
        })
        .collect();
    let expected = [
        (2, "$.client.api_key"),
        (5, "$.token.user_id"),
        (6, "$.token.client_id"),
        (8, "$.factor.id"),
        (10, "$.person_request.client_id"),
        (11, "$.client"),
    ];
    assert_eq!(refused, expected.map(|(line, entry)| (line, entry.to_owned())));
    assert_eq!(totals(&answer), [11, 5, 0, 0, 0, 6]);
}

#[test]
fn a_refused_line_does_not_hold_up_the_others() {
    let node = TestNode::start();
    let mut lines: Vec<_> = (1..=200).map(client).collect();
    lines[99] = json!({"client": {"id": 1}});
    let answer = apply(&node, &lines);
    assert_eq!(totals(&answer), [200, 199, 0, 0, 0, 1]);
    assert_eq!(of(&answer, "refused")[0]["line"], 100);
    // Mended, the load is sent again.
    lines[99] = client(100);
    assert_eq!(totals(&apply(&node, &lines)), [200, 1, 0, 199, 0, 0]);
    assert!(text(&lines).len() > 64);
}

/// Paths and the audit name a factor by its id alone.
#[test]
fn a_factor_s_id_belongs_to_one_user_within_a_load_and_across_loads() {
    let node = TestNode::start();
    let user = |number: usize| json!({"user": {"id": id(number)}});
    let factor = |number: usize, user: usize| json!({"factor": {"id": id(number), "user_id": id(user), "type": "sms"}});
    let answer = apply(&node, &[user(1), user(2), factor(6, 1), factor(6, 2)]);
    let refused = of(&answer, "refused");
    assert_eq!(refused.len(), 1, "{answer:?}");
    assert_eq!(
        (&refused[0]["line"], refused[0]["invalid"][0]["entry"].as_str()),
        (&json!(4), Some("$.factor.id"))
    );
    // The index has it by now.
    assert_eq!(totals(&apply(&node, &[factor(6, 2)])), [1, 0, 0, 0, 0, 1]);
    assert_eq!(totals(&apply(&node, &[factor(6, 1), factor(7, 2)])), [2, 1, 0, 1, 0, 0]);
}

#[test]
fn a_faulty_line_tells_its_missing_records_and_contradictions_too() {
    let node = TestNode::start();
    let missing = id(404);
    let mut request = person_request(1, "OLD");
    request["person_request"]["client_id"] = json!(missing);
    let generated = json!({"token": {"name": "", "secret": {"generate": true}, "user_id": missing,
        "client_id": missing, "scope": "", "expires_at": "+1d"}});
    for (line, expected) in [
        (
            request,
            &[
                ("$.person_request.status", "inclusion"),
                ("$.person_request.client_id", "reference"),
            ][..],
        ),
        (
            generated,
            &[
                ("$.token.secret", "invalid"),
                ("$.token.name", "format"),
                ("$.token.user_id", "reference"),
                ("$.token.client_id", "reference"),
            ],
        ),
    ] {
        let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
        assert_eq!(faults(&node, &line.to_string()), expected, "{line}");
    }
    let token = |user: &str, client: &str| {
        json!({"token": {"name": "a", "secret": {"digest": "ab".repeat(32)}, "user_id": user,
            "client_id": client, "scope": "otp:read", "expires_at": "+1d"}})
    };
    assert_eq!(totals(&apply(&node, &[token(USER, CLINIC), client(1)])), [2, 2, 0, 0, 0, 0]);
    let moved = faults(&node, &token(&missing, &id(1)).to_string());
    let expected = [
        ("$.token.user_id", "reference"),
        ("$.token.user_id", "conflict"),
        ("$.token.client_id", "conflict"),
    ];
    assert_eq!(moved, expected.map(|(a, b)| (a.into(), b.into())));
}

#[test]
fn a_reference_of_a_faulty_line_may_lead_to_an_earlier_one() {
    let node = TestNode::start();
    let person =
        json!({"person": {"id": id(1), "status": "active", "authentication_method": "OTP"}});
    let user = json!({"user": {"id": "1", "person_id": id(1)}});
    let answer = apply(&node, &[person, user]);
    let refused = of(&answer, "refused");
    let invalid = refused[0]["invalid"].as_array().unwrap();
    assert_eq!((invalid.len(), &invalid[0]["entry"]), (1, &json!("$.user.id")));
}

#[test]
fn faults_of_lines_say_what_is_allowed() {
    let node = TestNode::start();
    let entity =
        json!({"client": {"id": id(1), "name": "", "access_type": "MAYBE", "nickname": 1}});
    let marked = format!("\u{feff}{}", client(1));
    for (line, expected) in [
        (
            entity.to_string(),
            &[
                "there is no such name here; known: id, name, access_type, broker_scope, api_key, is_blocked",
                "expected a name: has no control characters, and is not empty",
                "expected one of DIRECT, BROKER",
            ][..],
        ),
        (r#"{"client": {"id""#.to_owned(), &["the line is no JSON, from its byte 16 on"]),
        (marked, &["the line begins with a byte order mark: save the file as UTF-8 without one"]),
    ] {
        let answer = answered(&send(&node, "/admin/apply", &line).text);
        let invalid = of(&answer, "refused")[0]["invalid"].as_array().unwrap().clone();
        let told: Vec<_> = invalid
            .iter()
            .map(|fault| fault["rules"][0]["description"].as_str().unwrap())
            .collect();
        assert_eq!(told, expected, "{line}");
    }
}
