//! Each row on each of the two listeners.

use esoz_otp::api::Surface;
use esoz_otp::api::routes::ROUTES;

use super::envelope::assert_enveloped_at;
use super::routes::{may_be_unknown, path_of, shown_path_of};
use crate::support::{MIS, Reply, SEED_REQUEST, Setup, TestNode, call};

const NOWHERE: (u16, &str, Option<&str>, Option<&str>) = (404, "not_found", None, None);

/// Without a token, a row that wants one says so, and no row does anything.
fn on_both(node: &TestNode, method: &str, path: &str) -> [Reply; 2] {
    [node.address(), node.public_address()].map(|address| call(address, method, path, &[], ""))
}

#[test]
fn the_public_listener_answers_public_rows_and_knows_no_others() {
    let node = TestNode::start();
    for row in ROUTES {
        let path = path_of(row);
        let [inside, outside] = on_both(&node, row.method, &path);
        match row.surface {
            Surface::Public => {
                assert_eq!(outside.refusal(), inside.refusal(), "{path}");
                assert!(outside.refusal() != NOWHERE || may_be_unknown(row), "{path}");
            }
            Surface::Internal | Surface::Demo => assert_eq!(outside.refusal(), NOWHERE, "{path}"),
        }
        let url = format!("http://{}{}", node.public_address(), shown_path_of(row));
        assert_enveloped_at(&outside, &url);
    }
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn the_public_listener_names_no_method_that_it_does_not_serve() {
    let node = TestNode::start();
    for row in ROUTES {
        let [inside, outside] = on_both(&node, "OPTIONS", &path_of(row));
        assert_eq!(inside.status, 405, "{}", row.path);
        match row.surface {
            Surface::Public => assert_eq!(outside.header("allow"), inside.header("allow")),
            Surface::Internal | Surface::Demo => {
                assert_eq!(outside.refusal(), NOWHERE, "{}", row.path);
                assert_eq!(outside.header("allow"), None, "{}", row.path);
            }
        }
    }
}

#[test]
fn the_public_listener_is_called_as_its_callers_call_it_and_serves_pages_of_any_site() {
    let node = TestNode::set_up(Setup { behind_proxy: true, ..Setup::default() });
    for (host, told) in [
        ("api.example.ua", "https://api.example.ua"),
        ("api.example.ua:443", "https://api.example.ua"),
        ("api.example.ua:80", "https://api.example.ua:80"),
        ("192.0.2.7:8443", "https://192.0.2.7:8443"),
    ] {
        for header in [
            ("origin", "https://cabinet.example.ua"),
            ("sec-fetch-site", "cross-site"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "host=evil.example;proto=http"),
        ] {
            let headers = [("host", host), header];
            let reply = node.by_hand_in_public("GET", "/health/live", &headers);
            assert_eq!(reply.status, 200, "{headers:?}");
            assert_enveloped_at(&reply, &format!("{told}/health/live"));
        }
    }
    for host in ["", "a@api.example.ua", "api.example.ua:x", "api example.ua"] {
        let reply = node.by_hand_in_public("GET", "/health/live", &[("host", host)]);
        assert_eq!(reply.status, 400, "{host}");
    }
    let twice = [("host", "api.example.ua"), ("Host", "api.example.ua")];
    assert_eq!(node.by_hand_in_public("GET", "/health/live", &twice).status, 400);
}

#[test]
fn the_main_job_can_be_done_on_the_public_listener() {
    let node = TestNode::start();
    let path = |action: &str| format!("/api/person_requests/{SEED_REQUEST}/actions/{action}");
    let address = node.public_address();
    assert_eq!(call(address, "POST", &path("resend_otp"), &MIS, "").status, 200);
    let code = node.code_for(crate::support::SEED_PHONE);
    let body = serde_json::json!({"verification_code": code}).to_string();
    assert_eq!(call(address, "PATCH", &path("approve"), &MIS, &body).status, 200);
}
