//! What the program says of its own command line.

use std::fs;

use crate::binary::program::run;

fn said(arguments: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(directory.path(), arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
    ended.stdout
}

#[test]
fn every_shell_is_told_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = said(&["completions", shell]);
        for word in ["esoz-otp", "serve", "check", "allow-plaintext-codes", "sms"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &["completions", "tcsh"]).code, Some(64));
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let page = said(&["man"]);
    assert!(page.contains(".TH esoz-otp 1") && page.contains("esoz\\-otp\\-check(1)"), "{page}");

    let directory = tempfile::tempdir().unwrap();
    let ended = run(directory.path(), &["man", "--out", "share/man1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for name in
        ["esoz-otp", "esoz-otp-check", "esoz-otp-keys-add", "esoz-otp-serve", "esoz-otp-sms-test"]
    {
        let path = directory.path().join(format!("share/man1/{name}.1"));
        assert!(fs::read_to_string(&path).unwrap().contains(".SH SYNOPSIS"), "{name}");
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let ended = run(directory.path(), &["man", "--out", "file/man1"]);
    assert_eq!(ended.code, Some(74));
    assert!(ended.stderr.contains("cannot write pages to file/man1"), "{}", ended.stderr);
}
