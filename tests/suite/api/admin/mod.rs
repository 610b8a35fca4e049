//! The operator's changes.

mod at_once;
mod clients;
mod connections;
mod pages;
mod people;
mod tokens;

use serde_json::{Value, json};

use crate::support::{Reply, TestNode};

const ADMIN: (&str, &str) = ("authorization", "Bearer demo-admin-token");
/// The demo's clinic, its vendor, and the client of the operator.
const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";
const OPERATORS: &str = "c0000000-0000-4000-8000-000000000002";
const CLINIC_USER: &str = "b0000000-0000-4000-8000-000000000001";
const NOWHERE: &str = "99999999-9999-4999-8999-999999999999";

/// A call with the operator's token.
fn admin(node: &TestNode, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    node.call(method, path, &[ADMIN], &body)
}

fn get(node: &TestNode, path: &str) -> Reply {
    admin(node, "GET", path, &Value::Null)
}

/// `data` of an answer with this status.
fn data(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status, status, "{}", reply.text);
    reply.data().clone()
}

/// The id in `data`.
fn id(data: &Value) -> &str {
    data["id"].as_str().unwrap()
}

/// A new client of this name and access type.
fn new_client(node: &TestNode, name: &str, access_type: &str) -> Value {
    let settings = json!({"access_type": access_type, "broker_scope": "otp:read otp:write"});
    let body = json!({"client": {"name": name, "priv_settings": settings}});
    data(&admin(node, "POST", "/admin/clients", &body), 201)
}

/// A new token of the demo's clinic, with its value.
fn new_token(node: &TestNode, client: &str, scope: &str) -> Value {
    let body = json!({"token": {"name": "new", "user_id": CLINIC_USER, "client_id": client,
        "scope": scope, "expires_at": "+1d"}});
    data(&admin(node, "POST", "/admin/tokens", &body), 201)
}

/// The action of a change, and its fields with their values before and after.
type Change = (String, Vec<(String, Value, Value)>);

/// The changes of this record in the rows of audit.
fn changes(node: &TestNode, target: &str) -> Vec<Change> {
    let rows = get(node, &format!("/admin/audit?event=admin_changed&target_id={target}"));
    let change = |row: &Value| {
        let fields = row["changes"].as_array().unwrap().iter().map(|field| {
            let name = field["field"].as_str().unwrap().to_owned();
            (name, field["before"].clone(), field["after"].clone())
        });
        (row["reason"].as_str().unwrap().to_owned(), fields.collect())
    };
    rows.data().as_array().unwrap().iter().map(change).collect()
}

/// The actions of these rows alone.
fn actions(node: &TestNode, target: &str) -> Vec<String> {
    changes(node, target).into_iter().map(|(action, _)| action).collect()
}

#[test]
fn a_token_that_only_reads_sees_everything_and_changes_nothing() {
    let node = TestNode::start();
    let reader = new_token(&node, OPERATORS, "admin:read");
    let bearer = format!("Bearer {}", reader["value"].as_str().unwrap());
    let reader = ("authorization", bearer.as_str());
    let rows = esoz_otp::api::routes::ROUTES.iter();
    let rows = rows.filter(|row| row.path.starts_with("/admin/"));
    let before = node.store.written();
    for row in rows {
        let path = super::routes::path_of(row);
        let reply = node.call(row.method, &path, &[reader], "");
        let is_read = row.method == "GET";
        assert_eq!(reply.status == 403, !is_read, "{} {path}: {}", row.method, reply.text);
    }
    for path in ["/admin/clients", "/admin/tokens", &format!("/admin/clients/{CLINIC}")] {
        assert_eq!(node.call("GET", path, &[reader], "").status, 200);
    }
    // The refusals have rows of audit, and nothing else was written.
    let rows = get(&node, "/admin/audit?event=admin_changed");
    assert_eq!(rows.data().as_array().unwrap().len(), 1, "the reader's token");
    assert!(node.store.written() <= before + 2);
}

#[test]
fn a_row_says_who_changed_what() {
    let node = TestNode::start();
    let headers = [ADMIN, ("x-request-id", "ticket-17")];
    let path = format!("/admin/clients/{CLINIC}/actions/block");
    let body = json!({"client": {"block_reason": "call +380 67 100 00 41"}}).to_string();
    assert_eq!(node.call("PATCH", &path, &headers, &body).status, 200);
    let rows = get(&node, &format!("/admin/audit?target_id={CLINIC}"));
    let [row] = &rows.data().as_array().unwrap()[..] else { panic!("{}", rows.text) };
    assert_eq!(row["event"], "admin_changed");
    assert_eq!(row["reason"], "blocked");
    assert_eq!((&row["client_id"], &row["request_id"]), (&json!(OPERATORS), &json!("ticket-17")));
    assert_eq!((&row["target_kind"], &row["target_id"]), (&json!("client"), &json!(CLINIC)));
    let expected = json!([
        {"field": "is_blocked", "before": "false", "after": "true"},
        {"field": "block_reason", "before": null, "after": "call +380 67 *** ** 41"},
    ]);
    assert_eq!(row["changes"], expected);
    let others = get(&node, &format!("/admin/audit?target_id={NOWHERE}"));
    assert_eq!(*others.data(), json!([]));
}
