//! The versions of the paths that clients call, and slashes too many in them.

use esoz_otp::config::DialectName;
use serde_json::json;

use super::envelope::assert_enveloped;
use crate::support::{MIS, Reply, SEED_PHONE, SEED_REQUEST, TestNode, call};

/// What stands before `person_requests` in the paths of the three clients that were tried.
const VERSIONS: [&str; 3] = ["/api", "/api/v2", "/api/v3"];

fn request(version: &str) -> String {
    format!("{version}/person_requests/{SEED_REQUEST}")
}

fn approve(node: &TestNode, path: &str, code: &str) -> Reply {
    let body = json!({"verification_code": code}).to_string();
    node.call("PATCH", &format!("{path}/actions/approve"), &MIS, &body)
}

#[test]
fn a_request_is_read_and_approved_by_every_version_of_its_path() {
    for dialect in [DialectName::Documented, DialectName::Deployed] {
        for version in VERSIONS {
            let node = TestNode::speaking(dialect);
            let path = request(version);
            assert_eq!(node.resend().status, 200);
            let wrong = approve(&node, &path, "000000");
            assert_eq!((wrong.status, wrong.reason()), (422, Some("wrong_code")), "{path}");
            let approved = approve(&node, &path, &node.code_for(SEED_PHONE));
            assert_eq!(approved.status, 200, "{path}");
            assert_enveloped(&node, &approved, &format!("{path}/actions/approve"));
            for other in VERSIONS {
                let seen = node.call("GET", &request(other), &MIS, "");
                assert_eq!(seen.body["data"], approved.body["data"], "{other}");
                assert_eq!(seen.body["urgent"], approved.body["urgent"], "{other}");
                assert_enveloped(&node, &seen, &request(other));
            }
        }
    }
}

#[test]
fn every_version_says_the_same_of_what_it_refuses() {
    for dialect in [DialectName::Documented, DialectName::Deployed] {
        let node = TestNode::speaking(dialect);
        let answers = |call: &dyn Fn(&str) -> Reply| VERSIONS.map(call).map(|reply| reply.body);
        let same = |answers: [serde_json::Value; 3]| {
            let [one, two, three] = answers.map(|body| body["error"].clone());
            assert!(one.is_object() && one == two && two == three, "{one} {two} {three}");
        };
        same(answers(&|version| node.call("GET", &request(version), &[], "")));
        let narrow = [("authorization", "Bearer demo-noscope-token")];
        same(answers(&|version| node.call("GET", &request(version), &narrow, "")));
        same(answers(&|version| approve(&node, &format!("{version}/person_requests/x"), "123456")));
        same(answers(&|version| {
            let signed = "e0000000-0000-4000-8000-000000000006";
            approve(&node, &format!("{version}/person_requests/{signed}"), "123456")
        }));
        same(answers(&|version| node.call("DELETE", &request(version), &MIS, "")));
    }
}

#[test]
fn a_version_s_path_has_the_methods_of_the_path_without() {
    let node = TestNode::start();
    for address in [node.address(), node.public_address()] {
        for version in VERSIONS {
            let path = request(version);
            let refused = call(address, "POST", &path, &MIS, "");
            assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
            let refused = call(address, "POST", &format!("{path}/actions/approve"), &MIS, "");
            assert_eq!((refused.status, refused.header("allow")), (405, Some("PATCH")));
        }
    }
}

#[test]
fn slashes_too_many_lead_to_the_same_method_and_the_url_is_the_caller_s() {
    let node = TestNode::start();
    let resend = format!("//api///person_requests/{SEED_REQUEST}//actions/resend_otp/");
    let again = node.by_hand("POST", &resend, &MIS, b"");
    assert_eq!(again.status, 200);
    assert_enveloped(&node, &again, &resend);
    let code = node.code_for(SEED_PHONE);
    let approved = approve(&node, &format!("//api//v3/person_requests//{SEED_REQUEST}/"), &code);
    assert_eq!(approved.status, 200);
    let patient = [("authorization", "Bearer demo-patient-token")];
    let factor = "/api//cabinet/authentication_factor//";
    let seen = node.by_hand("GET", factor, &patient, b"");
    assert_eq!(seen.status, 200);
    assert_enveloped(&node, &seen, factor);

    let phone = "+380631112233";
    let body = json!({"phone_number": phone}).to_string();
    assert_eq!(node.call("POST", "//verifications//", &[], &body).status, 201);
    let body = json!({"code": node.code_for(phone)}).to_string();
    let complete = format!("/verifications//{phone}/actions//complete");
    assert_eq!(node.call("PATCH", &complete, &[], &body).status, 200);
    for path in [format!("//verifications/{phone}"), format!("/api/verifications/{phone}/")] {
        assert_eq!(node.call("GET", &path, &MIS, "").status, 200, "{path}");
    }
}

#[test]
fn slashes_too_many_open_nothing_in_public() {
    let node = TestNode::start();
    for path in ["//verifications", "/verifications/", "//admin//audit", "///demo/messages/"] {
        let inside = node.by_hand("DELETE", path, &[], b"");
        assert_eq!(inside.status, 405, "{path}");
        let outside = node.by_hand_in_public("DELETE", path, &[]);
        assert_eq!(outside.refusal(), (404, "not_found", None, None), "{path}");
    }
}
