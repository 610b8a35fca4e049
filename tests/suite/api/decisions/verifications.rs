//! The verification routes, with a token under `/api` and without one on the internal surface: what is asked of a phone
//! that is free, has a code under way, or is verified.

use esoz_otp::config::DialectName;

use super::{Answer, CREATED, INVALID, NO_JSON, OK, UNKNOWN, assert_answers, column};
use crate::support::{MIS, TestNode};

/// Where nothing was ever sent.
const FREE: &str = "+380631000001";
/// Where a code is under way.
const ASKED: &str = "+380631000002";
/// Whose holder has shown that they hold it.
const VERIFIED: &str = "+380631000003";

const WRONG: Answer = (403, "forbidden", Some("Invalid verification code"), Some("wrong_code"));
const USED: Answer = (403, "forbidden", Some("Maximum attempts exceed"), Some("already_used"));
const PAUSED: Answer =
    (429, "too_many_requests", Some("Sending SMS timeout. Try later."), Some("send_pause"));

const NEW: &str = "";
const COMPLETE: &str = "/{phone}/actions/complete";
const SHOW: &str = "/{phone}";

/// Method, path, the phone in it, the body (`{phone}` and `{wrong}` stand for the phone and a code that was not sent), and
/// the answers.
type Row = (&'static str, &'static str, &'static str, &'static str, Answer, Answer);

#[rustfmt::skip]
const CALLS: &[Row] = &[
    ("GET", SHOW, FREE, "", UNKNOWN, UNKNOWN),
    ("GET", SHOW, ASKED, "", UNKNOWN, UNKNOWN),
    ("GET", SHOW, VERIFIED, "", OK, OK),
    ("GET", SHOW, "380631000003", "", UNKNOWN, UNKNOWN),
    ("GET", SHOW, "nobody", "", UNKNOWN, UNKNOWN),
    ("PATCH", COMPLETE, FREE, r#"{"code": "{wrong}"}"#, UNKNOWN, UNKNOWN),
    ("PATCH", COMPLETE, "nobody", r#"{"code": "{wrong}"}"#, UNKNOWN, UNKNOWN),
    ("PATCH", COMPLETE, ASKED, r#"{"code": "{wrong}"}"#, WRONG, WRONG),
    ("PATCH", COMPLETE, ASKED, r#"{"code": {wrong}}"#, WRONG, WRONG),
    ("PATCH", COMPLETE, VERIFIED, r#"{"code": "{wrong}"}"#, USED, USED),
    ("PATCH", COMPLETE, ASKED, r#"{"code": "12345"}"#, INVALID, INVALID),
    ("PATCH", COMPLETE, FREE, r#"{"code": true}"#, INVALID, INVALID),
    ("PATCH", COMPLETE, FREE, "", INVALID, INVALID),
    ("PATCH", COMPLETE, FREE, "{}", INVALID, INVALID),
    ("PATCH", COMPLETE, FREE, "[]", INVALID, INVALID),
    ("PATCH", COMPLETE, FREE, r#"{"code": "{wrong}", "phone": "{phone}"}"#, INVALID, INVALID),
    ("PATCH", COMPLETE, FREE, "{", NO_JSON, NO_JSON),
    ("POST", NEW, FREE, "", INVALID, INVALID),
    ("POST", NEW, FREE, "{}", INVALID, INVALID),
    ("POST", NEW, FREE, "[]", INVALID, INVALID),
    ("POST", NEW, FREE, "null", INVALID, INVALID),
    ("POST", NEW, FREE, "{", NO_JSON, NO_JSON),
    ("POST", NEW, FREE, r#"{"phone_number": 380631000001}"#, INVALID, INVALID),
    ("POST", NEW, "0631000001", r#"{"phone_number": "{phone}"}"#, INVALID, INVALID),
    ("POST", NEW, "+380900000001", r#"{"phone_number": "{phone}"}"#, INVALID, INVALID),
    ("POST", NEW, FREE, r#"{"phone_number": "{phone}", "code": 1}"#, INVALID, INVALID),
    ("POST", NEW, ASKED, r#"{"phone_number": "{phone}"}"#, PAUSED, PAUSED),
    ("POST", NEW, VERIFIED, r#"{"phone_number": "{phone}"}"#, CREATED, CREATED),
    ("POST", NEW, FREE, r#"{"phone_number": "{phone}", "provider": "viber"}"#, CREATED, CREATED),
];

#[test]
fn the_verification_routes_answer_the_same_in_both_dialects_with_a_token_and_without() {
    for dialect in DialectName::ALL {
        for (surface, headers) in [("/api/verifications", &MIS[..]), ("/verifications", &[])] {
            let node = TestNode::speaking(dialect);
            let wrong = prepare(&node);
            for (method, path, phone, body, documented, deployed) in CALLS {
                let path = format!("{surface}{path}").replace("{phone}", phone);
                let body = body.replace("{phone}", phone).replace("{wrong}", &wrong);
                let reply = node.call(method, &path, headers, &body);
                let case = format!("{dialect}: {method} {path} {body}");
                assert_answers(&reply, column(dialect, *documented, *deployed), &case);
            }
        }
    }
}

/// Six digits that stand for a number as they are, and are not the code that is under way.
fn prepare(node: &TestNode) -> String {
    assert_eq!(node.initialize(VERIFIED).status, 201);
    assert_eq!(node.complete(VERIFIED, &node.code_for(VERIFIED)).status, 200);
    assert_eq!(node.initialize(ASKED).status, 201);
    let code = node.code_for(ASKED);
    let is_taken = code == "100000";
    if is_taken { "100001" } else { "100000" }.to_owned()
}
