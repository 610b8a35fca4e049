//! `esoz-otp sms test`, as an operator runs it.

mod gateway;
mod stopping;

use std::fs;
use std::path::Path;

use super::node::{init, serve};
use super::program::{Ended, Program, command_after, run};

const PHONE: &str = "+380671234567";
const MASKED: &str = "+38067*****67";

/// The file, and the console behind it.
fn both(path: &str) -> String {
    format!("[sms]\ndrivers = [\"file\", \"console\"]\n[sms.file]\npath = \"{path}\"\n")
}

fn test(directory: &Path, text: &str, more: &[&str]) -> Ended {
    fs::write(directory.join("esoz-otp.toml"), text).unwrap();
    run(directory, &[&["sms", "test", PHONE, "--config", "esoz-otp.toml"], more].concat())
}

/// The same where no file can grow, as on a full disk.
fn test_without_room(directory: &Path, text: &str) -> Ended {
    fs::write(directory.join("esoz-otp.toml"), text).unwrap();
    let arguments = ["sms", "test", PHONE, "--config", "esoz-otp.toml"];
    Program::spawn(&mut command_after("trap '' XFSZ; ulimit -f 0", directory, &arguments)).end()
}

#[test]
fn the_first_driver_that_takes_it_is_the_last_that_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let ended = test(directory.path(), &both("sms.ndjson"), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "file: took it");
    assert_eq!(ended.stderr, "", "nothing that is paid for was sent");
    let sent = fs::read_to_string(directory.path().join("sms.ndjson")).unwrap();
    assert!(sent.contains("test of esoz-otp") && sent.contains(PHONE), "{sent}");
    assert_eq!(sent.lines().count(), 1);
}

#[test]
fn with_all_every_driver_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let ended = test(directory.path(), &both("sms.ndjson"), &["--all"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(said[0], "file: took it");
    assert!(said[1].starts_with(&format!("SMS {PHONE} ")), "the console's own line: {said:?}");
    assert_eq!(said[2], "console: took it");
}

#[test]
fn one_that_does_not_take_it_is_told_and_the_next_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let ended = test_without_room(directory.path(), &both("sms.ndjson"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("file: did not take it: it could not be written\n"));
    assert!(ended.stdout.ends_with("console: took it"), "{}", ended.stdout);

    let alone = both("sms.ndjson").replace(", \"console\"", "");
    let ended = test_without_room(directory.path(), &alone);
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("no driver took the message to {MASKED}")));
}

#[test]
fn what_is_no_phone_or_one_that_no_code_is_sent_to_is_wrong_usage() {
    let directory = tempfile::tempdir().unwrap();
    let text = both("sms.ndjson") + "[otp]\nallowed_prefixes = [\"+38067\"]\n";
    fs::write(directory.path().join("esoz-otp.toml"), text).unwrap();
    for (phone, said) in [
        ("0671234567", "a phone number is +380 and nine digits"),
        ("+38067123456", "a phone number is +380 and nine digits"),
        ("+380900123456", "numbers that begin with +380900"),
        ("+380029012345", "numbers that begin with +3800."),
        ("+380441234567", "only to numbers that begin with a prefix in otp.allowed_prefixes"),
    ] {
        let ended = run(directory.path(), &["sms", "test", phone, "--config", "esoz-otp.toml"]);
        assert_eq!(ended.code, Some(64), "{phone}");
        assert!(ended.stderr.contains(said) && ended.stdout.is_empty(), "{}", ended.stderr);
    }
    assert!(!directory.path().join("sms.ndjson").exists(), "no driver was called");
}

#[test]
fn a_missing_setup_is_reported_before_a_driver_is_called() {
    let directory = tempfile::tempdir().unwrap();
    for (text, said) in [
        ("[sms]\ndrivers = [\"backup\"]\n".to_owned(), "there is no section [gateway.backup]"),
        (both("missing/sms.ndjson"), "cannot append messages to missing/sms.ndjson"),
    ] {
        let ended = test(directory.path(), &text, &[]);
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains(said) && ended.stdout.is_empty(), "{}", ended.stderr);
    }
}

#[test]
fn a_node_may_serve_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let mut node = serve(directory.path(), &[]);
    node.address();
    let ended = test(directory.path(), &both("sms.ndjson"), &["--all"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(node.call("GET", "/health/ready", "").status, 200);
}
