//! What is loaded, and may still not be what was meant.

use serde_json::{Value, json};

use crate::binary::node::{import, init, make};
use crate::binary::program::{Ended, run};

const CLIENT: &str = "c0000000-0000-4000-8000-000000000077";
const USER: &str = "b0000000-0000-4000-8000-000000000077";

fn world(tokens: &Value, requests: &Value) -> String {
    let world = json!({
        "format": 1,
        "clients": [{"id": CLIENT, "name": "clinic", "access_type": "BROKER", "broker_scope": "otp:red otp:read"}],
        "users": [{"id": USER}],
        "tokens": tokens,
        "person_requests": requests,
    });
    serde_json::to_string_pretty(&world).unwrap()
}

fn token(name: &str, scope: &str, expires_at: &str) -> Value {
    let digest = format!("{:064x}", name.len());
    json!({"name": name, "secret": {"digest": digest}, "user_id": USER, "client_id": CLIENT,
           "scope": scope, "expires_at": expires_at})
}

fn request(last: u8, status: &str, inserted_at: &str) -> Value {
    json!({"id": format!("e0000000-0000-4000-8000-0000000007{last:02}"), "client_id": CLIENT,
           "status": status, "authentication_method": {"type": "OTP", "phone_number": "+380671234567"},
           "inserted_at": inserted_at})
}

/// The lines of the warning, without the numbers of lines, which have to be those of the file.
fn notices(text: &str, ended: &Ended) -> Vec<String> {
    let lines: Vec<_> = text.lines().collect();
    let told = ended.stderr.lines().filter_map(|line| line.strip_prefix("line "));
    let place = |told: &str| {
        let (line, rest) = told.split_once(": ").unwrap();
        let field = rest.split([':', ' ']).next().unwrap().rsplit('.').next().unwrap();
        let there = lines[line.parse::<usize>().unwrap() - 1];
        assert!(there.contains(field), "{there}: {told}");
        rest.to_owned()
    };
    told.map(place).collect()
}

#[test]
fn scopes_that_nothing_requires_and_times_that_are_over_are_told_and_loaded() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let tokens = json!([
        token("a", "person:read person:reed", "+1h"),
        token("bb", "person:read", "2020-01-01T00:00:00Z"),
        token("ccc", "hunter2 +380671234567 declaration:read", "-1s"),
        token("dddd", "", "+1h"),
    ]);
    let requests = json!([
        request(1, "NEW", "2020-01-01T00:00:00Z"),
        request(2, "SIGNED", "2020-01-01T00:00:00Z"),
        request(3, "NEW", "-1d"),
    ]);
    let text = world(&tokens, &requests);
    let ended = import(directory.path(), &text);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("1 clients, 1 users, 0 persons, 4 tokens"), "{}", ended.stdout);
    assert!(
        ended.stderr.starts_with("esoz-otp: warning: world.json was loaded"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        notices(&text, &ended),
        [
            "clients[0].broker_scope: no method here requires otp:red",
            "person_requests[0].inserted_at: is 30 days in the past or more: NEW counts as EXPIRED",
            "tokens[0].scope: no method here requires person:reed",
            "tokens[1].expires_at: is in the past: the token has expired",
            "tokens[2].expires_at: is in the past: the token has expired",
            "tokens[2].scope: no method here requires declaration:read and 2 more",
        ],
        "{}",
        ended.stderr
    );
    for secret in ["hunter2", "380671234567"] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
}

#[test]
fn a_file_in_which_all_is_well_is_loaded_without_a_word() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let text = world(&json!([token("a", "otp:read", "+1h")]), &json!([]));
    let ended = import(directory.path(), &text.replace("otp:red ", ""));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_file_that_is_refused_is_told_its_faults_only() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let text = world(&json!([token("a", "otp:reed", "yesterday")]), &json!([]));
    let ended = import(directory.path(), &text);
    assert_eq!(ended.code, Some(65));
    assert!(!ended.stderr.contains("warning") && ended.stderr.contains("a time is RFC 3339"));
}

#[test]
fn how_long_a_request_lives_is_the_node_s_own_setting() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let text = world(&json!([]), &json!([request(1, "NEW", "-60d")]));
    std::fs::write(directory.path().join("world.json"), text).unwrap();
    std::fs::write(directory.path().join("c.toml"), "[person_requests]\nlife_days = 90\n").unwrap();
    let ended =
        run(directory.path(), &["import", "world.json", "--data", "node", "--config", "c.toml"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("EXPIRED"), "{}", ended.stderr);
}
