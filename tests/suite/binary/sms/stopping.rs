//! A stop while a gateway hangs.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::gateway::turbosms;
use crate::binary::node::init;
use crate::binary::program::Program;
use crate::support::gateway::{Behaviour, StubGateway};
use crate::support::patience::wait_for;

/// Longer than a node that is to stop waits for what is with a driver that has five seconds.
const BOUND: Duration = Duration::from_secs(20);

fn start(directory: &Path) -> Program {
    Program::start(directory, &["serve", "--config", "esoz-otp.toml", "--data", "node"])
}

#[test]
fn a_gateway_that_hangs_does_not_keep_a_node_from_stopping_and_its_message_is_sent_once_more() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let stub = StubGateway::start();
    stub.set(Behaviour::Hang);
    let settings = "[sms]\nallow_plaintext_codes = true\ntimeout_seconds = 5\n";
    let text =
        turbosms(directory.path(), &stub).replace("[sms]\n", settings).replace(", \"console\"", "");
    fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();

    let mut node = start(directory.path());
    let answer = node.initialize("+380958697085");
    assert_eq!(answer.status, 201, "{}", answer.text);
    stub.wait_for_requests(1);
    node.signal("TERM");
    let ended = node.end_within(BOUND);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("did not answer in time"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("WARN") && !ended.stderr.contains("not sealed"),
        "{}",
        ended.stderr
    );

    assert!(directory.path().join("node/seal").is_file(), "it was closed in order");

    stub.set(Behaviour::Take);
    let mut node = start(directory.path());
    let path = format!("/verifications/{}/delivery", answer.data()["id"].as_str().unwrap());
    let said = wait_for("the message has left", || {
        let said = node.call("GET", &path, "").data().clone();
        (said["sent_at"].is_string()).then_some(said)
    });
    assert_eq!(
        (&said["status"], &said["uncertain"]),
        (&"uncertain".into(), &true.into()),
        "{said}"
    );
    assert_eq!(said["attempts"], 2, "{said}");
    assert_eq!((stub.count(), stub.requests()), (1, 2), "once more, and no oftener");
    let ended = node.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for complaint in ["WARN", "ERROR", "damaged", "not closed"] {
        assert!(!ended.stderr.contains(complaint), "{}", ended.stderr);
    }
}
