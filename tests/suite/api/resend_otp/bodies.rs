//! The method takes no body; whatever JSON comes all the same is taken and not looked at.

use esoz_otp::domain::limits::DAY;

use super::path;
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode};

const JSON: (&str, &str) = ("content-type", "application/json");

fn resend(node: &TestNode, more: &[(&str, &str)], body: &[u8]) -> Reply {
    let length = body.len().to_string();
    let headers: Vec<_> =
        MIS.iter().chain(more).copied().chain([("content-length", length.as_str())]).collect();
    node.by_hand("POST", &path(SEED_REQUEST), &headers, body)
}

#[test]
fn whatever_json_comes_the_code_goes_to_the_number_of_the_request() {
    let node = TestNode::start();
    let deep = ["[".repeat(32), "]".repeat(32)].concat();
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "true",
        "42",
        "-1.5e3",
        "1e400",
        "\"text\"",
        "[1, {\"a\": []}]",
        r#"{"type": "OTP", "alias": "mother"}"#,
        r#"{"phone_number": "+380671000099"}"#,
        r#"{"authentication_method": {"type": "OTP", "phone_number": "+380671000099"}}"#,
        " \r\n\t{ } ",
        deep.as_str(),
    ] {
        let reply = resend(&node, &[JSON], body.as_bytes());
        assert_eq!(reply.status, 200, "{body} {:?}", reply.message());
        node.code_for(SEED_PHONE);
        assert_eq!(node.messages_waiting(), 0, "{body}");
        // No pause is left from one to the next.
        node.clock.push(DAY);
    }
}

#[test]
fn a_body_without_a_content_type_is_taken_for_json() {
    let node = TestNode::start();
    assert_eq!(resend(&node, &[], b"{").status, 400);
    assert_eq!(resend(&node, &[], b"{}").status, 200);
}

#[test]
fn what_is_no_json_is_refused_and_sends_nothing() {
    let node = TestNode::start();
    let deeper = ["[".repeat(33), "]".repeat(33)].concat();
    let bodies: [&[u8]; 16] = [
        b"{",
        b"}",
        b"{}{}",
        b"{},",
        b"nul",
        b"'text'",
        b"{a: 1}",
        b"01",
        b"\xff",
        b"\"\xff\"",
        b"a=1&b=2",
        br#"{"a": 1, "a": 1}"#,
        br#"[[{"a": 1, "b": [], "a": 1}]]"#,
        br#""\ud800""#,
        b"\xef\xbb\xbf{}",
        deeper.as_bytes(),
    ];
    for body in bodies {
        let reply = resend(&node, &[JSON], body);
        let message = "Malformed request. Probably, you have sent corrupted JSON.";
        let expected = (400, "request_malformed", Some(message), None);
        assert_eq!(reply.refusal(), expected, "{}", body.escape_ascii());
        assert_eq!(
            reply.error()["invalid"],
            serde_json::json!([{"entry_type": "request", "rules": [{"rule": "json"}]}])
        );
    }
    // None of them has used up the pause.
    assert_eq!(resend(&node, &[JSON], b"").status, 200);
}

#[test]
fn a_body_of_another_type_is_refused_and_sends_nothing() {
    let node = TestNode::start();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"] {
        for body in ["{}", " ", "a=1"] {
            let reply = resend(&node, &[("content-type", kind)], body.as_bytes());
            assert_eq!(reply.status, 415, "{kind}");
            assert_eq!(reply.error()["type"], "content_type_invalid", "{kind}");
            assert_eq!(
                reply.error()["invalid"],
                serde_json::json!([{"entry_type": "header", "entry": "Content-Type"}])
            );
        }
    }
    // None of them has used up the pause.
    let with_charset = ("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(resend(&node, &[with_charset], b"{}").status, 200);
}

#[test]
fn the_type_of_no_body_is_not_looked_at() {
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", ""]
    {
        let node = TestNode::start();
        assert_eq!(resend(&node, &[("content-type", kind)], b"").status, 200, "{kind}");
    }
}
