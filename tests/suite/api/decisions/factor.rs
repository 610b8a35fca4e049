//! The patient's own factor: page "Get authentication factor" [API-005-010-006-0206] against the list of the live system.

use std::time::Duration;

use esoz_otp::config::DialectName;
use serde_json::{Value, json};

use super::{Answer, INVALID_TOKEN, NO_PERSON, OK, assert_answers, column, conflict, denied};
use crate::support::{DEMO_WORLD, Reply, TestNode};

const NO_SUCH_TOKEN: Answer = (404, "not_found", Some("Token was not found"), None);
const DENIED: Answer = denied("Access denied");
const BLOCKED: Answer = denied("User blocked");
const INACTIVE: Answer = conflict("Person is not active");
const NOT_SET: Answer = (404, "not_found", Some("Factor not set"), None);
const NO_SCOPE: Answer = forbidden(
    "Your scope does not allow to access this resource. Missing allowances: \"person:read\"",
);
const NO_SCOPE_UNQUOTED: Answer =
    forbidden("Your scope does not allow to access this resource. Missing allowances: person:read");

const fn forbidden(message: &'static str) -> Answer {
    (403, "forbidden", Some(message), None)
}

/// A token, and the answers. What they hold when there is a factor is in the next table.
const TOKENS: &[(&str, Answer, Answer)] = &[
    ("demo-patient-token", OK, OK),
    ("reset-token", OK, OK),
    ("disabled-token", OK, OK),
    ("demo-nofactor-token", NOT_SET, OK),
    ("nobody-s-token", NO_SUCH_TOKEN, INVALID_TOKEN),
    ("demo-expired-token", DENIED, INVALID_TOKEN),
    ("demo-blocked-client-token", DENIED, INVALID_TOKEN),
    ("demo-mis-token", denied("Api key is not set"), INVALID_TOKEN),
    ("demo-direct-token", NO_SCOPE, NO_SCOPE_UNQUOTED),
    ("demo-noscope-token", NO_SCOPE, NO_SCOPE_UNQUOTED),
    ("demo-admin-token", NO_SCOPE, NO_SCOPE_UNQUOTED),
    ("demo-blocked-user-token", BLOCKED, BLOCKED),
    ("demo-inactive-person-token", INACTIVE, INACTIVE),
    ("blocked-inactive-token", BLOCKED, BLOCKED),
    ("no-person-token", NO_PERSON, NO_PERSON),
];

/// A token, its factor's number in either dialect, activity, id and user.
type Factor =
    (&'static str, Option<&'static str>, Option<&'static str>, bool, &'static str, &'static str);

const SHOWN: &[Factor] = &[
    ("demo-patient-token", Some("+380881234567"), Some("+38088*****67"), true, PATIENT, PATIENT),
    ("reset-token", None, None, true, "f1000000-0000-4000-8000-000000000001", RESET),
    (
        "disabled-token",
        Some("+380661000009"),
        Some("+38066*****09"),
        false,
        "f1000000-0000-4000-8000-000000000002",
        DISABLED,
    ),
];

/// The page's example has one id for two things.
const PATIENT: &str = "d290f1ee-6c54-4b01-90e6-d701748f0851";
const RESET: &str = "b1000000-0000-4000-8000-000000000001";
const DISABLED: &str = "b1000000-0000-4000-8000-000000000002";

#[test]
fn every_token_gets_what_its_dialect_says() {
    for dialect in DialectName::ALL {
        let node = node(dialect);
        for (token, documented, deployed) in TOKENS {
            let expected = column(dialect, *documented, *deployed);
            assert_answers(&get(&node, token), expected, &format!("{dialect}: {token}"));
        }
    }
    let world: Value = serde_json::from_str(DEMO_WORLD).unwrap();
    for token in world["tokens"].as_array().unwrap() {
        assert!(TOKENS.iter().any(|row| row.0 == token["name"]), "{token}");
    }
}

#[test]
fn the_page_shows_an_object_with_the_number_in_full_and_the_live_system_a_list_with_it_masked() {
    let (documented, deployed) = (node(DialectName::Documented), node(DialectName::Deployed));
    for (token, full, masked, is_active, id, user) in SHOWN {
        let object = json!({
            "id": id, "type": "sms", "factor": full, "is_active": is_active, "user_id": user
        });
        let shown = get(&documented, token);
        assert_eq!(*shown.data(), object, "{token}");
        assert_eq!(shown.body["meta"]["type"], "object");
        assert_eq!(shown.body.get("paging"), None);

        let entry = json!({
            "id": id, "type": "SMS", "factor": masked, "is_active": is_active, "user_id": user,
            "inserted_at": "2026-11-21T12:00:00.000000Z",
            "updated_at": "2026-11-21T12:00:00.000000Z"
        });
        assert_lists(&get(&deployed, token), &[entry]);
    }
    assert_lists(&get(&deployed, "demo-nofactor-token"), &[]);
}

fn assert_lists(reply: &Reply, entries: &[Value]) {
    assert_eq!((reply.status, reply.data()), (200, &json!(entries)));
    assert_eq!(reply.body["meta"]["type"], "list");
    let paging = json!({
        "page_number": 1, "page_size": 50, "total_entries": entries.len(), "total_pages": 1
    });
    assert_eq!(reply.body["paging"], paging);
}

#[test]
fn a_token_ends_after_its_last_microsecond_or_in_it() {
    for dialect in DialectName::ALL {
        let node = TestNode::speaking(dialect);
        let ask = || get(&node, "demo-patient-token");
        node.clock.push(Duration::from_hours(30 * 24));
        node.clock.pull(Duration::from_micros(1));
        assert_eq!(ask().status, 200, "{dialect}");
        node.clock.push(Duration::from_micros(1));
        assert_answers(&ask(), column(dialect, OK, INVALID_TOKEN), "the moment of its end");
        node.clock.push(Duration::from_micros(1));
        assert_answers(&ask(), column(dialect, DENIED, INVALID_TOKEN), "afterwards");
    }
}

fn get(node: &TestNode, token: &str) -> Reply {
    let headers = [("authorization", &*format!("Bearer {token}"))];
    node.call("GET", "/api/cabinet/authentication_factor", &headers, "")
}

fn node(dialect: DialectName) -> TestNode {
    let active = "a0000000-0000-4000-8000-000000000001";
    let inactive = "a0000000-0000-4000-8000-000000000005";
    let (blocked, no_person) =
        ("b1000000-0000-4000-8000-000000000003", "b1000000-0000-4000-8000-000000000004");
    let token = |name: &str, user: &str| {
        json!({
            "name": name, "secret": {"plain": name}, "user_id": user,
            "client_id": "c0000000-0000-4000-8000-000000000002", "scope": "person:read",
            "expires_at": "+1h"
        })
    };
    let factor = |last: u8, user: &str, phone: Option<&str>, is_active: bool| {
        json!({
            "id": format!("f1000000-0000-4000-8000-00000000000{last}"), "user_id": user,
            "type": "sms", "factor": phone, "is_active": is_active
        })
    };
    let world = json!({
        "users": [
            {"id": RESET, "person_id": active},
            {"id": DISABLED, "person_id": active},
            {"id": blocked, "person_id": inactive, "is_blocked": true},
            {"id": no_person},
        ],
        "tokens": [
            token("reset-token", RESET),
            token("disabled-token", DISABLED),
            token("blocked-inactive-token", blocked),
            token("no-person-token", no_person),
        ],
        "factors": [
            factor(1, RESET, None, true),
            factor(2, DISABLED, Some("+380661000009"), false),
        ],
    });
    TestNode::speaking_with(dialect, &world)
}
