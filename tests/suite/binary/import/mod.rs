//! `esoz-otp import`.

mod faults;
mod large;
mod notices;

use std::fs::{self, File};
use std::process::Stdio;

use serde_json::{Value, json};

use super::node::{import, init, make, run_on_node, serve, serve_a_world, world_of_digests};
use super::program::{Program, command};
use crate::support::{DEMO_WORLD, call};

const FACTOR: &str = "/api/cabinet/authentication_factor";
/// What `systemd/README.md` gives to a first clinic.
const FIRST_CLINIC: &str = include_str!("../../../../fixtures/clinic.json");

fn factor_status(node: &mut Program, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    call(node.address(), "GET", FACTOR, &[("authorization", bearer.as_str())], "").status
}

/// A world of one token for a user who is in the demo's.
fn one_token(secret: &Value) -> String {
    json!({"format": 1, "tokens": [{
        "name": "second",
        "secret": secret,
        "user_id": "d290f1ee-6c54-4b01-90e6-d701748f0851",
        "client_id": "c0000000-0000-4000-8000-000000000002",
        "scope": "person:read",
        "expires_at": "+1h",
    }]})
    .to_string()
}

#[test]
fn a_world_is_added_to_what_is_there_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let operator = init(directory.path());
    let world = world_of_digests();
    let count = |list: &str| world[list].as_array().unwrap().len();
    let [clients, users, persons] = ["clients", "users", "persons"].map(count);
    let [tokens, factors, requests] = ["tokens", "factors", "person_requests"].map(count);
    let added = format!(
        "added to node: {clients} clients, {users} users, {persons} persons, {tokens} tokens, \
         {factors} factors, {requests} person requests"
    );
    let ended = import(directory.path(), &world.to_string());
    assert_eq!((ended.code, ended.stdout), (Some(0), added), "{}", ended.stderr);
    let ended = import(directory.path(), &one_token(&json!({"generate": true})));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let added =
        "added to node: 0 clients, 0 users, 0 persons, 1 tokens, 0 factors, 0 person requests";
    assert_eq!(ended.stdout.lines().last(), Some(added));

    let mut node = serve(directory.path(), &[]);
    assert_eq!(factor_status(&mut node, "demo-patient-token"), 200);
    assert_eq!(factor_status(&mut node, &operator), 403, "what was there is there");
}

#[test]
fn secrets_that_are_made_are_shown_once_and_work() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let ended = import(directory.path(), &one_token(&json!({"generate": true})));
    let token = ended.stdout.lines().find_map(|line| line.strip_prefix("token second: ")).unwrap();
    let mut node = serve(directory.path(), &[]);
    assert_eq!(factor_status(&mut node, token), 200);
    let ended = node.stop();
    assert!(!ended.stdout.contains(token) && !ended.stderr.contains(token));
}

#[test]
fn secrets_that_can_not_be_printed_are_not_imported() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    let world = one_token(&json!({"generate": true}));
    fs::write(directory.path().join("world.json"), &world).unwrap();
    let output = command(directory.path(), &["import", "world.json", "--data", "node"])
        .stdout(Stdio::from(File::options().write(true).open("/dev/full").unwrap()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("nothing has changed"), "{said}");
    let digest = one_token(&json!({"digest": "5a".repeat(32)}));
    assert_eq!(import(directory.path(), &digest).code, Some(0));
}

#[test]
fn a_world_whose_secrets_everybody_knows_is_imported_on_demand_only() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let ended = import(directory.path(), DEMO_WORLD);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("--allow-demo-secrets"), "{}", ended.stderr);
    let more = ["world.json", "--allow-demo-secrets"];
    let ended = run_on_node(directory.path(), "import", &more);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stdout.contains("demo-mis-token"), "it stands in the file: {}", ended.stdout);
    assert_eq!(serve(directory.path(), &[]).resend().status, 200);
}

#[test]
fn a_directory_that_is_served_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    let ended = import(directory.path(), &one_token(&json!({"generate": true})));
    assert_eq!(ended.code, Some(75), "{}", ended.stderr);
    assert!(ended.stdout.is_empty(), "no secret is shown that is not kept");
    assert!(ended.stderr.contains("Stop that one first"), "{}", ended.stderr);
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_directory_that_was_never_made_and_a_file_that_is_not_there_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let ended = import(directory.path(), &world_of_digests().to_string());
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("esoz-otp init --data node"), "{}", ended.stderr);
    assert!(!directory.path().join("node").exists());

    init(directory.path());
    let ended = run_on_node(directory.path(), "import", &["no-such-file.json"]);
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("no-such-file.json"), "{}", ended.stderr);
}

#[test]
fn a_world_that_was_refused_can_be_mended_and_imported() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let mut faulty = world_of_digests();
    faulty["tokens"][0]["user_id"] = "b0000000-0000-4000-8000-0000000000ff".into();
    for text in [String::from("{"), faulty.to_string()] {
        let ended = import(directory.path(), &text);
        assert_eq!(ended.code, Some(65), "{}", ended.stderr);
        assert!(ended.stdout.is_empty());
        let told = "world.json was not loaded, nothing has changed:";
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert_eq!(import(directory.path(), &world_of_digests().to_string()).code, Some(0));
}

#[test]
fn the_world_of_a_first_clinic_is_taken_as_it_is_and_its_secrets_work() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let ended = import(directory.path(), FIRST_CLINIC);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let secret = |name: &str| {
        let told = ended.stdout.lines().find_map(|line| line.strip_prefix(name));
        told.unwrap_or_else(|| panic!("{name}{}", ended.stdout)).to_owned()
    };
    let [clinic, patient] = ["token clinic: ", "token patient: "].map(secret);
    let api_key = secret("api-key of client vendor: ");

    let mut node = serve(directory.path(), &[]);
    assert_eq!(factor_status(&mut node, &patient), 200);
    let world: Value = serde_json::from_str(FIRST_CLINIC).unwrap();
    let request = world["person_requests"][0]["id"].as_str().unwrap();
    let path = format!("/api/person_requests/{request}/actions/resend_otp");
    let bearer = format!("Bearer {clinic}");
    let mut resend = |headers: &[(&str, &str)]| call(node.address(), "POST", &path, headers, "");
    let token = ("authorization", bearer.as_str());
    assert_eq!(resend(&[token]).status, 401, "the vendor's api-key is wanted");
    assert_eq!(resend(&[token, ("api-key", api_key.as_str())]).status, 200);
}
