//! `/admin/users`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::{CLINIC, EMPLOYEE, PATIENT, UNKNOWN, admin, audited, get, ids, refused, row};
use crate::support::{MIS, SEED_REQUEST, TestNode, without_send_limits};

const PERSON: &str = "a0000000-0000-4000-8000-000000000001";

fn add(node: &TestNode, user: &Value) -> String {
    let reply = admin(node, "POST", "/admin/users", &json!({"user": user}));
    assert_eq!(reply.status, 201, "{}", reply.text);
    let id = reply.data()["id"].as_str().unwrap().to_owned();
    assert_eq!(reply.header("location"), Some(&format!("/admin/users/{id}")[..]));
    id
}

/// Adds a token of a user and returns its value.
fn token(node: &TestNode, user: &str, name: &str) -> String {
    let token = json!({"token": {"name": name, "user_id": user, "client_id": CLINIC,
        "scope": "person_request:read", "expires_at": "+1d"}});
    let reply = admin(node, "POST", "/admin/tokens", &token);
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.data()["value"].as_str().unwrap().to_owned()
}

/// The status of a read with this token.
fn read_with(node: &TestNode, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &bearer[..]), ("api-key", "demo-api-key")];
    node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), &headers, "").status
}

#[test]
fn a_user_is_added_changed_and_removed_and_the_audit_has_it_all() {
    let node = TestNode::start();
    let id = add(&node, &json!({"email": "a@b.ua", "password": "Not-kept-12345", "tax_id": "1"}));
    let path = format!("/admin/users/{id}");
    let shown = get(&node, &path)["data"].clone();
    let at = node.now().to_string();
    let expected = json!({"id": id, "person_id": null, "is_blocked": false, "block_reason": null,
        "inserted_at": at, "updated_at": at});
    assert_eq!(shown, expected);

    let person = json!({"user": {"person_id": PERSON}});
    assert_eq!(admin(&node, "PATCH", &path, &person).data()["person_id"], PERSON);
    // The same once more, and an empty change, change nothing.
    assert_eq!(admin(&node, "PATCH", &path, &person).status, 200);
    assert_eq!(admin(&node, "PATCH", &path, &json!({"user": {}})).data()["person_id"], PERSON);
    let unknown = admin(&node, "PATCH", &path, &json!({"user": {"person_id": UNKNOWN}}));
    assert_eq!(unknown.status, 422);
    assert_eq!(unknown.error()["invalid"][0]["entry"], "$.user.person_id");

    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(admin(&node, "GET", &path, &Value::Null).status, 404);
    let expected = [
        row("created", json!({})),
        row("changed", json!({"person_id": [null, PERSON]})),
        row("deleted", json!({"person_id": [PERSON, null]})),
    ];
    assert_eq!(audited(&node, "user", &id), expected);
}

#[test]
fn a_block_is_no_field_and_an_unknown_user_is_not_found() {
    let node = TestNode::start();
    let blocked = json!({"user": {"is_blocked": false}});
    let path = format!("/admin/users/{EMPLOYEE}");
    assert_eq!(admin(&node, "PATCH", &path, &blocked).status, 422);
    for (method, rest) in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("PATCH", "/actions/block"),
        ("PATCH", "/actions/unblock"),
    ] {
        let body = if rest.is_empty() { json!({"user": {}}) } else { json!({}) };
        let reply = admin(&node, method, &format!("/admin/users/{UNKNOWN}{rest}"), &body);
        assert_eq!(reply.status, 404, "{method} {rest}: {}", reply.text);
    }
}

#[test]
fn users_are_found_by_id_block_and_person() {
    let node = TestNode::start();
    let found = |query: &str| get(&node, &format!("/admin/users?{query}"));
    assert_eq!(found("")["paging"]["total_entries"], 9);
    assert_eq!(ids(&found(&format!("id={PATIENT}"))), [PATIENT]);
    let both = found(&format!("ids={PATIENT},{EMPLOYEE},{UNKNOWN},{PATIENT}"));
    assert_eq!(ids(&both), [EMPLOYEE, PATIENT]);
    assert_eq!(both["paging"]["total_entries"], 2);
    assert_eq!(ids(&found(&format!("ids={PATIENT},{EMPLOYEE}&id={PATIENT}"))), [PATIENT]);
    assert_eq!(ids(&found("is_blocked=true")), ["b0000000-0000-4000-8000-000000000004"]);
    assert_eq!(ids(&found(&format!("person_id={PERSON}"))), [PATIENT]);
    assert_eq!(ids(&found(&format!("person_id={PERSON}&is_blocked=true"))), [""; 0]);

    let mut all = Vec::new();
    let mut next = Value::Null;
    loop {
        let after = next.as_str().map(|id| format!("&after={id}")).unwrap_or_default();
        let page = found(&format!("page_size=4{after}"));
        all.extend(ids(&page).into_iter().map(str::to_owned));
        next = page["paging"]["next_after"].clone();
        if next.is_null() {
            break;
        }
    }
    assert_eq!(all, ids(&found("page_size=50")));
    assert_eq!(ids(&found("page_size=4&page=3")), all[8..]);
}

#[test]
fn a_block_revokes_the_tokens_and_an_unblock_revives_none() {
    let node = TestNode::start();
    let id = add(&node, &json!({}));
    let old = token(&node, &id, "old");
    assert_eq!(read_with(&node, &old), 200);
    let action = |action: &str, body: &Value| {
        admin(&node, "PATCH", &format!("/admin/users/{id}/actions/{action}"), body)
    };
    assert_eq!(refused(&action("unblock", &Value::Null)), (409, "user already unblocked"));

    let reason = json!({"user": {"block_reason": "left, call +380671000041"}});
    let blocked = action("block", &reason);
    assert_eq!(blocked.status, 200, "{}", blocked.text);
    assert_eq!(blocked.data()["is_blocked"], true);
    assert_eq!(blocked.data()["block_reason"], "left, call +380671000041");
    assert_eq!(read_with(&node, &old), 401);
    assert_eq!(refused(&action("block", &reason)), (409, "user already blocked"));

    let unblocked = action("unblock", &Value::Null);
    assert_eq!((unblocked.status, &unblocked.data()["is_blocked"]), (200, &json!(false)));
    assert_eq!(unblocked.data()["block_reason"], Value::Null);
    assert_eq!(read_with(&node, &old), 401);
    assert_eq!(read_with(&node, &token(&node, &id, "new")), 200);

    let masked = "left, call +38067*****41";
    let expected = [
        row("created", json!({})),
        row(
            "blocked",
            json!({"is_blocked": ["false", "true"], "block_reason": [null, masked],
            "revoked_tokens": ["0", "1"]}),
        ),
        row("unblocked", json!({"is_blocked": ["true", "false"], "block_reason": [masked, null]})),
    ];
    assert_eq!(audited(&node, "user", &id), expected);
}

#[test]
fn a_block_revokes_more_tokens_than_one_write_does() {
    let node = TestNode::start();
    let id = add(&node, &json!({}));
    let tokens: Vec<_> = (0..70).map(|n| token(&node, &id, &format!("t{n}"))).collect();
    let path = format!("/admin/users/{id}/actions");
    assert_eq!(admin(&node, "PATCH", &format!("{path}/block"), &Value::Null).status, 200);
    assert_eq!(admin(&node, "PATCH", &format!("{path}/unblock"), &Value::Null).status, 200);
    for token in &tokens {
        assert_eq!(read_with(&node, token), 401);
    }
    let revoked: Vec<_> = audited(&node, "user", &id)
        .into_iter()
        .map(|(reason, changes)| (reason, changes["revoked_tokens"][1].clone()))
        .collect();
    let expected = [
        row("created", Value::Null),
        row("tokens_revoked", json!("64")),
        row("blocked", json!("6")),
        row("unblocked", Value::Null),
    ];
    assert_eq!(revoked, expected);
}

#[test]
fn a_user_with_live_tokens_or_a_phone_is_not_removed() {
    let node = TestNode::start();
    let in_use = (409, "user has live tokens or an authentication factor");
    let remove = |id: &str| admin(&node, "DELETE", &format!("/admin/users/{id}"), &Value::Null);
    assert_eq!(refused(&remove(EMPLOYEE)), in_use);
    let tokens = format!("/admin/users/{EMPLOYEE}/tokens");
    assert_eq!(admin(&node, "DELETE", &tokens, &Value::Null).status, 204);
    assert_eq!(remove(EMPLOYEE).status, 204);
    // The patient has a token and a factor.
    let tokens = format!("/admin/users/{PATIENT}/tokens");
    assert_eq!(admin(&node, "DELETE", &tokens, &Value::Null).status, 204);
    assert_eq!(refused(&remove(PATIENT)), in_use);
    assert_eq!(audited(&node, "user", PATIENT).len(), 1);
}

/// Reads come from a cache. Once the block is answered, none passes; before, all do.
#[test]
fn no_read_that_begins_after_the_block_is_answered_passes() {
    let node = TestNode::with(without_send_limits());
    let (blocked, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let read = || {
        let mut seen = [0_u32; 2];
        while !done.load(Ordering::SeqCst) {
            let was_blocked = blocked.load(Ordering::SeqCst);
            let path = format!("/api/person_requests/{SEED_REQUEST}");
            let status = node.call("GET", &path, &MIS, "").status;
            match (was_blocked, status) {
                (false, 200) => seen[0] += 1,
                (false, 401 | 403) => {}
                (true, status) => {
                    assert_ne!(status, 200, "a blocked user's token passed");
                    seen[1] += 1;
                }
                (false, status) => panic!("{status}"),
            }
            if seen[1] > 20 {
                break;
            }
        }
        seen
    };
    let seen: Vec<_> = thread::scope(|scope| {
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
        while node.resend().status != 200 {}
        let path = format!("/admin/users/{EMPLOYEE}/actions/block");
        assert_eq!(admin(&node, "PATCH", &path, &Value::Null).status, 200);
        blocked.store(true, Ordering::SeqCst);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    done.store(true, Ordering::SeqCst);
    assert!(seen.iter().all(|[_, after]| *after > 20), "{seen:?}");
}
