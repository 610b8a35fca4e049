//! `POST /demo/reset` reads the world's file again.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::binary::program::Program;
use crate::support::{DEMO_WORLD, Reply, call};

const FACTOR: &str = "/api/cabinet/authentication_factor";

fn demo(directory: &Path, text: &str) -> Program {
    fs::write(directory.join("world.json"), text).unwrap();
    let mut demo = Program::start(directory, &["demo", "--fixtures", "world.json"]);
    demo.line("Every SMS appears below");
    demo
}

fn factor(demo: &mut Program, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    call(demo.address(), "GET", FACTOR, &[("authorization", bearer.as_str())], "").status
}

fn entries(reply: &Reply) -> Vec<(String, String)> {
    let invalid = reply.error()["invalid"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    invalid
        .iter()
        .map(|entry| (text(&entry["entry"]), text(&entry["rules"][0]["description"])))
        .collect()
}

fn with_token(secret: &Value) -> String {
    let mut world: Value = serde_json::from_str(DEMO_WORLD).unwrap();
    let token = json!({"name": "late", "secret": secret, "scope": "person:read", "expires_at": "+1h",
        "user_id": "d290f1ee-6c54-4b01-90e6-d701748f0851",
        "client_id": "c0000000-0000-4000-8000-000000000002"});
    world["tokens"].as_array_mut().unwrap().push(token);
    serde_json::to_string_pretty(&world).unwrap()
}

#[test]
fn what_was_added_to_the_file_is_there_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), DEMO_WORLD);
    assert_eq!(factor(&mut demo, "late-token"), 404);
    let file = directory.path().join("world.json");
    fs::write(&file, with_token(&json!({"plain": "late-token"}))).unwrap();
    assert_eq!(factor(&mut demo, "late-token"), 404, "not before");
    assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    assert_eq!(factor(&mut demo, "late-token"), 200);
    demo.line("token late: late-token");

    // A secret that is made by then could not have been printed before.
    fs::write(&file, with_token(&json!({"generate": true}))).unwrap();
    assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    assert_eq!(factor(&mut demo, "late-token"), 404);
    let line = demo.next_line("token late: ");
    let (_, made) = line.rsplit_once(' ').unwrap();
    for _ in 0..2 {
        assert_eq!(factor(&mut demo, made), 200);
        assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    }
    assert_eq!(demo.stop().stdout.matches(made).count(), 1, "shown once");
}

#[test]
fn a_file_that_is_wrong_by_then_leaves_the_old_world_and_is_told_its_lines() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = demo(directory.path(), DEMO_WORLD);
    assert_eq!(demo.resend().status, 200);
    let file = directory.path().join("world.json");
    let two_faults = DEMO_WORLD.replace("\"expires_at\": \"-1h\"", "\"expires_at\": \"soon\"");
    let two_faults = two_faults.replacen("\"status\": \"NEW\"", "\"status\": \"OLD\"", 1);
    for (text, places) in [
        (Some(two_faults.as_str()), &["line 36: tokens[3].expires_at", ".status"][..]),
        (Some("{\n  \"format\": 1,\n  \"clients\": [}\n"), &["line 3, column 15"]),
        (None, &[""]),
    ] {
        match text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let reply = demo.call("POST", "/demo/reset", "");
        assert_eq!(reply.status, 422, "{text:?}");
        let told = entries(&reply);
        assert_eq!(told.len(), places.len(), "{told:?}");
        for ((entry, what), place) in told.iter().zip(places) {
            assert!(entry.ends_with(place) && !what.is_empty(), "{told:?}");
        }
        assert_eq!(factor(&mut demo, "demo-patient-token"), 200);
        assert_eq!(demo.resend().reason(), Some("send_pause"), "nothing was forgotten");
    }
    fs::write(&file, DEMO_WORLD).unwrap();
    assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    assert_eq!(demo.resend().status, 200);
}

#[test]
fn the_built_in_world_needs_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    assert_eq!(demo.resend().status, 200);
    assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    assert_eq!(demo.resend().status, 200);
}
