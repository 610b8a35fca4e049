//! The person's code approves the request: which codes do, which don't, and which requests take one.

mod bodies;
mod without_code;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    CountedCodes, MIS, Reply, SEED_PHONE, SEED_REQUEST, Setup, TestNode, other_than,
};

const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";
const LIFE: Duration = Duration::from_mins(5);
const MINUTE: Duration = Duration::from_mins(1);

type Refusal = (u16, &'static str, Option<&'static str>, Option<&'static str>);

const WRONG: Refusal = (422, "forbidden", Some("Invalid verification code"), Some("wrong_code"));
const EXPIRED: Refusal = (422, "forbidden", Some("Verification code expired"), Some("expired"));
const EXHAUSTED: Refusal =
    (422, "forbidden", Some("Maximum attempts exceed"), Some("attempts_exhausted"));
const NOT_NEW: Refusal = (409, "request_conflict", Some("Invalid transition"), None);
const NOT_OTP: Refusal = (409, "request_conflict", Some("Auth method is not OTP"), None);
const UNKNOWN: Refusal = (404, "not_found", Some("not_found"), None);

/// A node that draws these codes one after the other: `100042`, `100043`, and so on.
fn with_known_codes(more: &Value) -> TestNode {
    let world = crate::support::demo_world_with(more);
    TestNode::set_up(Setup { world, entropy: Arc::new(CountedCodes::from(42)), ..Setup::default() })
}

fn approve(node: &TestNode, request: &str, body: &Value) -> Reply {
    let path = format!("/api/person_requests/{request}/actions/approve");
    node.call("PATCH", &path, &MIS, &body.to_string())
}

fn status(node: &TestNode, request: &str) -> String {
    let seen = node.call("GET", &format!("/api/person_requests/{request}"), &MIS, "");
    seen.data()["status"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_wrong_with_the_request_comes_before_what_is_wrong_with_the_code() {
    let node = TestNode::start();
    for (request, refusal) in [
        ("e0000000-0000-4000-8000-000000000006", NOT_NEW),
        ("e0000000-0000-4000-8000-000000000003", NOT_OTP),
        ("e0000000-0000-4000-8000-00000000000c", UNKNOWN),
        ("e0000000-0000-4000-8000-0000000000ff", UNKNOWN),
        ("nothing", UNKNOWN),
    ] {
        for body in [json!({}), json!({"verification_code": "12"})] {
            assert_eq!(approve(&node, request, &body).refusal(), refusal, "{request} {body}");
        }
    }
    assert_eq!(approve(&node, SEED_REQUEST, &json!({})).status, 422);
}

#[test]
fn the_third_wrong_code_is_the_last_one_that_is_looked_at() {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    for _ in 0..3 {
        assert_eq!(node.approve(&other_than(&code)).refusal(), WRONG);
    }
    for _ in 0..2 {
        assert_eq!(node.approve(&code).refusal(), EXHAUSTED);
    }
    assert_eq!(node.compared(), 3);
    assert_eq!(status(&node, SEED_REQUEST), "NEW");
}

#[test]
fn after_too_many_wrong_codes_a_new_one_is_good() {
    let node = with_known_codes(&json!({}));
    assert_eq!(node.resend().status, 200);
    for _ in 0..3 {
        assert_eq!(node.approve("999999").refusal(), WRONG);
    }
    assert_eq!(node.approve("100042").refusal(), EXHAUSTED);
    node.clock.push(MINUTE);
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.approve("100043").status, 200);
}

#[test]
fn the_code_before_the_newest_is_a_wrong_one_and_costs_an_attempt() {
    let node = with_known_codes(&json!({}));
    assert_eq!(node.resend().status, 200);
    node.clock.push(MINUTE);
    assert_eq!(node.resend().status, 200);
    for _ in 0..3 {
        assert_eq!(node.approve("100042").refusal(), WRONG);
    }
    assert_eq!(node.approve("100043").refusal(), EXHAUSTED);
}

#[test]
fn a_code_lives_five_minutes_to_the_microsecond() {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    node.clock.push(LIFE);
    assert_eq!(node.approve(&code).refusal(), EXPIRED);
    assert_eq!(node.approve(&other_than(&code)).refusal(), EXPIRED);
    assert_eq!(node.compared(), 0);

    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    node.clock.push(LIFE);
    node.clock.pull(Duration::from_micros(1));
    assert_eq!(node.approve(&code).status, 200);
}

#[test]
fn before_any_code_was_sent_none_is_right_and_the_request_stays_new() {
    let node = TestNode::start();
    for _ in 0..4 {
        assert_eq!(node.approve("000000").refusal(), WRONG);
    }
    assert_eq!(status(&node, SEED_REQUEST), "NEW");
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.approve(&node.code_for(SEED_PHONE)).status, 200);
}

#[test]
fn a_code_that_verifies_the_phone_does_not_approve_the_request() {
    let node = TestNode::start();
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    let code = node.code_for(SEED_PHONE);
    assert_eq!(node.approve(&code).refusal(), WRONG);
    assert_eq!(status(&node, SEED_REQUEST), "NEW");
    assert_eq!(node.complete(SEED_PHONE, &code).status, 200);
}

#[test]
fn a_code_that_approves_the_request_does_not_verify_the_phone_before() {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    assert_eq!(node.complete(SEED_PHONE, &code).refusal(), (404, "not_found", None, None));
    let phone = format!("/verifications/{SEED_PHONE}");
    assert_eq!(node.call("GET", &phone, &[], "").status, 404);
    assert_eq!(node.approve(&code).status, 200);
    assert_eq!(node.call("GET", &phone, &[], "").status, 200);
}

#[test]
fn one_child_s_code_outlives_another_s_on_the_phone_of_the_family() {
    let children = ["e1000000-0000-4000-8000-000000000001", "e1000000-0000-4000-8000-000000000002"];
    let requests = children.map(|id| {
        let method = json!({"type": "OTP", "phone_number": "+380671000021"});
        json!({"id": id, "client_id": CLINIC, "status": "NEW", "authentication_method": method})
    });
    let node = with_known_codes(&json!({"person_requests": requests}));
    let [first, second] = children;
    assert_eq!(node.resend_for(first).status, 200);
    node.clock.push(MINUTE);
    assert_eq!(node.resend_for(second).status, 200);
    let (first_code, second_code) =
        (json!({"verification_code": "100042"}), json!({"verification_code": "100043"}));
    assert_eq!(approve(&node, first, &second_code).refusal(), WRONG);
    assert_eq!(approve(&node, first, &first_code).status, 200);
    assert_eq!(status(&node, second), "NEW");
    assert_eq!(approve(&node, second, &second_code).status, 200);
}

#[test]
fn whoever_stands_in_for_the_person_gets_the_code() {
    let node = TestNode::start();
    let request = "e0000000-0000-4000-8000-000000000001";
    assert_eq!(node.resend_for(request).status, 200);
    let code = node.code_for("+380671000001");
    let approved = approve(&node, request, &json!({"verification_code": code}));
    assert_eq!(approved.status, 200);
    assert_eq!(approved.data()["status"], "APPROVED");
    let method = &approved.body["urgent"]["authentication_method_current"];
    assert_eq!(*method, json!({"type": "THIRD_PERSON", "phone_number": "+38067*****01"}));
}

#[test]
fn of_many_right_codes_at_once_one_approves() {
    let node = TestNode::start();
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    let replies: Vec<_> = std::thread::scope(|scope| {
        let calls = [(); 8].map(|()| scope.spawn(|| node.approve(&code)));
        calls.map(|call| call.join().unwrap()).into()
    });
    let approved = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(approved, 1, "{replies:?}");
    assert!(node.compared() <= 3);
}
