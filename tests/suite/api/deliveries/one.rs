use std::time::Duration;

use esoz_otp::config::DialectName;
use serde_json::json;

use super::super::envelope::assert_enveloped;
use super::{ADMIN, CLINIC, STRANGER, delivery, delivery_once, id_of, stranger};
use crate::support::{MIS, SEED_REQUEST, TestNode};

const NOT_FOUND: (u16, &str, Option<&str>, Option<&str>) = (404, "not_found", None, None);

#[test]
fn who_had_a_code_sent_sees_what_became_of_the_message() {
    for dialect in DialectName::ALL {
        let node = TestNode::speaking(dialect);
        let resent = node.resend();
        let id = id_of(&resent);
        let now = "2026-11-21T12:00:00.000000Z";
        let sent = json!({
            "verification_id": id, "status": "sent", "phone_number": "+38095*****84",
            "driver": "inbox", "gateway_id": null, "attempts": 1, "uncertain": false,
            "last_error": null, "queued_at": now, "submitted_at": now, "sent_at": now,
            "delivered_at": null, "ended_at": null, "next_attempt_at": null,
            "expires_at": "2026-11-21T12:05:00.000000Z",
            "request_id": resent.header("x-request-id").unwrap()
        });
        assert_eq!(delivery_once(&node, &id, "sent"), sent);
        let reply = delivery(&node, "/api", &id, &MIS);
        assert_enveloped(&node, &reply, &format!("/api/verifications/{id}/delivery"));
        let path = format!("/api/person_requests/{SEED_REQUEST}/deliveries");
        let list = node.call("GET", &path, &MIS, "");
        assert_eq!(list.data(), &json!([sent]));
        assert_eq!(list.body["paging"], json!({"page_size": 50, "next_after": null}));
        assert_enveloped(&node, &list, &path);
    }
}

#[test]
fn to_any_other_client_a_message_is_unknown_and_so_are_others_to_whoever_has_no_token() {
    for dialect in DialectName::ALL {
        let node = TestNode::speaking_with(dialect, &stranger());
        let clinic_s = id_of(&node.resend());
        let body = r#"{"phone_number": "+380671000021"}"#;
        let stranger_s = id_of(&node.call("POST", "/api/verifications", &STRANGER, body));
        let nobody_s = id_of(&node.initialize("+380671000022"));
        let callers = [("/api", &MIS[..]), ("/api", &STRANGER), ("", &[])];
        for (owner, id) in [&clinic_s, &stranger_s, &nobody_s].into_iter().enumerate() {
            for (caller, (surface, headers)) in callers.into_iter().enumerate() {
                let reply = delivery(&node, surface, id, headers);
                if caller == owner {
                    assert_eq!(reply.data()["verification_id"], id.as_str(), "{}", reply.text);
                } else {
                    assert_eq!(reply.refusal(), NOT_FOUND, "{dialect}: {caller} of {owner}");
                }
            }
        }
        // A token makes nobody anybody else where none is asked for.
        assert_eq!(delivery(&node, "", &clinic_s, &MIS).refusal(), NOT_FOUND);
        assert_eq!(delivery(&node, "", &nobody_s, &MIS).status, 200);
    }
}

#[test]
fn an_operator_sees_whoever_s_message_and_whose_it_is() {
    for dialect in DialectName::ALL {
        let node = TestNode::speaking(dialect);
        let clinic_s = id_of(&node.resend());
        let nobody_s = id_of(&node.initialize("+380671000022"));
        for (id, client) in [(&clinic_s, json!(CLINIC)), (&nobody_s, json!(null))] {
            let mut reply = delivery(&node, "/admin", id, &ADMIN);
            let seen = reply.body["data"].as_object_mut().unwrap();
            assert_eq!(seen.remove("client_id"), Some(client));
            assert_eq!(seen["verification_id"], id.as_str());
            assert_eq!(seen.len(), 16, "and all that its owner sees: {seen:?}");
        }
        assert_eq!(delivery(&node, "/admin", SEED_REQUEST, &ADMIN).refusal(), NOT_FOUND);
        assert_eq!(delivery(&node, "/admin", &clinic_s, &MIS).status, 403);
    }
}

#[test]
fn what_is_no_verification_has_no_message() {
    let node = TestNode::start();
    let id = id_of(&node.resend());
    let without_hyphens = id.replace('-', "");
    for none in [SEED_REQUEST, "no-uuid", "+380958697084", &without_hyphens, &id[..35]] {
        for (surface, headers) in [("/api", &MIS[..]), ("", &[]), ("/admin", &ADMIN)] {
            let reply = delivery(&node, surface, none, headers);
            assert_eq!(reply.refusal(), NOT_FOUND, "{surface} {none}");
        }
    }
    assert_eq!(delivery(&node, "/api", &id.to_uppercase(), &MIS).status, 200);
}

#[test]
fn a_phone_is_still_looked_up_beside_it() {
    let node = TestNode::start();
    let id = id_of(&node.initialize("+380671000022"));
    assert_eq!(delivery(&node, "", &id, &[]).status, 200);
    let seen = node.call("GET", &format!("/verifications/{id}"), &[], "");
    assert_eq!(seen.refusal(), NOT_FOUND, "that asks whether a phone is verified");
    let code = node.code_for("+380671000022");
    assert_eq!(node.complete("+380671000022", &code).status, 200);
    assert_eq!(node.call("GET", "/verifications/+380671000022", &[], "").status, 200);
}

#[test]
fn a_caller_who_may_not_is_told_so_before_anything_is_looked_up() {
    for (dialect, blocked, no_key, scope) in [
        (DialectName::Documented, "Access denied", "Api key is not set", "\"otp:read\""),
        (DialectName::Deployed, "Invalid access token", "Invalid access token", "otp:read"),
    ] {
        let node = TestNode::speaking(dialect);
        let id = id_of(&node.resend());
        let lacks = format!(
            "Your scope does not allow to access this resource. Missing allowances: {scope}"
        );
        for id in [id.as_str(), SEED_REQUEST, "no-uuid"] {
            for (token, status, message) in [
                ("demo-blocked-client-token", 401, blocked),
                ("demo-mis-token", 401, no_key),
                ("demo-direct-token", 403, lacks.as_str()),
                ("nobody-s-token", 401, "Invalid access token"),
            ] {
                let headers = [("authorization", format!("Bearer {token}"))];
                let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
                let reply = delivery(&node, "/api", id, &headers);
                assert_eq!((reply.status, reply.message()), (status, Some(message)), "{token}");
            }
        }
    }
}

#[test]
fn a_message_whose_code_was_replaced_is_followed_to_its_end() {
    let node = TestNode::start();
    let first = id_of(&node.resend());
    delivery_once(&node, &first, "sent");
    node.clock.push(Duration::from_mins(1));
    let second = id_of(&node.resend());
    delivery_once(&node, &second, "sent");
    let list =
        node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}/deliveries"), &MIS, "");
    let ids: Vec<_> =
        list.data().as_array().unwrap().iter().map(|it| &it["verification_id"]).collect();
    assert_eq!(ids, [second.as_str(), first.as_str()], "the newest first");
    delivery_once(&node, &first, "sent");
}
