//! Gateways on the way: what they are sent, and what is said of what they answer.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{MASKED, PHONE, test};
use crate::binary::files::set_mode;
use crate::binary::node::init;
use crate::binary::program::{Ended, Program, command, run};
use crate::support::gateway::{Behaviour, Receipts, StubGateway, When};

const GATEWAYS: &str = include_str!("../../../../systemd/GATEWAYS.md");

/// The preset for a stub here, and the console behind it.
pub(super) fn turbosms(directory: &Path, stub: &StubGateway) -> String {
    fs::write(directory.join("token"), "hunter2\n").unwrap();
    set_mode(&directory.join("token"), 0o600);
    format!(
        "[sms]\ndrivers = [\"turbosms\", \"console\"]\n[gateway.turbosms]\npreset = \"turbosms\"\nsender = \"Clinic\"\n\
         secret_file = \"token\"\nurl = \"{}\"\nreceipts.url = \"{}\"\nallow_http = true\nallow_local = true\n",
        stub.url(),
        stub.status_url()
    )
}

fn tested(behaviour: Behaviour, more: &[&str]) -> (Ended, StubGateway) {
    let directory = tempfile::tempdir().unwrap();
    let stub = StubGateway::start();
    stub.set(behaviour);
    let ended = test(directory.path(), &turbosms(directory.path(), &stub), more);
    for said in [&ended.stdout, &ended.stderr] {
        assert!(!said.contains("hunter2"), "{said}");
    }
    (ended, stub)
}

#[test]
fn a_preset_sends_what_its_documentation_shows_and_understands_the_answer() {
    let (ended, stub) = tested(Behaviour::Take, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let took = stub.taken().remove(0);
    let called = &took.gateway_id;
    assert_eq!(ended.stdout, format!("turbosms: took it, and calls it {called}"));
    let warned =
        format!("sending a real message to {MASKED}: it is paid for, and no limit counts it");
    assert!(ended.stderr.contains(&warned) && !ended.stderr.contains(PHONE), "{}", ended.stderr);
    assert_eq!((took.method.as_str(), took.path.as_str()), ("POST", "/message/send.json"));
    assert_eq!(took.header("authorization"), Some("Bearer hunter2"));
    assert_eq!(took.header("content-type"), Some("application/json"));
    assert_eq!(took.body["recipients"], json!(["380671234567"]));
    assert_eq!(took.body["sms"]["sender"], "Clinic");
    assert!(took.text.contains("test of esoz-otp"), "{}", took.text);
    assert_eq!(took.body["sequence_id"].as_str().unwrap().len(), 36);
    assert_eq!(stub.requests(), 1);
}

#[test]
fn a_number_that_is_refused_ends_it_and_with_all_it_does_not() {
    let refused = "turbosms: refused it for good: the gateway refused the message: INVALID_PHONE";
    let (ended, _stub) = tested(Behaviour::refused(), &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(69), refused), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("no driver took the message to {MASKED}")));
    let (ended, _stub) = tested(Behaviour::refused(), &["--all"]);
    assert!(ended.stdout.starts_with(refused) && ended.stdout.ends_with("console: took it"));
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("1 of 2 drivers did not take it\n"), "{}", ended.stderr);
}

#[test]
fn an_account_that_is_empty_leaves_it_to_the_next_driver() {
    let (ended, _stub) = tested(Behaviour::no_money(), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said = "turbosms: did not take it: the gateway did not take the message for now: REQUIRED_BALANCE\n";
    assert!(ended.stdout.starts_with(said), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("console: took it"), "{}", ended.stdout);
}

#[test]
fn after_an_unclear_answer_the_next_driver_is_not_called() {
    for behaviour in [Behaviour::rubbish(), Behaviour::TakeAndDrop] {
        let (ended, _stub) = tested(behaviour, &[]);
        assert_eq!(ended.code, Some(69), "{}", ended.stderr);
        assert!(
            ended.stdout.starts_with("turbosms: not clear whether it took it: "),
            "{}",
            ended.stdout
        );
        assert!(
            ended.stdout.ends_with("A code would be tried once more later."),
            "{}",
            ended.stdout
        );
        assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
        let said = format!("it is not clear whether a driver took the message to {MASKED}");
        assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    }
}

#[test]
fn with_all_one_that_leaves_it_open_has_not_taken_it_for_certain() {
    let (ended, _stub) = tested(Behaviour::rubbish(), &["--all"]);
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    let said = "1 of 2 drivers did not take it, or not for certain\n";
    assert!(ended.stderr.ends_with(said), "{}", ended.stderr);
    assert!(ended.stdout.ends_with("console: took it"), "{}", ended.stdout);
}

#[test]
fn a_gateway_that_is_not_there_is_told_of() {
    let directory = tempfile::tempdir().unwrap();
    let stub = StubGateway::start();
    let text = turbosms(directory.path(), &stub).replace(", \"console\"", "");
    stub.down();
    let ended = test(directory.path(), &text, &[]);
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        "turbosms: did not take it: the gateway could not be reached: the connection was refused"
    );
}

#[test]
fn the_readme_s_other_gateway_is_called_as_it_is_described() {
    let directory = tempfile::tempdir().unwrap();
    let stub = StubGateway::start();
    let answer = json!({"message": {"id": 71, "state": "accepted"}});
    stub.set(Behaviour::json(200, &answer));
    let (_, rest) =
        GATEWAYS.split_once("[gateway.other]\nurl = \"https://sms.example/send\"\n").unwrap();
    let (described, _) = rest.split_once("```").unwrap();
    for file in ["other.token", "other.receipts"] {
        let path = directory.path().join(file);
        fs::write(&path, "a-secret-for-this-test\n").unwrap();
        set_mode(&path, 0o600);
    }
    // The lines for a node without a service manager go into their sections.
    let (_, by_file) = GATEWAYS.split_once("```toml\n[gateway.other]\nsecret_file").unwrap();
    let (by_file, _) = by_file.split_once("```").unwrap();
    let (token, receipts) = by_file.split_once("[gateway.other.receipts]\n").unwrap();
    let head = "[gateway.other.receipts]\n";
    let described = described.replace(head, &format!("{head}{receipts}"));
    let text = format!(
        "[sms]\ndrivers = [\"other\"]\n[gateway.other]\nurl = \"{}\"\nallow_http = true\nallow_local = true\n\
         secret_file{token}{described}",
        stub.url()
    )
    .replace("/etc/esoz-otp/", "");
    let ended = test(directory.path(), &text, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "other: took it, and calls it 71");

    for (word, said) in [
        ("busy", "did not take it: the gateway did not take the message for now: busy"),
        ("invalid_number", "refused it for good: the gateway refused the message: invalid_number"),
    ] {
        stub.set(Behaviour::json(200, &json!({"error": word})));
        let ended = test(directory.path(), &text, &[]);
        assert!(ended.stdout.contains(said), "{}", ended.stdout);
    }
}

#[test]
fn the_readme_s_other_gateway_gets_its_secrets_as_two_credentials_of_the_unit() {
    let directory = tempfile::tempdir().unwrap();
    let stub = StubGateway::start();
    stub.set(Behaviour::json(200, &json!({"message": {"id": 71, "state": "accepted"}})));
    let (_, rest) =
        GATEWAYS.split_once("[gateway.other]\nurl = \"https://sms.example/send\"\n").unwrap();
    let (described, _) = rest.split_once("```").unwrap();
    let text = format!(
        "[sms]\ndrivers = [\"other\"]\n[gateway.other]\nurl = \"{}\"\nallow_http = true\nallow_local = true\n{described}",
        stub.url()
    );
    fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();
    let credentials = tempfile::tempdir().unwrap();
    let loaded: Vec<_> = GATEWAYS
        .lines()
        .filter_map(|line| line.strip_prefix("LoadCredential=gateway.other"))
        .collect();
    let names: Vec<_> = loaded.iter().map(|line| line.split_once(':').unwrap().0).collect();
    assert_eq!(names, ["", ".receipts"]);
    for (name, code) in names.into_iter().zip([78, 0]) {
        let credential = credentials.path().join(format!("gateway.other{name}"));
        fs::write(credential, "a-secret-for-this-test\n").unwrap();
        let arguments = ["sms", "test", PHONE, "--config", "esoz-otp.toml"];
        let mut as_a_unit = command(directory.path(), &arguments);
        as_a_unit.env("CREDENTIALS_DIRECTORY", credentials.path());
        let ended = Program::spawn(&mut as_a_unit).end();
        assert_eq!(ended.code, Some(code), "{name}: {}", ended.stderr);
    }
    assert_eq!(stub.requests(), 1);
}

#[test]
fn a_receipt_for_the_message_of_a_test_is_dropped_with_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let stub = StubGateway::start();
    fs::write(directory.path().join("receipts"), "a-secret-of-receipts\n").unwrap();
    set_mode(&directory.path().join("receipts"), 0o600);
    let text = turbosms(directory.path(), &stub).replace(", \"console\"", "")
        + "receipts.by = \"callback\"\nreceipts.secret_file = \"receipts\"\nreceipts.list_at = \"\"\n";
    fs::write(directory.path().join("esoz-otp.toml"), &text).unwrap();
    let mut node =
        Program::start(directory.path(), &["serve", "--config", "esoz-otp.toml", "--data", "node"]);
    let url = format!("http://{}/receipts/turbosms/a-secret-of-receipts", node.address());
    stub.send_receipts(Receipts { url, when: When::BeforeAnswer, ..Receipts::default() });
    let ended = test(directory.path(), &text, &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let log = node.stop().stderr;
    let words = "receipts for messages that nobody knows were dropped";
    assert!(log.contains("WARN") && log.contains(words) && GATEWAYS.contains(words), "{log}");
}

#[test]
fn check_calls_no_gateway_and_a_node_that_serves_calls_the_first() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let stub = StubGateway::start();
    let text = turbosms(directory.path(), &stub)
        .replace("[sms]\n", "[sms]\nallow_plaintext_codes = true\n");
    fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();
    let arguments = ["check", "--config", "esoz-otp.toml", "--data", "node"];
    let checked = run(directory.path(), &arguments);
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert_eq!(stub.connections(), 0);

    let arguments =
        ["serve", "--config", "esoz-otp.toml", "--data", "node", "--listen", "127.0.0.1:0"];
    let mut node = Program::spawn(&mut command(directory.path(), &arguments));
    assert_eq!(node.initialize("+380958697085").status, 201);
    assert_eq!(stub.wait_for(1)[0].phone, "380958697085");
    assert_eq!(node.stop().code, Some(0));
}
