//! What a client gets to see of its own requests.

use serde_json::{Value, json};

use crate::support::{MIS, SEED_REQUEST, TestNode};

fn get(node: &TestNode, request: &str) -> Value {
    let reply = node.call("GET", &format!("/api/person_requests/{request}"), &MIS, "");
    assert_eq!(reply.status, 200, "{request}");
    reply.body
}

#[test]
fn a_request_is_shown_with_its_number_masked() {
    let node = TestNode::start();
    let seen = get(&node, SEED_REQUEST);
    let data = json!({
        "id": SEED_REQUEST, "status": "NEW", "inserted_at": "2026-11-21T11:00:00.000000Z",
        "updated_at": "2026-11-21T11:00:00.000000Z"
    });
    assert_eq!(seen["data"], data);
    let method = json!({"type": "OTP", "phone_number": "+38095*****84"});
    assert_eq!(seen["urgent"], json!({"authentication_method_current": method}));
}

#[test]
fn every_method_and_status_of_the_demo_is_shown() {
    let node = TestNode::start();
    let table = [
        ("1", "NEW", json!({"type": "THIRD_PERSON", "phone_number": "+38067*****01"})),
        ("3", "NEW", json!({"type": "OFFLINE"})),
        ("4", "NEW", json!({"type": "NA"})),
        ("5", "APPROVED", json!({"type": "OTP", "phone_number": "+38067*****05"})),
        ("6", "SIGNED", json!({"type": "OTP", "phone_number": "+38067*****06"})),
        ("7", "REJECTED", json!({"type": "OTP", "phone_number": "+38067*****07"})),
        ("8", "CANCELLED", json!({"type": "OTP", "phone_number": "+38067*****08"})),
        ("9", "EXPIRED", json!({"type": "OTP", "phone_number": "+38067*****09"})),
    ];
    for (last, status, method) in table {
        let seen = get(&node, &format!("e0000000-0000-4000-8000-00000000000{last}"));
        assert_eq!(seen["data"]["status"], status);
        assert_eq!(seen["urgent"]["authentication_method_current"], method);
    }
}

#[test]
fn another_client_s_request_and_one_that_is_none_are_unknown() {
    let node = TestNode::start();
    for request in ["e0000000-0000-4000-8000-00000000000c", "no-uuid", "e0000000"] {
        let reply = node.call("GET", &format!("/api/person_requests/{request}"), &MIS, "");
        assert_eq!(reply.refusal(), (404, "not_found", Some("not_found"), None), "{request}");
    }
    let direct = [("authorization", "Bearer demo-direct-token")];
    let reply = node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), &direct, "");
    assert_eq!(reply.status, 404);
}
