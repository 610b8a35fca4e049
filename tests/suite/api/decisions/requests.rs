//! What may be done with a person request, by its status and by how its person confirms.

use esoz_otp::config::DialectName;
use esoz_otp::domain::Id;
use esoz_otp::store::schema::PERSONS;
use esoz_otp::store::{Priority, StoreError, Write};
use serde_json::{Value, json};

use super::{
    Answer, NOT_NEW, NOT_OTP, OK, UNKNOWN, UNKNOWN_WORDED, USED, assert_answers, because, column,
};
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode};

/// Nothing was sent yet, so nothing is right.
const WRONG: Answer =
    because("wrong_code", (422, "forbidden", Some("Invalid verification code"), None));

/// How a person confirms.
#[derive(Clone, Copy, Debug)]
enum By {
    Code,
    Documents,
    Nothing,
    /// Another person, who does it by this method.
    Other(&'static str),
    OtherWithoutPhone,
    /// Another person, of whom nothing is known any more.
    Stranger,
}

const STRANGER: &str = "a1000000-0000-4000-8000-000000000001";

const BY_CODE_OF_OTHER: By = By::Other("OTP");
const BY_DOCUMENTS_OF_OTHER: By = By::Other("OFFLINE");

/// Status and method of a request; what a resend is answered in either dialect; what an approval is, the same in both.
type Row = (&'static str, By, Answer, Answer, Answer);

const REQUESTS: &[Row] = &[
    ("NEW", By::Code, OK, OK, WRONG),
    ("NEW", BY_CODE_OF_OTHER, OK, OK, WRONG),
    ("NEW", BY_DOCUMENTS_OF_OTHER, NOT_OTP, NOT_OTP, NOT_OTP),
    ("NEW", By::OtherWithoutPhone, NOT_OTP, NOT_OTP, NOT_OTP),
    ("NEW", By::Stranger, NOT_OTP, NOT_OTP, NOT_OTP),
    ("NEW", By::Documents, NOT_OTP, NOT_OTP, NOT_OTP),
    // No code is due, so the approval comes before the resend.
    ("NEW", By::Nothing, NOT_OTP, NOT_NEW, OK),
    ("APPROVED", By::Code, NOT_NEW, NOT_NEW, NOT_NEW),
    ("APPROVED", BY_CODE_OF_OTHER, NOT_NEW, NOT_NEW, NOT_NEW),
    ("APPROVED", BY_DOCUMENTS_OF_OTHER, NOT_OTP, NOT_NEW, NOT_NEW),
    ("APPROVED", By::OtherWithoutPhone, NOT_OTP, NOT_NEW, NOT_NEW),
    ("APPROVED", By::Documents, NOT_OTP, NOT_NEW, NOT_NEW),
    ("APPROVED", By::Nothing, NOT_OTP, NOT_NEW, NOT_NEW),
    ("SIGNED", By::Code, NOT_NEW, NOT_NEW, NOT_NEW),
    ("SIGNED", BY_CODE_OF_OTHER, NOT_NEW, NOT_NEW, NOT_NEW),
    ("SIGNED", By::Documents, NOT_OTP, NOT_NEW, NOT_NEW),
    ("SIGNED", By::Nothing, NOT_OTP, NOT_NEW, NOT_NEW),
    ("REJECTED", By::Code, NOT_NEW, NOT_NEW, NOT_NEW),
    ("REJECTED", BY_CODE_OF_OTHER, NOT_NEW, NOT_NEW, NOT_NEW),
    ("REJECTED", By::Documents, NOT_OTP, NOT_NEW, NOT_NEW),
    ("REJECTED", By::Nothing, NOT_OTP, NOT_NEW, NOT_NEW),
    ("CANCELLED", By::Code, NOT_NEW, NOT_NEW, NOT_NEW),
    ("CANCELLED", BY_CODE_OF_OTHER, NOT_NEW, NOT_NEW, NOT_NEW),
    ("CANCELLED", By::OtherWithoutPhone, NOT_OTP, NOT_NEW, NOT_NEW),
    ("CANCELLED", By::Documents, NOT_OTP, NOT_NEW, NOT_NEW),
    ("CANCELLED", By::Nothing, NOT_OTP, NOT_NEW, NOT_NEW),
    ("EXPIRED", By::Code, NOT_NEW, NOT_NEW, NOT_NEW),
    ("EXPIRED", BY_CODE_OF_OTHER, NOT_NEW, NOT_NEW, NOT_NEW),
    ("EXPIRED", By::Stranger, NOT_OTP, NOT_NEW, NOT_NEW),
    ("EXPIRED", By::Documents, NOT_OTP, NOT_NEW, NOT_NEW),
    ("EXPIRED", By::Nothing, NOT_OTP, NOT_NEW, NOT_NEW),
];

/// An id that leads to no request of the caller's, on all three methods.
const IDS: &[(&str, Answer, Answer)] = &[
    ("eeebb86d-5cba-43c9-885b-000000000000", UNKNOWN_WORDED, UNKNOWN),
    // Another client's.
    ("e0000000-0000-4000-8000-00000000000c", UNKNOWN_WORDED, UNKNOWN),
    ("eeebb86d5cba43c9885b6482ecaf826b", UNKNOWN_WORDED, UNKNOWN),
    ("%7Beeebb86d-5cba-43c9-885b-6482ecaf826b%7D", UNKNOWN_WORDED, UNKNOWN),
    ("eeebb86d-5cba-43c9-885b-6482ecaf826g", UNKNOWN_WORDED, UNKNOWN),
    ("1", UNKNOWN_WORDED, UNKNOWN),
];

#[test]
fn status_and_method_decide_on_a_resend_and_on_an_approval() {
    for dialect in DialectName::ALL {
        let node = node(dialect);
        for (i, (status, by, documented, deployed, approval)) in REQUESTS.iter().enumerate() {
            let case = format!("{dialect}: {status} {by:?}");
            let request = id(i);
            assert_answers(&approve(&node, &request, "000000"), *approval, &case);
            let resent = node.resend_for(&request);
            assert_answers(&resent, column(dialect, *documented, *deployed), &case);
            let seen = get(&node, &request);
            let status = if *approval == OK { "APPROVED" } else { status };
            assert_eq!((seen.status, &seen.data()["status"]), (200, &json!(status)), "{case}");
            if resent.status == 200 {
                node.code_for(&phone(i));
            }
        }
        assert_eq!(node.messages_waiting(), 0);
    }
}

#[test]
fn an_id_that_leads_nowhere_is_unknown_to_all_three_methods() {
    for dialect in DialectName::ALL {
        let node = TestNode::speaking(dialect);
        for (request, documented, deployed) in IDS {
            let expected = column(dialect, *documented, *deployed);
            let case = format!("{dialect}: {request}");
            assert_answers(&node.resend_for(request), expected, &case);
            assert_answers(&approve(&node, request, "000000"), expected, &case);
            assert_answers(&approve(&node, request, "no code"), expected, &case);
            assert_answers(&get(&node, request), expected, &case);
        }
    }
}

#[test]
fn a_request_that_a_code_approved_says_so() {
    for dialect in DialectName::ALL {
        let node = TestNode::speaking(dialect);
        assert_eq!(node.resend().status, 200);
        let code = node.code_for(SEED_PHONE);
        assert_answers(&node.approve(&code), OK, "the right code");
        assert_answers(&node.resend(), USED, "a resend afterwards");
        assert_answers(&node.approve(&code), USED, "the same code again");
        assert_eq!(get(&node, SEED_REQUEST).data()["status"], "APPROVED");
    }
}

fn approve(node: &TestNode, request: &str, code: &str) -> Reply {
    let body = json!({"verification_code": code}).to_string();
    node.call("PATCH", &format!("/api/person_requests/{request}/actions/approve"), &MIS, &body)
}

fn get(node: &TestNode, request: &str) -> Reply {
    node.call("GET", &format!("/api/person_requests/{request}"), &MIS, "")
}

fn id(i: usize) -> String {
    format!("e1000000-0000-4000-8000-0000000000{i:02}")
}

fn phone(i: usize) -> String {
    format!("+3806711122{i:02}")
}

/// A phone to each request, so that none has to wait for another.
fn node(dialect: DialectName) -> TestNode {
    let requests: Vec<_> = REQUESTS
        .iter()
        .enumerate()
        .map(|(i, row)| {
            json!({
                "id": id(i), "client_id": "c0000000-0000-4000-8000-000000000001", "status": row.0,
                "authentication_method": method(row.1, &phone(i))
            })
        })
        .collect();
    let world = json!({
        "persons": [{"id": STRANGER, "status": "active", "authentication_method": "OTP"}],
        "person_requests": requests,
    });
    let node = TestNode::speaking_with(dialect, &world);
    let forget = move |write: &mut Write<'_>| {
        write.remove(PERSONS, &Id::parse(STRANGER).unwrap());
        Ok::<_, StoreError>(())
    };
    node.store.write_blocking(Priority::Normal, forget).unwrap();
    node
}

fn method(by: By, phone: &str) -> Value {
    let other = |person: &str, phone: Option<&str>| {
        let mut method = json!({"type": "THIRD_PERSON", "person_id": person});
        if let Some(phone) = phone {
            method["phone_number"] = json!(phone);
        }
        method
    };
    match by {
        By::Code => json!({"type": "OTP", "phone_number": phone}),
        By::Documents => json!({"type": "OFFLINE"}),
        By::Nothing => json!({"type": "NA"}),
        By::Other("OTP") => other("a0000000-0000-4000-8000-00000000000a", Some(phone)),
        By::Other(_) => other("a0000000-0000-4000-8000-00000000000b", Some(phone)),
        By::OtherWithoutPhone => other("a0000000-0000-4000-8000-00000000000a", None),
        By::Stranger => other(STRANGER, Some(phone)),
    }
}
