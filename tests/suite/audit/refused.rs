//! Callers who are not let in: each of them leaves a row that says who, from where and why, and nobody else does.

use esoz_otp::config::DialectName;
use serde_json::{Value, json};

use super::{CABINET, node, shown, without_ids, world};
use crate::support::{SEED_REQUEST, Setup, TestNode, call, quick};

const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";
const BLOCKED_CLINIC: &str = "c0000000-0000-4000-8000-000000000003";

/// A user of the demo's world.
fn user(last: u8) -> Value {
    format!("b0000000-0000-4000-8000-00000000000{last}").into()
}

/// Token, api-key; event, reason, client and user of the row.
fn refused() -> Vec<(&'static str, &'static str, [Value; 4])> {
    let token = |reason: &str, client: &str, user| {
        ["token_refused".into(), reason.into(), client.into(), user]
    };
    let nobody = || ["token_refused".into(), "unknown".into(), Value::Null, Value::Null];
    let vendor = |reason: &str| [reason.into(), "invalid".into(), CLINIC.into(), user(1)];
    vec![
        ("nobody-s-token", "", nobody()),
        ("nobody-s-token", "demo-api-key", nobody()),
        ("demo-expired-token", "", token("expired", CABINET, user(3))),
        ("demo-blocked-client-token", "", token("client_blocked", BLOCKED_CLINIC, user(8))),
        ("demo-noscope-token", "", token("scope_missing", CABINET, user(2))),
        ("demo-mis-token", "", token("api_key_missing", CLINIC, user(1))),
        ("demo-mis-token", "nobody-s-key", vendor("api_key_refused")),
        ("demo-mis-token", "demo-api-key-narrow", token("scope_missing", CLINIC, user(1))),
    ]
}

fn try_to_read(node: &TestNode, token: &str, api_key: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("api-key", api_key)];
    let given = &headers[..if api_key.is_empty() { 1 } else { 2 }];
    let path = format!("/api/person_requests/{SEED_REQUEST}");
    node.call("GET", &path, given, "").status
}

#[test]
fn a_row_says_why_and_who_as_far_as_that_is_known_in_either_dialect() {
    for dialect in DialectName::ALL {
        let node = node(dialect);
        for (number, (token, api_key, [event, reason, client_id, user_id])) in
            refused().into_iter().enumerate()
        {
            let status = try_to_read(&node, token, api_key);
            assert!([401, 403].contains(&status), "{dialect}: {token} {api_key}: {status}");
            let rows = without_ids(shown(&node));
            // Reading them ends a row, so that the second, which is equal to the first, is another.
            assert_eq!(rows.len(), number + 1, "{dialect}: {token} {api_key}");
            let expected = json!({
                "number": number + 1, "at": "2026-11-21T12:00:00.000000Z",
                "event": event, "reason": reason, "client_id": client_id, "user_id": user_id,
                "peer": "127.0.0.1", "uid": null, "phone_number": null, "verification_id": null,
                "person_request_id": null, "times": 1
            });
            assert_eq!(rows[number], expected, "{dialect}: {token} {api_key}");
        }
    }
}

#[test]
fn a_blocked_user_is_written_down() {
    for dialect in DialectName::ALL {
        let node = node(dialect);
        let headers = [("authorization", "Bearer demo-blocked-user-token")];
        let reply = node.call("GET", "/api/cabinet/authentication_factor", &headers, "");
        assert_eq!(reply.status, 401);
        let rows = shown(&node);
        assert_eq!(rows.len(), 1);
        assert_eq!((&rows[0]["reason"], &rows[0]["user_id"]), (&"user_blocked".into(), &user(4)));
    }
}

#[test]
fn who_shows_nothing_and_who_is_let_in_leave_no_row() {
    let node = node(DialectName::Documented);
    for headers in [
        &[][..],
        &[("authorization", "Basic x")],
        &[("authorization", "Bearer demo-direct-token")],
        &[("authorization", "Bearer demo-mis-token"), ("api-key", "demo-api-key")],
    ] {
        node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), headers, "");
    }
    node.call("GET", "/nowhere", &[("authorization", "Bearer nobody-s-token")], "");
    node.call("GET", "/health/live", &[("authorization", "Bearer nobody-s-token")], "");
    assert_eq!(shown(&node), [Value::Null; 0]);
}

/// Where the rows say that requests came from, over the public listener with this in the header.
fn peers(behind_proxy: bool, forwarded_for: &[&str]) -> Vec<Value> {
    peers_of(Setup { world: world(), behind_proxy, ..Setup::default() }, forwarded_for)
}

/// The same where the proxy is elsewhere.
fn strangers(forwarded_for: &[&str]) -> Vec<Value> {
    let mut config = quick();
    config.public.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    let setup = Setup { config, world: world(), behind_proxy: true, ..Setup::default() };
    peers_of(setup, forwarded_for)
}

fn peers_of(setup: Setup, forwarded_for: &[&str]) -> Vec<Value> {
    let node = TestNode::set_up(setup);
    for value in forwarded_for {
        let headers = [("authorization", "Bearer nobody-s-token"), ("x-forwarded-for", value)];
        let reply = call(node.public_address(), "POST", "/api/verifications", &headers, "{}");
        assert_eq!(reply.status, 401);
    }
    shown(&node).into_iter().map(|row| row["peer"].clone()).collect()
}

#[test]
fn behind_a_proxy_the_peer_is_whom_the_proxy_names_and_otherwise_whose_socket_it_is() {
    let said = ["203.0.113.9", "203.0.113.1, 2001:db8::9", "203.0.113.1, unknown", "127.0.0.1"];
    let named = ["203.0.113.9".into(), "2001:db8::9".into(), Value::Null];
    let mut behind = peers(true, &said);
    // The last two may be one row: both are from nobody knows where.
    behind.dedup();
    assert_eq!(behind, named);
    // With another proxy than the one that calls, nothing that it says counts.
    let mut stranger = strangers(&said);
    stranger.dedup();
    assert_eq!(stranger, ["127.0.0.1"]);
    let mut direct = peers(false, &said);
    direct.dedup();
    assert_eq!(direct, ["127.0.0.1"]);
}
