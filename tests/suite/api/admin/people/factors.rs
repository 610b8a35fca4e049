//! `/admin/users/{id}/authentication_factors`.

use serde_json::{Value, json};

use super::{EMPLOYEE, PATIENT, UNKNOWN, admin, audited, get, ids, refused, row};
use crate::support::{SEED_REQUEST, TestNode};

/// The patient's factor, and its phone.
const FACTOR: &str = "d290f1ee-6c54-4b01-90e6-d701748f0851";
const MASKED: &str = "+38088*****67";

fn factors(user: &str) -> String {
    format!("/admin/users/{user}/authentication_factors")
}

fn act(node: &TestNode, action: &str) -> crate::support::Reply {
    let path = format!("{}/{FACTOR}/actions/{action}", factors(PATIENT));
    admin(node, "PATCH", &path, &Value::Null)
}

#[test]
fn a_factor_is_shown_masked_and_only_to_its_user_s_path() {
    let node = TestNode::start();
    let list = get(&node, &factors(PATIENT));
    assert_eq!(ids(&list), [FACTOR]);
    assert_eq!(list["paging"]["total_entries"], 1);
    let factor = &list["data"][0];
    assert_eq!(factor["factor"], MASKED);
    assert_eq!((&factor["type"], &factor["is_active"]), (&json!("SMS"), &json!(true)));
    assert_eq!(&get(&node, &format!("{}/{FACTOR}", factors(PATIENT)))["data"], factor);
    let disabled = get(&node, &format!("{}?is_active=false&type=SMS", factors(PATIENT)));
    assert_eq!(ids(&disabled), [""; 0]);
    assert_eq!(ids(&get(&node, &factors(EMPLOYEE))), [""; 0]);
    for path in [
        factors(UNKNOWN),
        format!("{}/{FACTOR}", factors(EMPLOYEE)),
        format!("{}/{UNKNOWN}", factors(PATIENT)),
    ] {
        assert_eq!(admin(&node, "GET", &path, &Value::Null).status, 404, "{path}");
    }
    for action in ["reset", "disable", "enable"] {
        let path = format!("{}/{UNKNOWN}/actions/{action}", factors(PATIENT));
        assert_eq!(admin(&node, "PATCH", &path, &Value::Null).status, 404, "{path}");
    }
}

#[test]
fn a_factor_is_added_once_and_its_number_is_in_no_answer_and_no_row() {
    let node = TestNode::start();
    let add = |body: &Value| admin(&node, "POST", &factors(EMPLOYEE), body);
    let wrong = add(&json!({"type": "SMS", "factor": "12"}));
    assert_eq!((wrong.status, &wrong.error()["invalid"][0]["entry"]), (422, &json!("$.factor")));
    assert_eq!(add(&json!({"type": "TOTP"})).status, 422);
    let unknown = admin(&node, "POST", &factors(UNKNOWN), &json!({"type": "SMS"}));
    assert_eq!(unknown.status, 404);

    let phone = json!({"type": "SMS", "factor": "+380671000041"});
    let added = add(&phone);
    assert_eq!(added.status, 201, "{}", added.text);
    assert_eq!(added.data()["factor"], "+38067*****41");
    assert!(!added.text.contains("671000041"));
    let id = added.data()["id"].as_str().unwrap().to_owned();
    let location = format!("{}/{id}", factors(EMPLOYEE));
    assert_eq!(added.header("location"), Some(&location[..]));
    assert_eq!(&get(&node, &location)["data"], added.data());

    let second = add(&phone);
    assert_eq!((second.status, &second.error()["invalid"][0]["entry"]), (422, &json!("$.user_id")));
    let expected =
        row("created", json!({"user_id": [null, EMPLOYEE], "factor": [null, "+38067*****41"]}));
    assert_eq!(audited(&node, "factor", &id), [expected]);
    // The row is found by the phone.
    let path = "/admin/audit?phone=%2B380671000041&event=admin_changed";
    let found = get(&node, path);
    assert_eq!(found["data"][0]["target_id"], id);
    assert!(!found.to_string().contains("671000041"));
}

#[test]
fn a_factor_is_disabled_enabled_and_reset_and_the_audit_has_it_all() {
    let node = TestNode::start();
    let enabled = (409, "user authentication factor already enabled");
    assert_eq!(refused(&act(&node, "enable")), enabled);
    assert_eq!(act(&node, "disable").data()["is_active"], false);
    let disabled = (409, "user authentication factor already disabled");
    assert_eq!(refused(&act(&node, "disable")), disabled);
    assert_eq!(act(&node, "reset").status, 404);
    assert_eq!(act(&node, "enable").data()["factor"], MASKED);
    assert_eq!(act(&node, "reset").data()["factor"], Value::Null);
    assert_eq!(act(&node, "reset").status, 200);

    let expected = [
        row("disabled", json!({"is_active": ["true", "false"]})),
        row("enabled", json!({"is_active": ["false", "true"]})),
        row("reset", json!({"factor": [MASKED, null]})),
    ];
    assert_eq!(audited(&node, "factor", FACTOR), expected);

    let added = admin(&node, "POST", &factors(PATIENT), &json!({"type": "SMS"}));
    assert_eq!(added.status, 201, "{}", added.text);
    assert_ne!(added.data()["id"], FACTOR);
}

#[test]
fn a_reset_lifts_no_need_of_a_code() {
    let node = TestNode::start();
    assert_eq!(act(&node, "reset").status, 200);
    assert_eq!(node.resend().status, 200);
    let path = format!("/api/person_requests/{SEED_REQUEST}/actions/approve");
    let approved = node.call("PATCH", &path, &crate::support::MIS, "{}");
    assert_eq!(approved.status, 422, "{}", approved.text);
}

#[test]
fn a_user_whose_factor_was_reset_is_removed_with_it() {
    let node = TestNode::start();
    assert_eq!(act(&node, "reset").status, 200);
    let user = format!("/admin/users/{PATIENT}");
    let tokens = format!("{user}/tokens");
    assert_eq!(admin(&node, "DELETE", &tokens, &Value::Null).status, 204);
    assert_eq!(admin(&node, "DELETE", &user, &Value::Null).status, 204);
    assert_eq!(admin(&node, "GET", &factors(PATIENT), &Value::Null).status, 404);
    let rows = audited(&node, "user", PATIENT);
    assert_eq!(rows[1].0, "deleted");
    assert_eq!(rows[1].1["factor_id"], json!([FACTOR, null]));
}
