//! Requests for which no code is due: those that were made without a method, and no others, whatever is changed later.

use esoz_otp::config::DialectName;
use esoz_otp::domain::{Id, MethodType, PersonId, PersonRequestId, Refusal};
use esoz_otp::entropy::SystemEntropy;
use esoz_otp::service::import::Draft;
use esoz_otp::service::{Caller, Credentials};
use esoz_otp::store::schema::{FACTORS, GUESSES, PERSONS};
use esoz_otp::store::{Priority, StoreError, Write};
use serde_json::{Value, json};

use super::{CLINIC, NOT_NEW, NOT_OTP, UNKNOWN, status};
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode, start_of_time};

const NA: &str = "e0000000-0000-4000-8000-000000000004";
const OFFLINE: &str = "e0000000-0000-4000-8000-000000000003";
/// Confirmed by a person who confirms by a code, and by one who confirms by documents.
const BY_OTHERS: [&str; 2] =
    ["e0000000-0000-4000-8000-000000000001", "e0000000-0000-4000-8000-000000000002"];
const OTHER: &str = "a0000000-0000-4000-8000-00000000000a";

/// Bodies without a code.
const EMPTY: [&str; 4] = ["", "{}", "null", "[]"];

fn approve(node: &TestNode, request: &str, body: &str) -> Reply {
    let path = format!("/api/person_requests/{request}/actions/approve");
    node.call("PATCH", &path, &MIS, body)
}

fn audit(node: &TestNode) -> Vec<Value> {
    let admin = [("authorization", "Bearer demo-admin-token")];
    let reply = node.call("GET", "/admin/audit?page_size=500", &admin, "");
    reply.data().as_array().unwrap().clone()
}

fn with_codes(code: &str) -> [String; 3] {
    [
        format!(r#"{{"verification_code": "{code}"}}"#),
        format!(r#"{{"verification_code": {code}}}"#),
        r#"{"verification_code": null}"#.into(),
    ]
}

#[test]
fn a_request_made_without_a_method_is_approved_without_a_code_in_both_dialects() {
    for dialect in DialectName::ALL {
        for body in EMPTY {
            let node = TestNode::speaking(dialect);
            let approved = approve(&node, NA, body);
            assert_eq!(approved.status, 200, "{dialect} {body}");
            assert_eq!(approved.data()["status"], "APPROVED");
            assert_eq!(approved.data()["updated_at"], "2026-11-21T12:00:00.000000Z");
            let method = &approved.body["urgent"]["authentication_method_current"];
            assert_eq!(*method, json!({"type": "NA"}));
            assert_eq!(status(&node, NA), "APPROVED");
            for again in EMPTY {
                assert_eq!(approve(&node, NA, again).refusal(), NOT_NEW, "{again}");
            }
        }
    }
}

#[test]
fn a_code_that_comes_along_is_neither_compared_nor_counted() {
    for body in with_codes("123456").iter().map(String::as_str).chain([
        r#"{"verification_code": "12"}"#,
        r#"{"verification_code": true}"#,
        r#"{"verification_code": {"a": []}}"#,
    ]) {
        let node = TestNode::start();
        assert_eq!(approve(&node, NA, body).status, 200, "{body}");
        assert_eq!(node.compared(), 0);
        assert!(node.store.page(GUESSES, None, 10).unwrap().is_empty());
    }
}

#[test]
fn what_is_no_body_of_an_approval_is_refused_and_the_request_stays_new() {
    let node = TestNode::start();
    for body in
        ["42", "\"\"", "[42]", "true", r#"{"code": 123456}"#, r#"{"verification_code": 1, "a": 2}"#]
    {
        let refused = approve(&node, NA, body);
        assert_eq!((refused.status, &refused.error()["type"]), (422, &json!("validation_failed")));
    }
    assert_eq!(approve(&node, NA, "{").status, 400);
    assert_eq!(status(&node, NA), "NEW");
    assert_eq!(approve(&node, NA, "{}").status, 200);
    // What is wrong with the request comes first.
    assert_eq!(approve(&node, NA, "42").refusal(), NOT_NEW);
}

#[test]
fn it_leaves_a_row_of_audit_of_its_own_that_names_no_phone_and_no_code() {
    let node = TestNode::start();
    assert_eq!(approve(&node, NA, "{}").status, 200);
    assert_eq!(approve(&node, NA, "{}").status, 409);
    let rows = audit(&node);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["event"], "request_approved_without_code");
    assert_eq!((&rows[0]["reason"], &rows[0]["phone_number"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&rows[0]["person_request_id"], &rows[0]["verification_id"]),
        (&json!(NA), &Value::Null)
    );
    assert_eq!(rows[0]["client_id"], CLINIC);
}

#[test]
fn of_many_approvals_at_once_one_is_the_first_and_the_others_are_told_so() {
    for times in [2, 20] {
        let node = TestNode::start();
        let replies = crate::otp::at_once(times, |caller| approve(&node, NA, EMPTY[caller % 4]));
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        for late in replies.iter().filter(|reply| reply.status != 200) {
            assert_eq!(late.refusal(), NOT_NEW);
        }
        assert_eq!(audit(&node).len(), 1);
    }
}

#[test]
fn nothing_else_about_such_a_request_has_changed() {
    for dialect in DialectName::ALL {
        let more = json!({"person_requests": [
            {"id": "e1000000-0000-4000-8000-000000000001", "client_id": CLINIC, "status": "REJECTED", "authentication_method": {"type": "NA"}},
            {"id": "e1000000-0000-4000-8000-000000000002", "client_id": CLINIC, "status": "NEW", "authentication_method": {"type": "NA"}, "inserted_at": "-40d"},
            {"id": "e1000000-0000-4000-8000-000000000003", "client_id": "c0000000-0000-4000-8000-000000000002", "status": "NEW", "authentication_method": {"type": "NA"}},
        ]});
        let node = TestNode::speaking_with(dialect, &more);
        assert_eq!(node.resend_for(NA).refusal(), NOT_OTP, "{dialect}");
        for last in [1, 2] {
            let request = format!("e1000000-0000-4000-8000-00000000000{last}");
            let refused = approve(&node, &request, "{}");
            assert_eq!((refused.status, refused.message()), (409, Some("Invalid transition")));
            assert_eq!(refused.reason(), None);
        }
        let other_s = approve(&node, "e1000000-0000-4000-8000-000000000003", "{}");
        let unknown = if dialect == DialectName::Documented { UNKNOWN.2 } else { None };
        assert_eq!((other_s.status, other_s.message()), (404, unknown));
        let token = [("authorization", "Bearer demo-noscope-token")];
        let path = format!("/api/person_requests/{NA}/actions/approve");
        assert_eq!(node.call("PATCH", &path, &token, "{}").status, 403);
        assert_eq!(node.call("PATCH", &path, &[], "{}").status, 401);
        assert_eq!(approve(&node, NA, "{}").status, 200);
        assert_eq!(node.resend_for(NA).status, 409);
        assert_eq!(node.messages_waiting(), 0);
    }
}

/// With and without a code it is refused in these words, and stays as it is.
fn assert_needs_a_code(node: &TestNode, request: &str, refusal: (u16, Option<&str>)) {
    let codes = with_codes("123456");
    for body in EMPTY.into_iter().chain(codes.iter().map(String::as_str)) {
        let refused = approve(node, request, body);
        let expected = match refusal {
            // What is no code is told so; what is one is none that was sent.
            (422, _) => (422, refused.message()),
            other => other,
        };
        assert_eq!((refused.status, refused.message()), expected, "{request} {body}");
    }
    assert_eq!(status(node, request), "NEW");
}

const CONFLICT: (u16, Option<&str>) = (409, Some("Auth method is not OTP"));

#[test]
fn offline_and_another_person_without_a_code_stay_refused_in_both_dialects() {
    for dialect in DialectName::ALL {
        let no_number = "e1000000-0000-4000-8000-000000000004";
        let more = json!({"person_requests": [
            {"id": no_number, "client_id": CLINIC, "status": "NEW", "authentication_method": {"type": "THIRD_PERSON", "person_id": OTHER}},
        ]});
        let node = TestNode::speaking_with(dialect, &more);
        for request in [OFFLINE, BY_OTHERS[1], no_number] {
            assert_needs_a_code(&node, request, CONFLICT);
        }
        assert_needs_a_code(&node, BY_OTHERS[0], (422, None));
        assert_eq!(node.compared(), 0);
    }
}

#[test]
fn a_person_who_has_another_method_by_now_needs_no_less() {
    for method in [MethodType::Na, MethodType::Offline, MethodType::ThirdPerson] {
        for dialect in DialectName::ALL {
            let node = TestNode::speaking(dialect);
            let other: PersonId = Id::parse(OTHER).unwrap();
            let change = move |write: &mut Write<'_>| {
                let mut person = write.get(PERSONS, &other)?.unwrap();
                person.authentication_method = method;
                write.put(PERSONS, &other, &person)
            };
            node.store.write_blocking(Priority::Normal, change).unwrap();
            assert_needs_a_code(&node, BY_OTHERS[0], CONFLICT);
            let remove = move |write: &mut Write<'_>| {
                write.remove(PERSONS, &other);
                Ok::<_, StoreError>(())
            };
            node.store.write_blocking(Priority::Normal, remove).unwrap();
            assert_needs_a_code(&node, BY_OTHERS[0], CONFLICT);
        }
    }
}

#[test]
fn a_request_with_a_number_goes_by_that_number_whatever_its_person_chooses_later() {
    let request = "e1000000-0000-4000-8000-000000000005";
    let more = json!({"person_requests": [{
        "id": request, "client_id": CLINIC, "status": "NEW", "person_id": OTHER,
        "authentication_method": {"type": "OTP", "phone_number": "+380671000022"},
    }]});
    let node = TestNode::with_more(&more);
    let other: PersonId = Id::parse(OTHER).unwrap();
    let change = move |write: &mut Write<'_>| {
        let mut person = write.get(PERSONS, &other)?.unwrap();
        person.authentication_method = MethodType::Na;
        write.put(PERSONS, &other, &person)
    };
    node.store.write_blocking(Priority::Normal, change).unwrap();
    assert_needs_a_code(&node, request, (422, None));
    assert_eq!(node.resend_for(request).status, 200);
    let code = node.code_for("+380671000022");
    assert_eq!(approve(&node, request, &with_codes(&code)[0]).status, 200);
}

#[test]
fn a_factor_that_is_reset_or_a_user_who_is_gone_takes_no_code_away() {
    let node = TestNode::start();
    let factors = node.store.page(FACTORS, None, 100).unwrap();
    let reset = move |write: &mut Write<'_>| {
        for (key, mut factor) in factors {
            factor.factor = None;
            factor.is_active = false;
            write.put(FACTORS, &key, &factor)?;
        }
        Ok::<_, StoreError>(())
    };
    node.store.write_blocking(Priority::Normal, reset).unwrap();
    assert_needs_a_code(&node, SEED_REQUEST, (422, None));
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.approve(&node.code_for(SEED_PHONE)).status, 200);
}

#[test]
fn a_file_that_would_make_it_another_request_is_not_imported_over_it() {
    let node = TestNode::start();
    for request in [SEED_REQUEST, OFFLINE, BY_OTHERS[0]] {
        let file = json!({"format": 1, "person_requests": [
            {"id": request, "client_id": CLINIC, "status": "NEW", "authentication_method": {"type": "NA"}},
        ]});
        let draft = Draft::read(&file.to_string(), start_of_time(), &SystemEntropy::new()).unwrap();
        let refused = draft.import(&node.store, |_| Ok(())).unwrap_err().to_string();
        assert!(refused.contains(request), "{refused}");
    }
    assert_needs_a_code(&node, SEED_REQUEST, (422, None));
    assert_needs_a_code(&node, OFFLINE, CONFLICT);
}

#[test]
fn what_is_decided_is_decided_in_the_write_whatever_was_read_before() {
    let node = TestNode::start();
    let api = node.api();
    let credentials = Credentials {
        bearer: Some(b"demo-mis-token"),
        api_key: Some(b"demo-api-key"),
        ..Credentials::default()
    };
    let now = node.now();
    let caller: Caller =
        api.service().admit(credentials, "person_request:write", now, now).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for request in [SEED_REQUEST, OFFLINE, BY_OTHERS[0], BY_OTHERS[1]] {
        let id: PersonRequestId = Id::parse(request).unwrap();
        let approving = api.service().approve_without_code(&caller, id, now);
        assert_eq!(runtime.block_on(approving), Err(Refusal::MethodNotOtp), "{request}");
        assert_eq!(status(&node, request), "NEW");
    }
    let id: PersonRequestId = Id::parse(NA).unwrap();
    let guess = api.service().code_format().parse("123456").unwrap();
    let approving = api.service().approve(&caller, id, guess, now);
    assert_eq!(runtime.block_on(approving), Err(Refusal::MethodNotOtp));
    assert_eq!(status(&node, NA), "NEW");
}
