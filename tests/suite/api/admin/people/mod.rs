//! Users and what belongs to them. Every change is looked for in the audit.

mod factors;
mod users;

use serde_json::{Value, json};

use super::{CLINIC, NOWHERE as UNKNOWN, admin};
use crate::support::{Reply, TestNode};

/// The user of the clinic's token, who has no factor.
const EMPLOYEE: &str = "b0000000-0000-4000-8000-000000000001";
/// A patient whose token has the scope `person:read`, and who has a factor.
const PATIENT: &str = "d290f1ee-6c54-4b01-90e6-d701748f0851";

fn get(node: &TestNode, path: &str) -> Value {
    let reply = admin(node, "GET", path, &Value::Null);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    reply.body
}

/// The ids of a list.
fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()).collect()
}

/// Status and message of a refusal.
fn refused(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.message().unwrap_or_default())
}

/// What the audit says of the changes of a record: reason and changed fields, the oldest first.
fn audited(node: &TestNode, kind: &str, id: &str) -> Vec<(String, Value)> {
    let rows = get(node, &format!("/admin/audit?event=admin_changed&target_id={id}&page_size=100"));
    let rows = rows["data"].as_array().unwrap();
    let mut found: Vec<_> = rows
        .iter()
        .filter(|row| row["target_kind"] == kind && row["target_id"] == id)
        .map(|row| {
            assert_eq!(row["user_id"], "b0000000-0000-4000-8000-000000000007");
            let changes = row["changes"].as_array().unwrap().iter().map(|change| {
                let field = change["field"].as_str().unwrap().to_owned();
                (field, json!([change["before"], change["after"]]))
            });
            let number = row["number"].as_u64().unwrap();
            (number, row["reason"].as_str().unwrap().to_owned(), changes.collect())
        })
        .collect();
    found.sort_unstable_by_key(|(number, ..)| *number);
    found.into_iter().map(|(_, reason, changes)| (reason, Value::Object(changes))).collect()
}

/// A row of [`audited`].
fn row(reason: &str, changes: Value) -> (String, Value) {
    (reason.to_owned(), changes)
}
