//! Gateways on the way: what they are sent, and what is said of what they answer.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::stub::Stub;
use super::{MASKED, PHONE, test};
use crate::binary::files::set_mode;
use crate::binary::node::init;
use crate::binary::program::{Ended, Program, command, run};

const ID: &str = "f83f8868-5e46-c6cf-e4fb-615e5a293754";
const TAKEN: &str = r#"{"response_code":800,"response_status":"SUCCESS_MESSAGE_ACCEPTED","response_result":[{"phone":"380671234567","response_code":0,"message_id":"f83f8868-5e46-c6cf-e4fb-615e5a293754","response_status":"OK"}]}"#;
const NO_PHONE: &str = r#"{"response_code":802,"response_status":"SUCCESS_MESSAGE_PARTIAL_ACCEPTED","response_result":[{"phone":"380671234567","response_code":305,"message_id":null,"response_status":"INVALID_PHONE"}]}"#;
const NO_MONEY: &str =
    r#"{"response_code":203,"response_status":"REQUIRED_BALANCE","response_result":null}"#;

/// The preset for a stub here, and the console behind it.
fn turbosms(directory: &Path, stub: &Stub) -> String {
    fs::write(directory.join("token"), "hunter2\n").unwrap();
    set_mode(&directory.join("token"), 0o600);
    format!(
        "[sms]\ndrivers = [\"turbosms\", \"console\"]\n[sms.turbosms]\npreset = \"turbosms\"\nsender = \"Clinic\"\n\
         secret_file = \"token\"\nurl = \"http://{}/message/send.json\"\nallow_http = true\nallow_local = true\n",
        stub.address
    )
}

fn tested(answers: &'static [Option<(u16, &'static str)>], more: &[&str]) -> (Ended, Stub) {
    let directory = tempfile::tempdir().unwrap();
    let stub = Stub::answering(answers);
    let ended = test(directory.path(), &turbosms(directory.path(), &stub), more);
    for said in [&ended.stdout, &ended.stderr] {
        assert!(!said.contains("hunter2"), "{said}");
    }
    (ended, stub)
}

#[test]
fn a_preset_sends_what_its_documentation_shows_and_understands_the_answer() {
    let (ended, stub) = tested(&[Some((200, TAKEN))], &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, format!("turbosms: took it, and calls it {ID}"));
    assert!(ended.stderr.contains(MASKED) && !ended.stderr.contains(PHONE), "{}", ended.stderr);
    let asked = stub.asked();
    assert!(asked.head.starts_with("POST /message/send.json HTTP/1.1\r\n"), "{}", asked.head);
    let head = asked.head.to_ascii_lowercase();
    assert!(head.contains("authorization: bearer hunter2\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["recipients"], json!(["380671234567"]));
    assert_eq!(body["sms"]["sender"], "Clinic");
    assert!(body["sms"]["text"].as_str().unwrap().contains("test of esoz-otp"));
    assert_eq!(body["sequence_id"].as_str().unwrap().len(), 36);
}

#[test]
fn a_number_that_is_refused_ends_it_and_with_all_it_does_not() {
    let refused = "turbosms: refused it for good: the gateway refused the message: INVALID_PHONE";
    let (ended, _stub) = tested(&[Some((200, NO_PHONE))], &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(69), refused), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("nobody took the message to {MASKED}")));
    let (ended, _stub) = tested(&[Some((200, NO_PHONE))], &["--all"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with(refused) && ended.stdout.ends_with("console: took it"));
}

#[test]
fn an_account_that_is_empty_leaves_it_to_the_next_driver() {
    let (ended, _stub) = tested(&[Some((200, NO_MONEY))], &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said = "turbosms: did not take it: the gateway refused the message: REQUIRED_BALANCE\n";
    assert!(ended.stdout.starts_with(said), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("console: took it"), "{}", ended.stdout);
}

#[test]
fn where_nobody_can_tell_the_next_driver_is_not_called() {
    for answers in [&[Some((200, "thanks"))], &[None]] as [&'static [_]; 2] {
        let (ended, _stub) = tested(answers, &[]);
        assert_eq!(ended.code, Some(69), "{}", ended.stderr);
        assert!(
            ended.stdout.starts_with("turbosms: unclear whether it took it: "),
            "{}",
            ended.stdout
        );
        assert!(
            ended.stdout.ends_with("A code would be tried once more later."),
            "{}",
            ended.stdout
        );
        assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    }
}

#[test]
fn a_gateway_that_is_not_there_is_told_of() {
    let directory = tempfile::tempdir().unwrap();
    let stub = Stub::answering(&[]);
    let text = turbosms(directory.path(), &stub).replace(", \"console\"", "");
    // Nobody listens there any more once its thread has ended.
    stub.ends();
    let ended = test(directory.path(), &text, &[]);
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert_eq!(ended.stdout, "turbosms: did not take it: the gateway could not be reached");
}

#[test]
fn check_calls_no_gateway_and_a_node_that_serves_calls_the_first() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let stub = Stub::answering(&[Some((200, TAKEN))]);
    let text = turbosms(directory.path(), &stub)
        .replace("[sms]\n", "[sms]\nallow_plaintext_codes = true\n");
    fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();
    let arguments = ["check", "--config", "esoz-otp.toml", "--data", "node"];
    let checked = run(directory.path(), &arguments);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(stub.is_unasked());

    let arguments =
        ["serve", "--config", "esoz-otp.toml", "--data", "node", "--listen", "127.0.0.1:0"];
    let mut node = Program::spawn(&mut command(directory.path(), &arguments));
    assert_eq!(node.initialize("+380958697085").status, 201);
    let asked: Value = serde_json::from_str(&stub.asked().body).unwrap();
    assert_eq!(asked["recipients"], json!(["380958697085"]));
    assert_eq!(node.stop().code, Some(0));
}
