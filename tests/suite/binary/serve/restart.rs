//! What was answered stays, however the process ends.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};

use crate::binary::node::{make, serve};
use crate::binary::program::Program;
use crate::support::{MIS, SEED_PHONE, SEED_REQUEST, try_call};

/// A pause between two codes that is longer than the test, and hashes that take little time, however busy the machine is.
const SETTINGS: &str = "\
[limits]
send_pause = [3600, 3600, 3600, 3600]

[otp.argon2]
memory_kib = 4096
passes = 1
";

/// Starts a node with [`SETTINGS`].
fn start(directory: &Path) -> Program {
    fs::write(directory.join("esoz-otp.toml"), SETTINGS).unwrap();
    serve(directory, &["--config", "esoz-otp.toml"])
}

/// The first start, on the demo's world.
fn first_start(directory: &Path) -> Program {
    make(directory);
    start(directory)
}

#[test]
fn codes_limits_and_approvals_outlive_a_stop() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = first_start(directory.path());
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    assert_eq!(node.stop().code, Some(0));

    let mut node = start(directory.path());
    assert_eq!(node.resend().reason(), Some("send_pause"));
    assert_eq!(node.approve(&code).data()["status"], "APPROVED");
    assert_eq!(node.stop().code, Some(0));

    let mut node = start(directory.path());
    let seen = node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), "");
    assert_eq!(seen.data()["status"], "APPROVED");
    assert_eq!(node.approve(&code).reason(), Some("already_used"));
}

#[test]
fn what_was_answered_before_a_kill_under_load_is_there_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = first_start(directory.path());
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    let address = node.address();
    let (tell, told) = channel();
    let callers: Vec<_> = (0..4)
        .map(|caller| {
            let tell = tell.clone();
            std::thread::spawn(move || initialize_until_gone(address, caller, &tell))
        })
        .collect();
    drop(tell);
    let mut answered: Vec<_> = told.iter().take(12).collect();
    node.signal("KILL");
    answered.extend(told.iter());
    for caller in callers {
        caller.join().unwrap();
    }
    assert_eq!(node.end().code, None, "killed");

    let mut node = start(directory.path());
    for phone in &answered {
        let again = node.answered(|node| node.initialize(phone));
        assert_eq!((again.status, again.reason()), (429, Some("send_pause")), "{phone}");
    }
    // A call that is not answered in time may have had its code sent, so the next one is for another phone.
    let mut others = (0..).map(|number| format!("+38067299{number:04}"));
    let other = node.answered(|node| node.initialize(&others.next().unwrap()));
    assert_eq!(other.status, 201, "this phone got no code before");
    assert_eq!(node.answered(|node| node.approve(&code)).status, 200);
}

/// Asks for a code for one phone after the other, and tells each that was granted.
fn initialize_until_gone(address: std::net::SocketAddr, caller: u32, tell: &Sender<String>) {
    for number in 0.. {
        let phone = format!("+38067{caller}00{number:04}");
        let body = serde_json::json!({"phone_number": phone}).to_string();
        match try_call(address, "POST", "/verifications", &MIS, &body) {
            Ok(reply) if reply.status == 201 => tell.send(phone).unwrap(),
            // No answer in time on a busy machine: nothing is promised.
            Ok(reply) if reply.status == 503 => {}
            Ok(reply) => panic!("{reply:?}"),
            Err(_) => return,
        }
    }
}

#[test]
fn a_node_that_was_killed_starts_again_every_time() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = first_start(directory.path());
    let mut phones: Vec<String> = Vec::new();
    for round in 0..6 {
        let phone = format!("+38067100000{round}");
        assert_eq!(node.initialize(&phone).status, 201);
        phones.push(phone);
        node.signal("KILL");
        assert_eq!(node.end().code, None);
        node = start(directory.path());
        for phone in &phones {
            assert_eq!(node.initialize(phone).reason(), Some("send_pause"));
        }
    }
}
