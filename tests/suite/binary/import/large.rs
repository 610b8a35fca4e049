//! Large files, and an end in the middle of one.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::binary::node::{import, init, run_on_node, serve};
use crate::binary::program::command;

const EACH: usize = 10_000;

fn id(kind: &str, set: u8, number: usize) -> String {
    format!("{kind}0000000-0000-4000-8{set:03}-{number:012}")
}

/// So many of each kind, each naming others; another set has other ids and secrets.
fn world(each: usize, set: u8) -> String {
    let list = |entry: &dyn Fn(usize) -> Value| (0..each).map(entry).collect::<Vec<_>>();
    let secret = |kind, n| json!({"digest": format!("{kind}{set:03}{n:060}")});
    let phone = |n| format!("+38067{n:07}");
    json!({
        "format": 1,
        "clients": list(&|n| json!({"id": id("c", set, n), "name": format!("клініка {n}"), "access_type": "BROKER",
            "broker_scope": "otp:read otp:write", "api_key": secret("a", n)})),
        "users": list(&|n| json!({"id": id("b", set, n), "person_id": id("a", set, n)})),
        "persons": list(&|n| json!({"id": id("a", set, n), "status": "active", "authentication_method": "OTP"})),
        "tokens": list(&|n| json!({"name": format!("t{n}"), "secret": secret("b", n), "user_id": id("b", set, n),
            "client_id": id("c", set, n), "scope": "otp:read", "expires_at": "+30d"})),
        "factors": list(&|n| json!({"id": id("f", set, n), "user_id": id("b", set, n), "type": "sms", "factor": phone(n)})),
        "person_requests": list(&|n| json!({"id": id("e", set, n), "client_id": id("c", set, n), "person_id": id("a", set, n),
            "status": "NEW", "authentication_method": {"type": "OTP", "phone_number": phone(n)}})),
    })
    .to_string()
}

#[test]
fn ten_thousand_of_each_kind_are_imported_in_seconds_and_refused_in_seconds() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let ended = import(directory.path(), &world(EACH, 0));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let added = format!("{EACH} clients, {EACH} users, {EACH} persons, {EACH} tokens");
    assert!(ended.stdout.contains(&added), "{}", ended.stdout);
    // A second time all of it is there: ids, api-keys, and that a user has a factor.
    let ended = import(directory.path(), &world(EACH, 0));
    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(65), 1 + 8 * EACH));
    assert_eq!(serve(directory.path(), &[]).call("GET", "/health/ready", "").status, 200);
}

#[test]
fn what_is_too_large_is_refused_and_nothing_changes() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let huge = File::create(directory.path().join("huge.json")).unwrap();
    huge.set_len(64 * 1024 * 1024 + 1).unwrap();
    let ended = run_on_node(directory.path(), "import", &["huge.json"]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stderr.contains("more than 64 MiB"), "{}", ended.stderr);

    let mut long = json!({"format": 1, "clients": [
        {"id": id("c", 0, 1), "name": "short", "access_type": "DIRECT"},
        {"id": id("c", 0, 2), "name": "l".repeat(4096), "access_type": "DIRECT"},
    ]});
    let ended = import(directory.path(), &long.to_string());
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stderr.contains("line 1: clients[1]: cannot be stored"), "{}", ended.stderr);
    long["clients"][1]["name"] = "l".repeat(4000).into();
    assert_eq!(import(directory.path(), &long.to_string()).code, Some(0));
}

#[test]
fn an_import_that_was_killed_is_there_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let each = 1000;
    let (mut whole, mut absent) = (0, 0);
    for round in 0..8 {
        let text = world(each, round);
        fs::write(directory.path().join("world.json"), &text).unwrap();
        let mut child = command(directory.path(), &["import", "world.json", "--data", "node"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(15 + 25 * u64::from(round)));
        child.kill().unwrap();
        child.wait().unwrap();
        let again = import(directory.path(), &text);
        match again.code {
            Some(0) => absent += 1,
            Some(65) => {
                assert_eq!(again.stderr.lines().count(), 1 + 8 * each, "a part of it is there");
                whole += 1;
            }
            _ => panic!("{again:?}"),
        }
    }
    println!("killed imports: {whole} were there whole, {absent} not at all");
}
