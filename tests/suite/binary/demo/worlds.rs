//! `--fixtures FILE`.

use std::fs;

use crate::binary::program::{Ended, Program, run};
use crate::support::call;

const CLIENT: &str =
    r#"{"id": "c0000000-0000-4000-8000-000000000001", "name": "clinic", "access_type": "DIRECT"}"#;
const USER: &str = r#"{"id": "b0000000-0000-4000-8000-000000000001"}"#;

fn world(rest: &str) -> String {
    format!(r#"{{"format": 1, "demo": true, "clients": [{CLIENT}], "users": [{USER}]{rest}}}"#)
}

fn token(secret: &str, user: &str, expires_at: &str) -> String {
    format!(
        r#"{{"name": "t", "secret": {secret}, "user_id": "b0000000-0000-4000-8000-00000000000{user}", "client_id": "c0000000-0000-4000-8000-000000000001", "scope": "person_request:read", "expires_at": "{expires_at}"}}"#
    )
}

/// Starts a demo with this world, which it should not take.
fn refused(text: &str) -> Ended {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("world.json"), text).unwrap();
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--fixtures", "world.json"];
    let ended = run(directory.path(), &arguments);
    assert_eq!(ended.code, Some(65), "{text}\n{}", ended.stderr);
    assert!(ended.stderr.contains("world.json was not loaded, nothing has changed"));
    assert!(ended.stdout.is_empty());
    ended
}

#[test]
fn a_world_of_one_s_own_is_served_and_its_secrets_are_shown() {
    let directory = tempfile::tempdir().unwrap();
    let tokens = [
        token(r#"{"plain": "my-own-token"}"#, "1", "+1h"),
        token(r#"{"generate": true}"#, "1", "+1h"),
    ];
    let text = world(&format!(r#", "tokens": [{}]"#, tokens.join(",")));
    fs::write(directory.path().join("world.json"), text).unwrap();
    let mut demo = Program::start(directory.path(), &["demo", "--fixtures", "world.json"]);
    demo.line("Every SMS appears below");
    let shown: Vec<_> =
        demo.printed.iter().filter_map(|line| line.trim().strip_prefix("token t: ")).collect();
    assert_eq!(shown[0], "my-own-token");
    assert_eq!(shown[1].len(), 64);
    let bearers: Vec<_> = shown.iter().map(|secret| format!("Bearer {secret}")).collect();
    for when in ["at first", "after a reset"] {
        for bearer in &bearers {
            let path = "/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b";
            let headers = [("authorization", bearer.as_str())];
            let reply = call(demo.address(), "GET", path, &headers, "");
            assert_eq!(reply.status, 404, "{when}: known, but there is no such request here");
        }
        assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    }
    assert!(!demo.printed.iter().any(|line| line.contains("curl")), "those of another world");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--fixtures", "no-such-world.json"];
    let ended = run(directory.path(), &arguments);
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("no-such-world.json"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn json_that_is_broken_is_shown_its_line_and_column_and_another_shape_its_line() {
    for (text, place) in [
        ("{\n  \"format\": 1,\n  \"clients\": [}\n", "line 3, column 15"),
        ("", "line 1, column 0"),
        ("{\"format\": 1,\n \"client\": []}", "line 2: the file: unknown key"),
        (&world(",\n\"users\": []"), "line 2: users: is given twice"),
        (&world(",\n\"persons\": [{\"id\": \"7\"}]"), "line 2: persons[0].id: an id is a UUID"),
    ] {
        let ended = refused(text);
        assert!(ended.stderr.contains(place), "{text}\n{}", ended.stderr);
    }
}

#[test]
fn unknown_keys_are_named() {
    for (text, key) in [
        (r#"{"format": 1, "pearsons": []}"#.to_owned(), "pearsons"),
        (world(r#", "tokens": [{"nane": "t"}]"#), "nane"),
        (world(r#", "person_requests": [{"state": "NEW"}]"#), "state"),
    ] {
        let ended = refused(&text);
        assert!(ended.stderr.contains(&format!("unknown key `{key}`")), "{}", ended.stderr);
    }
}

#[test]
fn all_faults_are_named_at_once() {
    let tokens =
        [token(r#"{"digest": "12"}"#, "1", "+1h"), token(r#"{"plain": "a"}"#, "1", "tomorrow")];
    let factor = r#"{"id": "f0000000-0000-4000-8000-000000000001", "user_id": "b0000000-0000-4000-8000-000000000001", "type": "sms", "factor": "0501234567"}"#;
    let text = world(&format!(r#", "tokens": [{}], "factors": [{factor}]"#, tokens.join(",")));
    let ended = refused(&text.replace(r#""format": 1"#, r#""format": 2"#));
    for fault in [
        "format: is not known to this program",
        "tokens[0].secret.digest: a digest is 64 hexadecimal digits",
        "tokens[1].expires_at: a time is RFC 3339",
        "factors[0].factor: a phone number is +380 and nine digits",
    ] {
        assert!(ended.stderr.contains(fault), "{fault}\n{}", ended.stderr);
    }
}

#[test]
fn duplicates_and_names_of_things_that_are_not_there_are_named() {
    let twins = [token(r#"{"plain": "a"}"#, "1", "+1h"), token(r#"{"plain": "a"}"#, "1", "+2h")];
    let ended = refused(&world(&format!(r#", "tokens": [{}]"#, twins.join(","))));
    assert!(
        ended.stderr.contains("tokens[1].secret: the same as tokens[0].secret"),
        "{}",
        ended.stderr
    );
    let ended =
        refused(&world(&format!(r#", "tokens": [{}]"#, token(r#"{"plain": "a"}"#, "9", "+1h"))));
    let fault = "tokens[0].user_id: there is no user b0000000-0000-4000-8000-000000000009";
    assert!(ended.stderr.contains(fault), "{}", ended.stderr);
}

#[test]
fn secrets_in_clear_need_a_world_that_says_it_is_a_demo() {
    let text =
        world(&format!(r#", "tokens": [{}]"#, token(r#"{"plain": "a-secret"}"#, "1", "+1h")));
    let ended = refused(&text.replace(r#""demo": true"#, r#""demo": false"#));
    assert!(
        ended.stderr.contains("tokens[0].secret.plain: a secret in clear needs"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("a-secret"));
}

#[test]
fn what_may_not_be_what_was_meant_is_told_at_the_start_and_at_a_reset() {
    let directory = tempfile::tempdir().unwrap();
    let old = token(r#"{"plain": "my-own-token"}"#, "1", "-1h");
    let text = world(&format!(r#", "tokens": [{old}]"#));
    let text = text.replace("person_request:read", "person_request:reed");
    fs::write(directory.path().join("world.json"), text).unwrap();
    let mut demo = Program::start(directory.path(), &["demo", "--fixtures", "world.json"]);
    demo.line("Every SMS appears below");
    assert_eq!(demo.call("POST", "/demo/reset", "").status, 200);
    let told = demo.stop().stderr;
    for notice in [
        "esoz-otp: warning: world.json was loaded, but some entries may be mistakes",
        "tokens[0].expires_at: is in the past: the token has expired",
        "tokens[0].scope: no method here requires person_request:reed",
    ] {
        assert_eq!(told.matches(notice).count(), 2, "{notice}: {told}");
    }
    assert!(!told.contains("my-own-token"), "{told}");
}

#[test]
fn the_document_s_smallest_world_gets_a_code_and_is_approved() {
    let document = include_str!("../../../../fixtures/README.md");
    let (_, rest) = document.split_once("\n### A smallest file\n").unwrap();
    let (world, _) = rest.split_once("```json\n").unwrap().1.split_once("```").unwrap();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("world.json"), world).unwrap();
    let demo = Program::start(directory.path(), &["demo", "--fixtures", "world.json"]);
    let (mut demo, token) = (demo, [("authorization", "Bearer my-token")]);
    let address = demo.address();
    let action = |method, name: &str, body: &str| {
        let path = format!("/api/person_requests/10000000-0000-4000-8000-000000000003/{name}");
        call(address, method, &path, &token, body)
    };
    let early = action("PATCH", "actions/approve", r#"{"verification_code": "123456"}"#);
    assert_eq!((early.status, early.reason()), (422, Some("wrong_code")));
    assert_eq!(action("POST", "actions/resend_otp", "").status, 200);
    let code = demo.code_for("+380671000001", 1);
    let body = serde_json::json!({"verification_code": code}).to_string();
    let approved = action("PATCH", "actions/approve", &body);
    assert_eq!(approved.data()["status"], "APPROVED");
}
