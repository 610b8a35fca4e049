//! Calls that a browser was made to send are turned away on every row, before anything is looked up.

use esoz_otp::api::Row;
use esoz_otp::api::routes::ROUTES;

use super::envelope::{assert_enveloped, assert_enveloped_at};
use super::routes::{path_of, shown_path_of};
use crate::support::{MIS, TestNode};

/// Method and path of every row, of a path that has no such method, and of one that is nowhere; and what an answer shows of
/// the path.
fn requests() -> Vec<(&'static str, String, String)> {
    let request = |row: &'static Row| (row.method, path_of(row), shown_path_of(row));
    let mut requests: Vec<_> = ROUTES.iter().map(request).collect();
    let more = [("DELETE", "/verifications"), ("GET", "/nowhere")];
    requests.extend(more.map(|(method, path)| (method, path.into(), path.into())));
    requests
}

#[test]
fn a_host_that_is_not_served_here_is_refused_on_every_row() {
    let node = TestNode::start();
    let message = "Malformed request. The header Host names no host that is served here:";
    for (method, path, shown) in requests() {
        for host in ["evil.example", "evil.example:4000", "localhost.evil.example", "192.0.2.2"] {
            let reply = node.by_hand(method, &path, &[("host", host), MIS[0], MIS[1]], b"");
            let message = format!("{message} {host} is not in the setting server.hosts.");
            let message = Some(message.as_str());
            assert_eq!(reply.refusal(), (400, "request_malformed", message, None), "{path}");
            assert_enveloped_at(&reply, &format!("http://{host}{shown}"));
        }
    }
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn of_a_host_that_is_refused_neither_a_number_nor_more_than_a_name_is_repeated() {
    let node = TestNode::start();
    let of = |host: &str| {
        let reply = node.by_hand("GET", "/health/live", &[("host", host)], b"");
        reply.body["error"]["message"].as_str().unwrap().to_owned()
    };
    assert!(of("380958697084.example").contains(": 38095*****84.example is not in"));
    let long = of(&"a".repeat(2000));
    assert!(long.len() < 500 && long.contains("server.hosts"), "{long}");
}

#[test]
fn a_page_of_another_site_is_refused_on_every_row() {
    let node = TestNode::start();
    let message = Some("Requests from pages of other sites are refused.");
    for (method, path, shown) in requests() {
        for header in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let reply = node.by_hand(method, &path, &[header, MIS[0], MIS[1]], b"");
            assert_eq!(reply.refusal(), (403, "forbidden", message, None), "{header:?} {path}");
            assert_enveloped(&node, &reply, &shown);
        }
    }
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn a_request_that_names_no_host_or_two_is_refused() {
    let node = TestNode::start();
    for host in ["", "localhost:4000"] {
        let twice = node.by_hand("GET", "/health/live", &[("host", host), ("Host", host)], b"");
        let message = Some("Malformed request. Header given twice: host");
        assert_eq!(twice.refusal(), (400, "request_malformed", message, None));
    }
    let nameless = node.by_hand("GET", "/health/live", &[("host", "")], b"");
    assert_eq!(nameless.status, 400);
}

#[test]
fn names_of_loopback_and_pages_from_here_are_served() {
    let node = TestNode::start();
    for host in ["localhost", "LOCALHOST:4000", "127.0.0.1", "127.0.0.1:1", "[::1]:4000"] {
        let origin = format!("http://{host}");
        for header in [
            ("accept", "*/*"),
            ("origin", origin.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            let reply = node.by_hand("GET", "/health/live", &[("host", host), header], b"");
            assert_eq!(reply.status, 200, "{host} {header:?}");
        }
    }
}
