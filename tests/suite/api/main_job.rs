//! What the appliance is for: a code is resent, reaches the phone, approves the request once.

use serde_json::json;

use crate::support::{SEED_PHONE, TestNode, other_than};

#[test]
fn a_resent_code_approves_the_request_once() {
    let node = TestNode::start();
    let resent = node.resend();
    assert_eq!(resent.status, 200);
    assert_eq!(resent.data()["status"], "new");
    assert_eq!(resent.data()["active"], true);
    assert_eq!(resent.data()["code_expired_at"], "2026-11-21T12:05:00.000000Z");
    assert_eq!(resent.data().as_object().unwrap().len(), 4);

    let code = node.code_for(SEED_PHONE);
    let approved = node.approve(&code);
    assert_eq!(approved.status, 200);
    assert_eq!(approved.data()["status"], "APPROVED");
    assert_eq!(
        approved.body["urgent"]["authentication_method_current"],
        json!({"type": "OTP", "phone_number": "+38095*****84"})
    );

    let again = node.approve(&code);
    assert_eq!(again.status, 409);
    assert_eq!(again.message(), Some("Invalid transition"));
    assert_eq!(again.reason(), Some("already_used"));
}

#[test]
fn the_page_s_initialize_call_sends_a_code_that_verifies_the_phone() {
    let node = TestNode::start();
    let made = node.call("POST", "/verifications", &[], r#"{"phone_number": "+380958697084"}"#);
    assert_eq!(made.status, 201);
    let code = node.code_for(SEED_PHONE);

    assert_eq!(node.call("GET", "/verifications/+380958697084", &[], "").status, 404);
    let wrong = node.complete(SEED_PHONE, &other_than(&code));
    assert_eq!((wrong.status, wrong.reason()), (403, Some("wrong_code")));
    let right = node.complete(SEED_PHONE, &code);
    assert_eq!(right.status, 200);
    assert_eq!(right.data()["status"], "verified");
    assert_eq!(right.data()["active"], false);
    let id = made.data()["id"].as_str().unwrap();
    assert_eq!(right.header("location"), Some(format!("/verifications/{id}").as_str()));

    let seen = node.call("GET", "/verifications/+380958697084", &[], "");
    assert_eq!(seen.status, 200);
    assert_eq!(*seen.data(), json!({"phone_number": SEED_PHONE}));
}

#[test]
fn the_factor_s_data_is_the_page_s_example() {
    let node = TestNode::start();
    let token = [("authorization", "Bearer demo-patient-token")];
    let reply = node.call("GET", "/api/cabinet/authentication_factor", &token, "");
    assert_eq!(reply.status, 200);
    assert_eq!(
        *reply.data(),
        json!({
            "id": "d290f1ee-6c54-4b01-90e6-d701748f0851",
            "type": "sms",
            "factor": "+380881234567",
            "is_active": true,
            "user_id": "d290f1ee-6c54-4b01-90e6-d701748f0851"
        })
    );
    assert_eq!(reply.body["meta"]["type"], "object");
    assert_eq!(reply.body["meta"]["code"], 200);
}
