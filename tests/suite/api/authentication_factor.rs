//! The patient's own factor: page "Get authentication factor" [API-005-010-006-0206].

use std::time::Duration;

use esoz_otp::clock::Clock as _;
use serde_json::{Value, json};

use crate::support::{DEMO_WORLD, MIS, Reply, TestNode};

const PATH: &str = "/api/cabinet/authentication_factor";

const NO_SCOPE: &str =
    "Your scope does not allow to access this resource. Missing allowances: \"person:read\"";

/// Token, api-key if there is one, and what is answered.
type Row = (&'static str, &'static str, u16, &'static str, Option<&'static str>);

const TABLE: &[Row] = &[
    ("demo-patient-token", "", 200, "", None),
    ("demo-patient-token", "nobody-s-key", 200, "", None),
    ("nobody-s-token", "", 404, "not_found", Some("Token was not found")),
    ("demo-expired-token", "", 401, "access_denied", Some("Access denied")),
    ("demo-blocked-client-token", "", 401, "access_denied", Some("Access denied")),
    ("demo-mis-token", "", 401, "access_denied", Some("Api key is not set")),
    ("demo-mis-token", "demo-api-key", 403, "forbidden", Some(NO_SCOPE)),
    ("demo-direct-token", "", 403, "forbidden", Some(NO_SCOPE)),
    ("demo-noscope-token", "", 403, "forbidden", Some(NO_SCOPE)),
    ("demo-blocked-user-token", "", 401, "access_denied", Some("User blocked")),
    ("demo-inactive-person-token", "", 409, "request_conflict", Some("Person is not active")),
    ("demo-nofactor-token", "", 404, "not_found", Some("Factor not set")),
];

fn get(node: &TestNode, token: &str, api_key: &str) -> Reply {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str()), ("api-key", api_key)];
    let given = if api_key.is_empty() { &headers[..1] } else { &headers };
    node.call("GET", PATH, given, "")
}

#[test]
fn every_token_of_the_demo_gets_what_the_page_says() {
    let node = TestNode::start();
    for (token, api_key, status, error_type, message) in TABLE {
        let reply = get(&node, token, api_key);
        let expected = (*status, *error_type, *message, None);
        assert_eq!(reply.refusal(), expected, "{token} {api_key}");
    }
    let world: Value = serde_json::from_str(DEMO_WORLD).unwrap();
    for token in world["tokens"].as_array().unwrap() {
        assert!(TABLE.iter().any(|row| row.0 == token["name"]), "{token}");
    }
}

#[test]
fn an_unknown_token_is_a_404_here_and_a_401_everywhere_else() {
    let node = TestNode::start();
    let token = [("authorization", "Bearer nobody-s-token"), MIS[1]];
    assert_eq!(node.call("GET", PATH, &token, "").message(), Some("Token was not found"));
    let request = "eeebb86d-5cba-43c9-885b-6482ecaf826b";
    for (method, path) in [
        ("POST", format!("/api/person_requests/{request}/actions/resend_otp")),
        ("PATCH", format!("/api/person_requests/{request}/actions/approve")),
        ("GET", format!("/api/person_requests/{request}")),
        ("POST", "/api/verifications".into()),
        ("GET", "/api/verifications/+380631112233".into()),
    ] {
        let reply = node.call(method, &path, &token, "");
        let expected = (401, "access_denied", Some("Invalid access token"), None);
        assert_eq!(reply.refusal(), expected, "{path}");
    }
}

#[test]
fn a_token_holds_in_the_very_moment_of_its_end_and_not_a_microsecond_longer() {
    let node = TestNode::start();
    node.clock.push(Duration::from_hours(30 * 24));
    assert_eq!(get(&node, "demo-patient-token", "").status, 200);
    node.clock.push(Duration::from_micros(1));
    let denied = (401, "access_denied", Some("Access denied"), None);
    assert_eq!(get(&node, "demo-patient-token", "").refusal(), denied, "{:?}", node.clock.now());
}

#[test]
fn a_factor_that_was_reset_is_shown_without_a_number_and_a_disabled_one_as_such() {
    let user = |last: u8| format!("b1000000-0000-4000-8000-00000000000{last}");
    let factor = |last: u8| format!("f1000000-0000-4000-8000-00000000000{last}");
    let person = "a0000000-0000-4000-8000-000000000001";
    let token = |name: &str, last: u8| {
        json!({
            "name": name, "secret": {"plain": name}, "user_id": user(last),
            "client_id": "c0000000-0000-4000-8000-000000000002", "scope": "person:read",
            "expires_at": "+1h"
        })
    };
    let node = TestNode::with_more(&json!({
        "users": [{"id": user(1), "person_id": person}, {"id": user(2), "person_id": person}],
        "tokens": [token("reset-token", 1), token("disabled-token", 2)],
        "factors": [
            {"id": factor(1), "user_id": user(1), "type": "sms", "factor": null},
            {
                "id": factor(2), "user_id": user(2), "type": "sms",
                "factor": "+380661000009", "is_active": false
            },
        ],
    }));
    let shown = |token: &str| get(&node, token, "").data().clone();
    assert_eq!(
        shown("reset-token"),
        json!({
            "id": factor(1), "type": "sms", "factor": null, "is_active": true, "user_id": user(1)
        })
    );
    assert_eq!(
        shown("disabled-token"),
        json!({
            "id": factor(2), "type": "sms", "factor": "+380661000009", "is_active": false,
            "user_id": user(2)
        })
    );
}
