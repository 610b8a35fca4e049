//! What live clients send that no page has, and what they expect: an empty list or object where nothing is wanted, a code as
//! text or as a number, a status in lower case.

use esoz_otp::config::DialectName;
use serde_json::{Value, json};

use super::{Answer, CREATED, INVALID, NO_JSON, OK, assert_answers, column};
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode};

const JSON: Option<&str> = Some("application/json");
const OTHER_TYPE: Answer = (
    415,
    "content_type_invalid",
    Some(
        "Invalid Content-Type header. Try to set 'Content-Type: application/json' header: \
         http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/content-type.",
    ),
    None,
);

/// What is done, `Content-Type`, body, and the answers. Every row begins with a code of `000042` under way for the request
/// and the phone, and with no pause to wait for.
type Row = (Do, Option<&'static str>, &'static str, Answer, Answer);

#[derive(Clone, Copy, Debug)]
enum Do {
    Resend,
    Approve,
    Initialize,
    Complete,
}
use Do::{Approve, Complete, Initialize, Resend};

#[rustfmt::skip]
const BODIES: &[Row] = &[
    (Resend, None, "", OK, OK),
    (Resend, JSON, "", OK, OK),
    (Resend, JSON, "{}", OK, OK),
    (Resend, JSON, "[]", OK, OK),
    (Resend, None, "[]", OK, OK),
    (Resend, Some("application/json; charset=utf-8"), "{}", OK, OK),
    (Resend, JSON, "null", OK, OK),
    (Resend, JSON, r#"{"phone_number": "+380671000099"}"#, OK, OK),
    (Resend, JSON, "{", NO_JSON, NO_JSON),
    (Resend, Some("text/plain"), "{}", OTHER_TYPE, OTHER_TYPE),
    (Resend, Some("text/plain"), "", OK, OK),
    (Resend, Some("application/x-www-form-urlencoded"), "", OK, OK),
    (Resend, Some("application/octet-stream"), "", OK, OK),
    (Resend, Some("application/vnd.api+json"), "{}", OK, OK),
    (Approve, JSON, r#"{"verification_code": "000042"}"#, OK, OK),
    (Approve, JSON, r#"{"verification_code": 42}"#, OK, OK),
    (Approve, None, r#"{"verification_code": 42}"#, OK, OK),
    (Approve, JSON, r#"{"verification_code": "42"}"#, INVALID, INVALID),
    (Approve, JSON, r#"{"verification_code": 42.0}"#, INVALID, INVALID),
    (Approve, JSON, r#"{"verification_code": null}"#, INVALID, INVALID),
    (Approve, JSON, "{}", INVALID, INVALID),
    (Approve, JSON, "[]", INVALID, INVALID),
    (Approve, None, "", INVALID, INVALID),
    (Approve, JSON, "{", NO_JSON, NO_JSON),
    (Approve, Some("text/plain"), r#"{"verification_code": 42}"#, OTHER_TYPE, OTHER_TYPE),
    (Complete, JSON, r#"{"code": "000042"}"#, OK, OK),
    (Complete, JSON, r#"{"code": 42}"#, OK, OK),
    (Complete, JSON, r#"{"code": "42"}"#, INVALID, INVALID),
    (Complete, JSON, r#"{"code": -42}"#, INVALID, INVALID),
    (Complete, JSON, "[]", INVALID, INVALID),
    (Initialize, JSON, r#"{"phone_number": "+380958697084"}"#, CREATED, CREATED),
    (Initialize, JSON, "[]", INVALID, INVALID),
    (Initialize, Some("text/plain"), r#"{"phone_number": "+380958697084"}"#, OTHER_TYPE, OTHER_TYPE),
];

#[test]
fn what_live_clients_send_is_taken_in_both_dialects() {
    for dialect in DialectName::ALL {
        for (what, content_type, body, documented, deployed) in BODIES {
            let node = node(dialect, *what);
            let reply = send(&node, *what, *content_type, body);
            let case = format!("{dialect}: {what:?} {content_type:?} {body}");
            assert_answers(&reply, column(dialect, *documented, *deployed), &case);
            assert_in_lower_case(&reply, *what, &case);
        }
    }
}

/// A client was seen to compare with `=== 'new'`. A request's own status stays in capitals.
fn assert_in_lower_case(reply: &Reply, what: Do, case: &str) {
    if reply.status >= 400 {
        return;
    }
    let (status, active) = match what {
        Resend | Initialize => ("new", json!(true)),
        Complete => ("verified", json!(false)),
        Approve => ("APPROVED", Value::Null),
    };
    assert_eq!(reply.data()["status"], status, "{case}");
    assert_eq!(reply.data()["active"], active, "{case}");
}

fn send(node: &TestNode, what: Do, content_type: Option<&str>, body: &str) -> Reply {
    let (method, path) = match what {
        Resend => ("POST", format!("/api/person_requests/{SEED_REQUEST}/actions/resend_otp")),
        Approve => ("PATCH", format!("/api/person_requests/{SEED_REQUEST}/actions/approve")),
        Initialize => ("POST", "/verifications".to_owned()),
        Complete => ("PATCH", format!("/verifications/{SEED_PHONE}/actions/complete")),
    };
    let length = body.len().to_string();
    let content_type = content_type.map(|value| ("content-type", value));
    let headers = [MIS[0], MIS[1], ("content-length", &length)].into_iter().chain(content_type);
    node.by_hand(method, &path, &headers.collect::<Vec<_>>(), body.as_bytes())
}

fn node(dialect: DialectName, what: Do) -> TestNode {
    let node = TestNode::speaking(dialect);
    let sent = match what {
        Resend | Initialize => return node,
        Approve => node.resend(),
        Complete => node.initialize(SEED_PHONE),
    };
    assert!([200, 201].contains(&sent.status), "{}", sent.text);
    node.as_if_sent("000042");
    node
}
