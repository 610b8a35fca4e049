//! What the program says of its own command line.

use std::collections::BTreeSet;
use std::fs;

use crate::binary::program::run;

const OPERATORS: &str = include_str!("../../../systemd/README.md");

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
fn the_manual_has_files_environment_and_exit_status_and_operators_read_of_the_same_codes() {
    let page = said(&["man"]).replace("\\-", "-");
    for (section, words) in [
        ("FILES", ["/etc/esoz-otp/esoz-otp.toml", "/var/lib/esoz-otp", "DIR.keyring"]),
        ("ENVIRONMENT", ["ESOZ_OTP__SECTION__KEY", "RUNTIME_DIRECTORY", "CREDENTIALS_DIRECTORY"]),
        ("ENVIRONMENT", ["STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CREDENTIALS_DIRECTORY"]),
    ] {
        let entries = section_of(&page, section);
        for word in words {
            assert!(entries.contains(&format!("\\fB{word}\\fR\n")), "{section}: {word}");
        }
    }
    let codes = |text: &str, start: &str, end: &str| -> BTreeSet<u8> {
        let starts = text.lines().filter_map(|line| line.strip_prefix(start)?.split_once(end));
        starts.filter_map(|(code, _)| code.parse().ok()).collect()
    };
    let (_, chapter) = OPERATORS.split_once("\n### Exit codes\n").unwrap();
    let mut in_the_document = codes(chapter.split("\n#").next().unwrap(), "| ", " | ");
    in_the_document.insert(0);
    let in_the_manual = codes(section_of(&page, "EXIT STATUS"), "\\fB", "\\fR");
    assert_eq!(in_the_manual, in_the_document);

    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &["man", "--out", "pages"]).code, Some(0));
    let written = fs::read_to_string(directory.path().join("pages/esoz-otp.1")).unwrap();
    assert_eq!(written.replace("\\-", "-").trim(), page.trim());
}

/// The entries of a section of a page.
fn section_of<'a>(page: &'a str, title: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!(".SH \"{title}\"\n")).expect(title);
    rest.split("\n.SH ").next().unwrap()
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let ended = run(directory.path(), &["man", "--out", "file/man1"]);
    assert_eq!(ended.code, Some(74));
    assert!(ended.stderr.contains("cannot write pages to file/man1"), "{}", ended.stderr);
}
