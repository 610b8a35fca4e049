//! Who holds a phone: `/api/verifications` with a token, `/verifications` without, the same otherwise.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{CountedCodes, MIS, Reply, Setup, TestNode};

const PHONE: &str = "+380631112233";

/// Paths before `/verifications`, and what their callers bring.
const SURFACES: [(&str, &[(&str, &str)]); 2] = [("/api", &MIS), ("", &[])];

/// Draws `100042` first.
fn node() -> TestNode {
    TestNode::set_up(Setup { entropy: Arc::new(CountedCodes::from(42)), ..Setup::default() })
}

fn complete(node: &TestNode, phone: &str, body: &str) -> Reply {
    node.call("PATCH", &format!("/verifications/{phone}/actions/complete"), &[], body)
}

fn entry(property: &str, rule: &str, params: &Value, description: &str) -> Value {
    let rule = json!({"rule": rule, "params": params, "description": description});
    json!([{"entry_type": "json_data_property", "entry": property, "rules": [rule]}])
}

#[test]
fn both_surfaces_send_a_code_and_take_it_back() {
    for (surface, headers) in SURFACES {
        let node = node();
        let at_phone = format!("{surface}/verifications/{PHONE}");
        let unknown = node.call("GET", &at_phone, headers, "");
        assert_eq!(unknown.refusal(), (404, "not_found", None, None));

        let body = json!({"phone_number": PHONE}).to_string();
        let sent = node.call("POST", &format!("{surface}/verifications"), headers, &body);
        assert_eq!(sent.status, 201, "{surface}");
        let id = sent.data()["id"].as_str().unwrap();
        assert!(uuid::Uuid::try_parse(id).is_ok(), "{id}");
        let four = json!({
            "id": id, "status": "new", "code_expired_at": "2026-11-21T12:05:00.000000Z",
            "active": true
        });
        assert_eq!(*sent.data(), four);
        assert_eq!(sent.header("location"), None);
        assert_eq!(node.code_for(PHONE), "100042");
        assert_eq!(node.call("GET", &at_phone, headers, "").status, 404);

        let path = format!("{at_phone}/actions/complete");
        let done = node.call("PATCH", &path, headers, r#"{"code": 100042}"#);
        assert_eq!(done.status, 200, "{surface}");
        let four = json!({
            "id": id, "status": "verified", "code_expired_at": "2026-11-21T12:05:00.000000Z",
            "active": false
        });
        assert_eq!(*done.data(), four);
        assert_eq!(done.header("location"), Some(format!("/verifications/{id}").as_str()));

        for (other, headers) in SURFACES {
            let seen = node.call("GET", &format!("{other}/verifications/{PHONE}"), headers, "");
            assert_eq!((seen.status, seen.data()), (200, &json!({"phone_number": PHONE})));
        }
    }
}

#[test]
fn a_provider_is_taken_and_not_looked_at() {
    for provider in [json!("twilio"), json!("nobody"), json!(""), json!(null), json!(42)] {
        let node = node();
        let body = json!({"phone_number": PHONE, "provider": provider}).to_string();
        assert_eq!(node.call("POST", "/verifications", &[], &body).status, 201, "{body}");
        assert_eq!(node.code_for(PHONE), "100042");
    }
}

#[test]
fn a_number_that_is_none_is_refused_with_the_pattern() {
    let node = node();
    for phone in [
        "",
        "380631112233",
        "0631112233",
        "+38063111223",
        "+3806311122334",
        "+381631112233",
        "+380 31112233",
        "+38063111223٣",
        " +380631112233",
        "+380631112233\\n",
        "%2B380631112233",
    ] {
        let body = format!(r#"{{"phone_number": "{phone}"}}"#);
        let reply = node.call("POST", "/verifications", &[], &body);
        assert_eq!((reply.status, &reply.error()["type"]), (422, &json!("validation_failed")));
        // As text: one backslash in the pattern, two in the description, each escaped by JSON.
        let params = r#""params":["^\\+380[0-9]{9}$"]"#;
        let description = r#""description":"string does not match pattern \"^\\\\+380[0-9]{9}$\"""#;
        assert!(reply.text.contains(params), "{phone} {}", reply.text);
        assert!(reply.text.contains(description), "{phone} {}", reply.text);
        let invalid = &reply.error()["invalid"];
        assert_eq!(invalid.as_array().unwrap().len(), 1, "{phone}");
        assert_eq!(invalid[0]["entry"], "$.phone_number", "{phone}");
        assert_eq!(invalid[0]["entry_type"], "json_data_property", "{phone}");
        assert_eq!(invalid[0]["rules"][0]["rule"], "format", "{phone}");
    }
    assert_eq!(node.messages_waiting(), 0);
    assert_eq!(node.initialize(PHONE).status, 201);
}

#[test]
fn a_body_that_does_not_fit_is_told_why() {
    let node = node();
    let missing = "required property phone_number was not present";
    let missing = entry("$.phone_number", "required", &json!([]), missing);
    let cast = |got: &str| {
        let description = format!("type mismatch. Expected String but got {got}");
        entry("$.phone_number", "cast", &json!(["string"]), &description)
    };
    let allowed = json!({"phone_number": {}, "provider": {}});
    let extra = "schema does not allow additional properties";
    let extra = entry("$.code", "schema", &allowed, extra);
    let table = [
        ("", missing.clone()),
        ("{}", missing.clone()),
        ("[]", missing),
        (r#"{"phone_number": 380631112233}"#, cast("Integer")),
        (r#"{"phone_number": 1.5}"#, cast("Number")),
        (r#"{"phone_number": null}"#, cast("Null")),
        (r#"{"phone_number": ["+380631112233"]}"#, cast("Array")),
        (r#"{"phone_number": "+380631112233", "code": 42}"#, extra),
    ];
    for (body, invalid) in table {
        let reply = node.call("POST", "/verifications", &[], body);
        assert_eq!((reply.status, &reply.error()["type"]), (422, &json!("validation_failed")));
        assert_eq!(reply.error()["invalid"], invalid, "{body}");
    }
    let refused = node.initialize("+380900123456");
    assert_eq!(refused.status, 422);
    let description = "numbers of this range get no codes";
    let range = entry("$.phone_number", "format", &json!([]), description);
    assert_eq!(refused.error()["invalid"], range);
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn a_phone_in_a_path_may_be_escaped_and_one_that_is_none_is_unknown() {
    let node = node();
    assert_eq!(node.initialize(PHONE).status, 201);
    for phone in ["380631112233", "0631112233", "%20380631112233", "%252B380631112233", "me"] {
        assert_eq!(complete(&node, phone, r#"{"code": 100042}"#).refusal(), NOT_FOUND, "{phone}");
        let seen = node.call("GET", &format!("/verifications/{phone}"), &[], "");
        assert_eq!(seen.refusal(), NOT_FOUND, "{phone}");
    }
    assert_eq!(complete(&node, "%2B380631112233", r#"{"code": 100042}"#).status, 200);
    for phone in ["+380631112233", "%2B380631112233", "%2b38063111223%33"] {
        let seen = node.call("GET", &format!("/verifications/{phone}"), &[], "");
        assert_eq!(seen.status, 200, "{phone}");
        assert_eq!(seen.data()["phone_number"], PHONE);
    }
}

const NOT_FOUND: (u16, &str, Option<&str>, Option<&str>) = (404, "not_found", None, None);

#[test]
fn a_malformed_code_is_refused_before_the_phone_is_looked_for_and_costs_no_attempt() {
    let node = node();
    assert_eq!(node.initialize(PHONE).status, 201);
    for phone in [PHONE, "+380639999999", "me"] {
        for body in [r#"{"code": "42"}"#, r#"{"code": -42}"#, r#"{"code": 1000000}"#] {
            let reply = complete(&node, phone, body);
            let description = "string does not match pattern \"^[0-9]{6}$\"";
            let invalid = entry("$.code", "format", &json!(["^[0-9]{6}$"]), description);
            assert_eq!((reply.status, &reply.error()["invalid"]), (422, &invalid), "{body}");
        }
        let reply = complete(&node, phone, r#"{"code": true}"#);
        let description = "type mismatch. Expected Number but got Boolean";
        let invalid = entry("$.code", "cast", &json!(["number"]), description);
        assert_eq!((reply.status, &reply.error()["invalid"]), (422, &invalid), "{phone}");
        let reply = complete(&node, phone, "");
        let description = "required property code was not present";
        let invalid = entry("$.code", "required", &json!([]), description);
        assert_eq!((reply.status, &reply.error()["invalid"]), (422, &invalid), "{phone}");
    }
    assert_eq!(complete(&node, "+380639999999", r#"{"code": 100042}"#).refusal(), NOT_FOUND);
    assert_eq!(node.compared(), 0);
    assert_eq!(complete(&node, PHONE, r#"{"code": 100042}"#).status, 200);
}

#[test]
fn after_three_wrong_codes_the_right_one_is_too_late() {
    let node = node();
    assert_eq!(node.initialize(PHONE).status, 201);
    for _ in 0..3 {
        assert_eq!(node.complete(PHONE, "100043").reason(), Some("wrong_code"));
    }
    let spent = (403, "forbidden", Some("Maximum attempts exceed"), Some("attempts_exhausted"));
    assert_eq!(node.complete(PHONE, "100042").refusal(), spent);
    assert_eq!(node.call("GET", &format!("/verifications/{PHONE}"), &[], "").status, 404);
    assert_eq!(node.compared(), 3);
}
