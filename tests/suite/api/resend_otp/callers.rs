//! Who may have a code resent: token, client, api-key, scope, user, in this order.

use serde_json::{Value, json};

use super::{SENT, UNKNOWN, path};
use crate::support::{MIS, Reply, SEED_REQUEST, TestNode};

const CABINET: &str = "c0000000-0000-4000-8000-000000000002";
const CABINET_S_OWN: &str = "e0000000-0000-4000-8000-00000000000c";

const NO_TOKEN: (u16, Option<&str>) =
    (401, Some("Authorization header is not set or doesn't contain Bearer token"));
const UNKNOWN_TOKEN: (u16, Option<&str>) = (401, Some("Invalid access token"));
const DENIED: (u16, Option<&str>) = (401, Some("Access denied"));
const NO_KEY: (u16, Option<&str>) = (401, Some("Api key is not set"));
const WRONG_KEY: (u16, Option<&str>) = (401, Some("Invalid api key"));
const NO_SCOPE: (u16, Option<&str>) = (403, Some("Invalid scope"));
const BLOCKED: (u16, Option<&str>) = (401, Some("User blocked"));

fn resend_as(node: &TestNode, request: &str, authorization: &str, api_key: &str) -> Reply {
    let headers = [("authorization", authorization), ("api-key", api_key)];
    let given: Vec<_> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    node.call("POST", &path(request), &given, "")
}

/// Vendors that are none, and tokens that have two things against them.
fn world() -> Value {
    let clinic = "c0000000-0000-4000-8000-000000000001";
    let blocked_clinic = "c0000000-0000-4000-8000-000000000003";
    let vendor = |last: &str, name: &str, scope: Option<&str>, is_blocked: bool| {
        json!({
            "id": format!("c1000000-0000-4000-8000-00000000000{last}"), "name": name,
            "access_type": "BROKER", "api_key": {"plain": name}, "broker_scope": scope,
            "is_blocked": is_blocked
        })
    };
    let token = |name: &str, client: &str, user: &str, scope: &str, expires_at: &str| {
        json!({
            "name": name, "secret": {"plain": name}, "client_id": client,
            "user_id": format!("b0000000-0000-4000-8000-00000000000{user}"),
            "scope": scope, "expires_at": expires_at
        })
    };
    json!({
        "clients": [
            vendor("1", "blocked-vendor", Some("person_request:write"), true),
            vendor("2", "no-vendor", None, false),
        ],
        "tokens": [
            token("expired-at-blocked", blocked_clinic, "8", "person_request:write", "-1s"),
            token("reader", clinic, "1", "person_request:read otp:write", "+30d"),
            token("blocked-writer", CABINET, "4", "person_request:write", "+30d"),
        ],
    })
}

#[test]
fn callers_are_refused_for_the_first_thing_that_is_against_them() {
    let node = TestNode::with_more(&world());
    let table = [
        ("", "demo-api-key", NO_TOKEN),
        ("Basic ZGVtbzpkZW1v", "demo-api-key", NO_TOKEN),
        ("Bearer", "demo-api-key", NO_TOKEN),
        ("demo-mis-token", "demo-api-key", NO_TOKEN),
        ("Bearer demo-mis-tokem", "demo-api-key", UNKNOWN_TOKEN),
        ("Bearer demo-mis-token demo-mis-token", "demo-api-key", UNKNOWN_TOKEN),
        ("Bearer expired-at-blocked", "", DENIED),
        ("Bearer demo-expired-token", "", DENIED),
        ("Bearer demo-blocked-client-token", "", DENIED),
        ("Bearer demo-blocked-client-token", "nobody-s-key", DENIED),
        ("Bearer demo-mis-token", "", NO_KEY),
        ("Bearer reader", "", NO_KEY),
        ("Bearer demo-mis-token", "nobody-s-key", WRONG_KEY),
        ("Bearer demo-mis-token", "demo-mis-token", WRONG_KEY),
        ("Bearer demo-mis-token", "blocked-vendor", WRONG_KEY),
        ("Bearer demo-mis-token", "no-vendor", WRONG_KEY),
        ("Bearer reader", "nobody-s-key", WRONG_KEY),
        ("Bearer demo-mis-token", "demo-api-key-narrow", NO_SCOPE),
        ("Bearer reader", "demo-api-key", NO_SCOPE),
        ("Bearer demo-noscope-token", "", NO_SCOPE),
        ("Bearer demo-blocked-user-token", "", NO_SCOPE),
        ("Bearer blocked-writer", "", BLOCKED),
    ];
    for (authorization, api_key, expected) in table {
        for request in [SEED_REQUEST, CABINET_S_OWN, "no-uuid"] {
            let reply = resend_as(&node, request, authorization, api_key);
            assert_eq!((reply.status, reply.message()), expected, "{authorization} {api_key}");
        }
    }
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn a_direct_client_s_own_request_needs_no_api_key() {
    let node = TestNode::start();
    let reply = resend_as(&node, CABINET_S_OWN, "Bearer demo-direct-token", "");
    assert_eq!((reply.status, reply.message()), SENT);
    node.code_for("+380671000012");
}

#[test]
fn an_api_key_is_not_looked_at_for_a_direct_client() {
    for api_key in ["nobody-s-key", "demo-api-key-narrow"] {
        let node = TestNode::start();
        let reply = resend_as(&node, CABINET_S_OWN, "Bearer demo-direct-token", api_key);
        assert_eq!((reply.status, reply.message()), SENT, "{api_key}");
    }
}

#[test]
fn another_client_s_request_is_an_unknown_one() {
    let node = TestNode::start();
    let reply = resend_as(&node, SEED_REQUEST, "Bearer demo-direct-token", "");
    assert_eq!((reply.status, reply.message()), UNKNOWN);
    let reply = node.call("POST", &path(CABINET_S_OWN), &MIS, "");
    assert_eq!((reply.status, reply.message()), UNKNOWN);
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn the_scheme_is_bearer_in_any_case() {
    let node = TestNode::start();
    let reply = resend_as(&node, SEED_REQUEST, "bEARER   demo-mis-token", "demo-api-key");
    assert_eq!((reply.status, reply.message()), SENT);
}
