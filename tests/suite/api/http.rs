//! What holds for whatever is sent, whichever method it is for.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use super::envelope::assert_enveloped;
use crate::support::{
    HeldChance, HeldWriter, MIS, SEED_PHONE, SEED_REQUEST, Setup, TestNode, read_reply,
};

const MOST: usize = 16 * 1024;

fn resend() -> String {
    format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp")
}

/// `{}` with so many spaces that it has this length.
fn json_of(length: usize) -> Vec<u8> {
    let mut body = b"{}".to_vec();
    body.resize(length, b' ');
    body
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.chunks(1000) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

#[test]
fn a_body_has_sixteen_kib_at_most_however_it_is_sent() {
    let too_large = (413, "request_too_large", Some("Request body is too large."), None);
    for length in [MOST, MOST + 1] {
        let announced = length.to_string();
        let ways = [
            (("content-length", announced.as_str()), json_of(length)),
            (("transfer-encoding", "chunked"), chunked(&json_of(length))),
        ];
        for (header, body) in ways {
            let node = TestNode::start();
            let reply = node.by_hand("POST", &resend(), &[MIS[0], MIS[1], header], &body);
            if length == MOST {
                assert_eq!(reply.status, 200, "{header:?}");
            } else {
                assert_eq!(reply.refusal(), too_large, "{header:?}");
                assert_eq!(reply.header("connection"), Some("close"));
                assert_enveloped(&node, &reply, &resend());
                assert_eq!(node.resend().status, 200);
            }
        }
    }
}

#[test]
fn who_announces_too_much_is_not_asked_to_send_it() {
    let node = TestNode::start();
    for announced in ["16385", "100000000000"] {
        let headers = [MIS[0], MIS[1], ("expect", "100-continue"), ("content-length", announced)];
        assert_eq!(node.by_hand("POST", &resend(), &headers, b"").status, 413, "{announced}");
    }
}

#[test]
fn a_body_in_chunks_is_a_body() {
    let node = TestNode::start();
    let in_chunks = ("transfer-encoding", "chunked");
    let body = chunked(br#"{"phone_number": "+380631112233"}"#);
    assert_eq!(node.by_hand("POST", "/verifications", &[in_chunks], &body).status, 201);
    let broken = node.by_hand("POST", "/verifications", &[in_chunks], b"zz\r\n{}\r\n0\r\n\r\n");
    assert_eq!(broken.status, 400);
    assert_enveloped(&node, &broken, "/verifications");
}

#[test]
fn a_credential_that_stands_twice_is_refused_even_if_both_are_equal() {
    let node = TestNode::start();
    let other_token = ("authorization", "Bearer demo-patient-token");
    let other_key = ("api-key", "nobody-s-key");
    let table = [
        ("authorization", [MIS[0], MIS[0], MIS[1]]),
        ("authorization", [MIS[0], other_token, MIS[1]]),
        ("authorization", [MIS[0], MIS[1], ("Authorization", "")]),
        ("api-key", [MIS[0], MIS[1], MIS[1]]),
        ("api-key", [MIS[0], MIS[1], other_key]),
        ("api-key", [MIS[0], ("API-Key", "demo-api-key"), MIS[1]]),
    ];
    for (name, headers) in table {
        for (method, path) in [("POST", resend().as_str()), ("GET", "/health/live")] {
            let reply = node.by_hand(method, path, &headers, b"");
            let message = format!("Malformed request. Header given twice: {name}");
            let expected = (400, "request_malformed", Some(message.as_str()), None);
            assert_eq!(reply.refusal(), expected, "{headers:?}");
            assert_enveloped(&node, &reply, path);
        }
    }
    assert_eq!(node.messages_waiting(), 0);
}

#[test]
fn an_escape_that_is_none_is_refused_wherever_it_stands_in_a_path() {
    let node = TestNode::start();
    for escape in ["%", "%2", "%zz", "%+1", "%00", "%0a", "%0A", "%7f", "%ff", "%c3%28"] {
        for (method, path) in [
            ("GET", format!("/verifications/{escape}")),
            ("PATCH", format!("/verifications/{escape}/actions/complete")),
            ("POST", format!("/api/person_requests/{escape}/actions/resend_otp")),
            ("DELETE", format!("/api/person_requests/{SEED_REQUEST}{escape}")),
            ("GET", format!("/nowhere/{escape}")),
            ("GET", format!("/{escape}")),
        ] {
            let reply = node.by_hand(method, &path, &MIS, b"");
            assert_eq!(reply.status, 400, "{path}");
            assert_eq!(reply.error()["type"], "request_malformed", "{path}");
            assert_enveloped(&node, &reply, &path);
        }
        let query = format!("/demo/messages?phone={escape}");
        assert_eq!(node.by_hand("GET", &query, &[], b"").status, 400, "{query}");
    }
}

#[test]
fn a_path_that_is_nowhere_is_a_404_in_the_envelope() {
    let demo = TestNode::start();
    let node = TestNode::set_up(Setup { is_demo: false, ..Setup::default() });
    // A demo has a page there.
    for path in ["/", "//"] {
        assert_nowhere(&node, path);
    }
    for path in [
        "/api",
        "/api/",
        "/favicon.ico",
        "/Verifications",
        "/health",
        "/api/person_requests",
        "/api/person_requests//actions/resend_otp",
        "/api/v1/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b",
        "/api/v2/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/resend_otp",
        "/api/v3/verifications",
        "/api%2Fverifications",
    ] {
        assert_nowhere(&node, path);
        assert_nowhere(&demo, path);
    }
}

fn assert_nowhere(node: &TestNode, path: &str) {
    for method in ["GET", "POST", "OPTIONS", "BREW"] {
        let reply = node.by_hand(method, path, &MIS, b"");
        assert_eq!(reply.refusal(), (404, "not_found", None, None), "{method} {path}");
        assert_enveloped(node, &reply, path);
    }
    let head = node.by_hand("HEAD", path, &[], b"");
    assert_eq!((head.status, head.text.as_str()), (404, ""), "{path}");
}

#[test]
fn a_refused_request_leaves_its_connection_to_the_next_one() {
    let node = TestNode::start();
    let mut stream = node.connect();
    let host = node.address();
    let refused =
        format!("POST {} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 2\r\n\r\n{{}}", resend());
    stream.write_all(refused.as_bytes()).unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"}}") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    assert!(seen.starts_with(b"HTTP/1.1 401 "), "{}", seen.escape_ascii());
    stream.write_all(node.head("GET", "/health/live", &[]).as_bytes()).unwrap();
    assert_eq!(read_reply(stream).status, 200);
}

/// A resend that stands between its two writes.
fn midway() -> (TestNode, std::net::TcpStream, HeldWriter) {
    let chance = Arc::new(HeldChance::new());
    let node = TestNode::set_up(Setup { entropy: chance.clone(), ..Setup::default() });
    let draw = chance.hold_next();
    let mut stream = node.connect();
    stream.write_all(node.head("POST", &resend(), &MIS).as_bytes()).unwrap();
    draw.wait_until_reached();
    let held = node.hold_writes();
    drop(draw);
    (node, stream, held)
}

#[test]
fn a_request_in_flight_is_answered_before_the_node_stops() {
    let (mut node, stream, held) = midway();
    node.begin_to_stop();
    drop(held);
    let reply = read_reply(stream);
    assert_eq!(reply.status, 200);
    assert_enveloped(&node, &reply, &resend());
    node.code_for(SEED_PHONE);
    node.stop();
}

#[test]
fn a_caller_who_hangs_up_midway_does_not_take_the_code_with_them() {
    let (node, mut stream, held) = midway();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"", "the node has seen that nobody waits");
    drop(held);
    let code = node.code_for(SEED_PHONE);
    assert_eq!(node.approve(&code).status, 200);
}
