//! What is told before anything runs.

use std::net::TcpListener;

use super::program::{Ended, run};

fn in_an_empty_directory(arguments: &[&str]) -> Ended {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(directory.path(), arguments);
    let left = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 0, "{arguments:?} leaves nothing behind");
    ended
}

#[test]
fn help_and_version_are_no_errors() {
    let help = in_an_empty_directory(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("demo") && help.stdout.contains("serve"), "{}", help.stdout);
    let version = in_an_empty_directory(&["--version"]);
    assert_eq!(version.code, Some(0));
    assert_eq!(version.stdout.trim(), concat!("esoz-otp ", env!("CARGO_PKG_VERSION")));
    for (command, flag) in
        [("demo", "--listen"), ("serve", "--listen"), ("init", "--data"), ("import", "--data")]
    {
        let help = in_an_empty_directory(&[command, "--help"]);
        assert_eq!(help.code, Some(0));
        assert!(help.stdout.contains(flag), "{}", help.stdout);
    }
}

#[test]
fn what_is_not_understood_is_wrong_usage() {
    for arguments in [
        &[][..],
        &["demonstrate"],
        &["demo", "--no-such-flag"],
        &["serve", "--no-such-flag"],
        &["init", "--data", "node", "file"],
        &["import", "--data", "node"],
        &["keys"],
        &["keys", "change", "--data", "node"],
        &["keys", "add", "k", "--data", "node"],
        &["keys", "retire", "--data", "node"],
        &["keys", "retire", "k", "--keyring-only", "--data", "node"],
        &["serve", "--data", "node", "--fixtures", "world.json"],
        &["sms"],
        &["sms", "test"],
        &["sms", "test", "380671234567"],
        &["sms", "test", "+380671234567", "--data", "node"],
        &["demo", "--pause", "-1"],
        &["demo", "--pause", "86401"],
        &["demo", "--pause", "soon"],
        &["demo", "--log", "loud"],
        &["demo", "--dialect", "live"],
        &["demo", "--dialect", "Deployed"],
        &["demo", "--listen", "localhost"],
    ] {
        let ended = in_an_empty_directory(arguments);
        assert_eq!(ended.code, Some(64), "{arguments:?}");
        assert!(!ended.stderr.is_empty() && ended.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn only_loopback_addresses_are_listened_on() {
    for (command, address) in [
        ("demo", "0.0.0.0:0"),
        ("demo", "[::]:0"),
        ("serve", "192.0.2.1:4000"),
        ("demo", "8.8.8.8:1"),
    ] {
        let more = ["--data", "node", "--allow-plaintext-codes"];
        let more = if command == "serve" { &more[..] } else { &[] };
        let ended = in_an_empty_directory(&[&[command, "--listen", address], more].concat());
        // Of `serve` it is a setting, and another one could allow it.
        let code = if command == "serve" { 78 } else { 64 };
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains("--listen") && ended.stderr.contains(address));
        assert!(ended.stderr.contains("127.0.0.1"));
    }
}

#[test]
fn a_busy_port_is_named_and_nothing_is_made() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let serve = ["serve", "--data", "node", "--allow-plaintext-codes"];
    for command in [&["demo"][..], &serve[..]] {
        let ended = in_an_empty_directory(&[command, &["--listen", &address]].concat());
        assert_eq!(ended.code, Some(69), "{}", ended.stderr);
        assert!(ended.stderr.contains(&address), "{}", ended.stderr);
        assert!(ended.stderr.contains("--listen"), "it says what to do: {}", ended.stderr);
    }
}

#[test]
fn no_number_and_no_secret_of_a_command_line_that_is_wrong_is_repeated() {
    for arguments in [
        &["sms", "test", "380671234567"][..],
        &["sms", "test", "067-123-45-67"],
        &["sms", "test", "+380671234567", "+380671234567"],
        &["sms", "test", "--380671234567"],
        &["sms", "test", "-380671234567"],
        &["380671234567"],
        &["completions", "380671234567"],
        &["keys", "retire", "a", "hunter2"],
        &["keys", "retire", "a", "hunter"],
        &["serve", "--hunter2"],
        &["demo", "--allow-origin", "http://user:hunter2@localhost"],
    ] {
        let ended = in_an_empty_directory(arguments);
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        for secret in ["1234567", "45-67", "hunter"] {
            assert!(!ended.stderr.contains(secret), "{arguments:?}: {}", ended.stderr);
        }
    }
    for (arguments, said) in [
        (&["serve", "--dta", "x"][..], "unexpected argument '--dta' found"),
        (&["seve"], "unrecognized subcommand 'seve'"),
        (&["sms", "test", "380671234567"], "a phone number is +380 and nine digits"),
    ] {
        let ended = in_an_empty_directory(arguments);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

#[test]
fn a_flag_says_what_it_takes() {
    for (flag, value, said) in [
        ("--log-level", "loud", "it takes off, error, warn, info, debug or trace"),
        ("--pause", "x", "it takes 0 to 86400 seconds"),
        ("--pause", "86401", "it takes 0 to 86400 seconds"),
        ("--life", "-1", "it takes 1 to 600 seconds"),
        ("--digits", "3", "it takes 4 to 10 digits"),
        ("--attempts", "many", "it takes 1 to 5 times"),
    ] {
        let ended = in_an_empty_directory(&["demo", &format!("{flag}={value}")]);
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}
