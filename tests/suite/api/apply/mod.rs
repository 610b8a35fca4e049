//! `POST /admin/apply`: records applied while a node serves.

mod faults;
mod lines;
mod races;
mod secrets;
mod states;
mod streams;

use serde_json::{Value, json};

use crate::support::{Reply, TestNode};

const ADMIN: (&str, &str) = ("authorization", "Bearer demo-admin-token");
const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");

/// The client of the demo's clinic.
const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";
/// A user of the demo.
const USER: &str = "b0000000-0000-4000-8000-000000000001";

/// Sends these lines.
fn apply(node: &TestNode, lines: &[Value]) -> Vec<Value> {
    apply_as(node, "/admin/apply", lines)
}

fn apply_as(node: &TestNode, path: &str, lines: &[Value]) -> Vec<Value> {
    let reply = send(node, path, &text(lines));
    assert_eq!(reply.status, 200, "{}", reply.text);
    answered(&reply.text)
}

fn send(node: &TestNode, path: &str, text: &str) -> Reply {
    node.call("POST", path, &[ADMIN, NDJSON], text)
}

fn text(lines: &[Value]) -> String {
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    lines.join("\n")
}

fn answered(text: &str) -> Vec<Value> {
    assert!(text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The numbers of the last line: lines, added, changed, unchanged, kept, refused.
fn totals(answer: &[Value]) -> [u64; 6] {
    let total = &answer.last().unwrap()["total"];
    assert!(total.is_object(), "{answer:?}");
    ["lines", "added", "changed", "unchanged", "kept", "refused"]
        .map(|name| total[name].as_u64().unwrap())
}

/// The lines with this key.
fn of<'a>(answer: &'a [Value], key: &str) -> Vec<&'a Value> {
    answer.iter().filter_map(|line| line.get(key)).collect()
}

/// An id that no record of the demo has.
fn id(number: usize) -> String {
    format!("d1000000-0000-4000-8000-{number:012}")
}

fn client(number: usize) -> Value {
    json!({"client": {"id": id(number), "name": format!("clinic {number}"), "access_type": "DIRECT"}})
}

fn person_request(number: usize, status: &str) -> Value {
    let phone = format!("+38067{number:07}");
    json!({"person_request": {
        "id": id(number), "client_id": CLINIC, "status": status,
        "authentication_method": {"type": "OTP", "phone_number": phone},
    }})
}
