//! `/admin/tokens`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CLINIC, CLINIC_USER, NOWHERE, OPERATORS, actions, admin, data, get, id, new_token};
use crate::support::{Reply, TestNode};

/// A call of the client of the operator with this token.
fn call(node: &TestNode, token: &Value) -> Reply {
    let bearer = format!("Bearer {}", token["value"].as_str().unwrap());
    node.call("GET", "/admin/clients", &[("authorization", &bearer)], "")
}

#[test]
fn a_token_is_shown_once_and_counts_until_it_is_revoked() {
    let node = TestNode::start();
    let token = new_token(&node, OPERATORS, "admin:read");
    let value = token["value"].as_str().unwrap();
    assert_eq!(call(&node, &token).status, 200);
    let path = format!("/admin/tokens/{}", id(&token));
    let reply = get(&node, &path);
    let shown = data(&reply, 200);
    assert!(!reply.text.contains(value));
    assert_eq!(shown["value_last_four"], value[value.len() - 4..]);
    assert_eq!((&shown["name"], &shown["revoked_at"]), (&json!("new"), &Value::Null));
    assert_eq!(shown["expires_at"], (node.now() + Duration::from_hours(24)).to_string());

    let change = json!({"token": {"name": "other", "scope": "otp:read"}});
    let changed = data(&admin(&node, "PATCH", &path, &change), 200);
    assert_eq!((&changed["name"], &changed["scope"]), (&json!("other"), &json!("otp:read")));
    assert_eq!(call(&node, &token).status, 403);

    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(call(&node, &token).status, 401);
    assert_eq!(data(&get(&node, &path), 200)["revoked_at"], node.now().to_string());
    // It stays revoked: neither a change nor another revocation alters that.
    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    data(&admin(&node, "PATCH", &path, &json!({"token": {"expires_at": "+9d"}})), 200);
    assert_eq!(call(&node, &token).status, 401);
    assert_eq!(actions(&node, id(&token)), ["created", "changed", "revoked", "changed"]);
    assert!(!get(&node, "/admin/audit?event=admin_changed").text.contains(value));
}

#[test]
fn what_is_wrong_with_a_token_is_said() {
    let node = TestNode::start();
    let token = |user: &str, client: &str, expires_at: &str| json!({"token": {"user_id": user, "client_id": client, "scope": "a", "expires_at": expires_at}});
    for (body, entry) in [
        (json!({"token": {}}), "$.token.user_id"),
        (token("x", CLINIC, "+1d"), "$.token.user_id"),
        (token(NOWHERE, CLINIC, "+1d"), "$.token.user_id"),
        (token(CLINIC_USER, NOWHERE, "+1d"), "$.token.client_id"),
        (token(CLINIC_USER, CLINIC, "-1s"), "$.token.expires_at"),
        (token(CLINIC_USER, CLINIC, "tomorrow"), "$.token.expires_at"),
    ] {
        let reply = admin(&node, "POST", "/admin/tokens", &body);
        assert_eq!(reply.status, 422, "{body}");
        assert_eq!(reply.error()["invalid"][0]["entry"], entry, "{}", reply.text);
    }
    for path in [format!("/admin/tokens/{NOWHERE}"), "/admin/tokens/x".into()] {
        assert_eq!(get(&node, &path).status, 404);
        assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 404);
        assert_eq!(admin(&node, "PATCH", &path, &json!({"token": {}})).status, 404);
    }
    let access = |user: &str| format!("/admin/users/{user}/tokens/access");
    let body = json!({"token": {"client_id": CLINIC, "scope": "otp:read"}});
    assert_eq!(admin(&node, "POST", &access(NOWHERE), &body).status, 404);
    let unknown = json!({"token": {"client_id": NOWHERE, "scope": "otp:read"}});
    assert_eq!(admin(&node, "POST", &access(CLINIC_USER), &unknown).status, 422);
}

#[test]
fn an_access_token_takes_the_place_of_those_of_the_same_client() {
    let node = TestNode::start();
    let path = format!("/admin/users/{CLINIC_USER}/tokens/access");
    let body = json!({"token": {"client_id": OPERATORS, "scope": "admin:read"}});
    let others = new_token(&node, CLINIC, "admin:read");
    let first = data(&admin(&node, "POST", &path, &body), 201);
    assert_eq!(call(&node, &first).status, 200);
    let second = data(&admin(&node, "POST", &path, &body), 201);
    assert_eq!((call(&node, &first).status, call(&node, &second).status), (401, 200));
    let other = data(&get(&node, &format!("/admin/tokens/{}", id(&others))), 200);
    assert_eq!(other["revoked_at"], Value::Null, "another client's");
    node.clock.push(Duration::from_hours(24) + Duration::from_secs(1));
    assert_eq!(call(&node, &second).status, 401, "after a day");
}

#[test]
fn an_access_token_takes_the_place_of_more_tokens_than_a_chunk_has() {
    let node = TestNode::start();
    let others = [(); 70].map(|()| new_token(&node, OPERATORS, "admin:read"));
    let path = format!("/admin/users/{CLINIC_USER}/tokens/access");
    let body = json!({"token": {"client_id": OPERATORS, "scope": "admin:read"}});
    data(&admin(&node, "POST", &path, &body), 201);
    for other in &others {
        assert_eq!(call(&node, other).status, 401);
    }
}

#[test]
fn tokens_of_users_and_clients_are_revoked_together() {
    let node = TestNode::start();
    let some = || [(); 70].map(|()| new_token(&node, OPERATORS, "admin:read"));
    let live = |tokens: &[Value]| tokens.iter().filter(|it| call(&node, it).status == 200).count();
    let path = format!("/admin/users/{CLINIC_USER}/tokens");
    let tokens = some();
    assert_eq!(live(&tokens), 70);
    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(live(&tokens), 0);
    // The user's tokens are more than one write revokes, so there are two rows.
    let rows = super::changes(&node, CLINIC_USER);
    let counts: Vec<_> = rows.iter().map(|(_, fields)| fields[0].2.as_str().unwrap()).collect();
    assert_eq!(counts, ["64", "7"], "and the demo's own");
    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(super::changes(&node, CLINIC_USER).len(), 2, "none is left");

    let [one, other] = [(); 2].map(|()| new_token(&node, OPERATORS, "admin:read"));
    let path = format!("/admin/tokens?user_ids={NOWHERE},{CLINIC_USER}");
    assert_eq!(admin(&node, "DELETE", &path, &Value::Null).status, 204);
    assert_eq!(live(&[one, other]), 0);
    assert_eq!(admin(&node, "DELETE", "/admin/tokens", &Value::Null).status, 422);
    assert_eq!(admin(&node, "DELETE", "/admin/tokens?user_ids=", &Value::Null).status, 422);
    assert_eq!(admin(&node, "DELETE", "/admin/users/x/tokens", &Value::Null).status, 404);
}

#[test]
fn lists_are_filtered_by_user_client_and_name() {
    let node = TestNode::start();
    let total = |query: &str| {
        let reply = get(&node, &format!("/admin/tokens?{query}"));
        let count = data(&reply, 200).as_array().unwrap().len();
        assert_eq!(reply.body["paging"]["total_entries"], count, "{query}");
        count
    };
    let all = total("");
    let of_user = total(&format!("user_id={CLINIC_USER}"));
    let token = new_token(&node, OPERATORS, "admin:read");
    assert_eq!(total(""), all + 1);
    assert_eq!(total(&format!("user_id={CLINIC_USER}")), of_user + 1);
    assert_eq!(total(&format!("user_id={CLINIC_USER}&client_id={OPERATORS}")), 1);
    assert_eq!((total("name=new"), total("name=ne")), (1, 0));
    let behind = get(&node, &format!("/admin/tokens?user_id={CLINIC_USER}&after={NOWHERE}"));
    let rule = &behind.error()["invalid"][0]["rules"][0];
    assert_eq!(
        (behind.status, &rule["description"]),
        (422, &json!("expected the id of a token in this list"))
    );
    assert_eq!(
        admin(&node, "DELETE", &format!("/admin/tokens/{}", id(&token)), &Value::Null).status,
        204
    );
    assert_eq!(total("name=new"), 1, "a revoked one is shown");
}
