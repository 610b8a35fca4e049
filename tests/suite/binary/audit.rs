//! `esoz-otp audit verify`, and what a node does with the log of audit from start to end.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::node::{init, make, refused, run_on_node, serve};
use super::program::{Ended, Program, run};
use crate::support::{Reply, call};

const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer demo-admin-token")];

fn verify(directory: &Path, more: &[&str]) -> Ended {
    run(directory, &[&["audit", "verify", "--data", "node"], more].concat())
}

/// The audit as the node shows it.
fn shown(node: &mut Program) -> Reply {
    let reply = call(node.address(), "GET", "/admin/audit?page_size=500", &ADMIN, "");
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.join("node/audit")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Served, with some codes sent, and stopped; gives its log.
fn served(directory: &Path) -> String {
    make(directory);
    let mut node = serve(directory, &[]);
    for phone in ["+380671000041", "+380681000042", "+380631000043"] {
        assert_eq!(node.initialize(phone).status, 201);
    }
    let ended = node.stop();
    assert_eq!(ended.code, Some(0));
    ended.stderr
}

fn serve_and_stop(directory: &Path) -> Ended {
    let mut node = serve(directory, &[]);
    node.address();
    node.stop()
}

/// The value behind this word in the only line that holds this.
fn word<'a>(text: &'a str, line: &str, before: &str) -> &'a str {
    let line = text.lines().find(|it| it.contains(line)).unwrap();
    let (_, value) = line.split_once(before).unwrap();
    value.split([' ', '"', ',', '}']).next().unwrap()
}

#[test]
fn what_a_node_has_written_is_whole_when_it_has_stopped_and_while_it_runs() {
    let directory = tempfile::tempdir().unwrap();
    served(directory.path());
    let ended = verify(directory.path(), &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    for line in [
        "files: 1, rows 1 to 3\n",
        "not moved from the database yet: 0\n",
        "vouched for: up to row 3, with key k",
        "\nhead: 3:",
        "\nnothing was changed, nothing is missing",
    ] {
        assert!(ended.stdout.contains(line), "{line}: {}", ended.stdout);
    }
    let mut node = serve(directory.path(), &[]);
    assert_eq!(shown(&mut node).data().as_array().unwrap().len(), 3);
    let beside = verify(directory.path(), &[]);
    assert_eq!((beside.code, beside.stderr.as_str()), (Some(0), ""), "{}", beside.stdout);
    assert!(beside.stdout.contains("the database is left out: a node runs on it"));
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn a_directory_without_a_row_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let ended = verify(directory.path(), &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("files: 0, no row\n"), "{}", ended.stdout);
    assert_eq!(serve_and_stop(directory.path()).code, Some(0));
    assert_eq!(verify(directory.path(), &[]).code, Some(0));
}

#[test]
fn what_was_changed_is_65_and_the_node_serves_on_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    served(directory.path());
    let file = files(directory.path()).remove(0);
    let bytes = fs::read(&file).unwrap();
    let mut changed = bytes.clone();
    changed[150] ^= 1;
    fs::write(&file, &changed).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let ended = verify(directory.path(), &[]);
    assert_eq!(ended.code, Some(65), "{}", ended.stdout);
    assert!(ended.stderr.contains(&format!("\naudit/{name}, row 1: ")), "{}", ended.stderr);
    assert!(!ended.stdout.contains("nothing was changed"), "{}", ended.stdout);

    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.initialize("+380671000051").status, 201);
    let page = call(node.address(), "GET", "/admin/audit?after=3", &ADMIN, "");
    assert_eq!(page.data()[0]["number"], 4);
    let ended = node.stop();
    assert_eq!(ended.code, Some(0));
    let said = format!("the log of audit is damaged: audit/{name} was changed, or cut, ");
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    assert!(ended.stderr.contains("`esoz-otp audit verify` tells where"), "{}", ended.stderr);
    assert_eq!(files(directory.path()).len(), 2, "rows go on in a file of their own");
    let ended = verify(directory.path(), &[]);
    assert_eq!(ended.code, Some(65));
    fs::write(&file, &bytes).unwrap();
}

fn add_to(file: &Path, bytes: &[u8]) {
    let file = fs::File::options().append(true).open(file);
    file.unwrap().write_all(bytes).unwrap();
}

#[test]
fn what_is_added_after_an_orderly_stop_is_65_and_the_next_start_leaves_it() {
    let directory = tempfile::tempdir().unwrap();
    served(directory.path());
    // Looks and edits change nothing in that.
    assert_eq!(run(directory.path(), &["keys", "list", "--data", "node"]).code, Some(0));
    let file = files(directory.path()).remove(0);
    add_to(&file, b"junk\n");
    let changed = fs::read(&file).unwrap();
    for _ in 0..2 {
        let ended = verify(directory.path(), &[]);
        assert_eq!(ended.code, Some(65), "{}", ended.stdout);
        assert!(ended.stderr.contains(", behind row 3: something was added"), "{}", ended.stderr);
    }
    let log = serve_and_stop(directory.path()).stderr;
    assert!(log.contains("the log of audit is damaged"), "{log}");
    assert!(log.contains("has 5 bytes more than when the node was stopped in order"), "{log}");
    assert_eq!(fs::read(&file).unwrap(), changed);
}

#[test]
fn what_a_killed_node_may_have_left_is_excused_until_a_start_cuts_it_off_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    served(directory.path());
    let mut node = serve(directory.path(), &[]);
    node.address();
    node.signal("KILL");
    node.end();
    let file = files(directory.path()).remove(0);
    add_to(&file, b"junk\n");
    // A look closes the directory, and may be repeated.
    for _ in 0..2 {
        let ended = verify(directory.path(), &[]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    }
    let log = serve_and_stop(directory.path()).stderr;
    let line = log.lines().find(|line| line.contains("are cut off")).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    for part in ["WARN", "\"bytes\":5", &format!("\"file\":\"audit/{name}\"")] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert_eq!(verify(directory.path(), &[]).code, Some(0));
    assert!(!serve_and_stop(directory.path()).stderr.contains("cut off"), "said once");
}

#[test]
fn the_head_is_in_the_log_and_can_be_held_against_the_files() {
    let directory = tempfile::tempdir().unwrap();
    served(directory.path());
    // At a start, when there is a head, and then once a day.
    let mut node = serve(directory.path(), &[]);
    shown(&mut node);
    let log = node.stop().stderr;
    let (number, hash) = (
        word(&log, "head of the audit", "\"number\":"),
        word(&log, "head of the audit", "\"hash\":\""),
    );
    assert_eq!((number, hash.len()), ("3", 64), "{log}");
    let noted = format!("{number}:{hash}");
    let ended = verify(directory.path(), &["--head", &noted]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let other = format!("{number}:{}", "0".repeat(64));
    let ended = verify(directory.path(), &["--head", &noted, "--head", &other]);
    assert_eq!(ended.code, Some(65));
    assert!(ended.stderr.contains("audit/, row 3: the head that was noted elsewhere"));
    for wrong in ["3", "3:", "x:00", &noted[..40]] {
        assert_eq!(verify(directory.path(), &["--head", wrong]).code, Some(64), "{wrong}");
    }
}

#[test]
fn a_database_that_is_older_than_its_audit_is_not_served() {
    let directory = tempfile::tempdir().unwrap();
    make(directory.path());
    assert_eq!(serve_and_stop(directory.path()).code, Some(0));
    let (node, old) = (directory.path().join("node"), directory.path().join("old"));
    let copy = |from: &Path, to: &Path| {
        let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
        assert!(copied.unwrap().success());
    };
    copy(&node, &old);
    let mut running = serve(directory.path(), &[]);
    assert_eq!(running.initialize("+380671000041").status, 201);
    assert_eq!(running.stop().code, Some(0));
    copy(&node.join("audit"), &old);
    fs::remove_dir_all(&node).unwrap();
    fs::rename(&old, &node).unwrap();
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stderr.contains("holds row 1, which the database does not know"));
    assert_eq!(verify(directory.path(), &[]).code, Some(65));
}

#[test]
fn after_keys_were_exchanged_the_keys_that_are_left_are_enough() {
    let directory = tempfile::tempdir().unwrap();
    served(directory.path());
    let keyring = directory.path().join("node.keyring");
    let ids = || {
        let text = fs::read_to_string(&keyring).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let id = |key: &serde_json::Value| key["id"].as_str().unwrap().to_owned();
        file["keys"].as_array().unwrap().iter().map(id).collect::<Vec<_>>()
    };
    let old = ids().remove(0);
    // Never served with the new key before the old one goes.
    assert_eq!(run(directory.path(), &["keys", "add", "--data", "node"]).code, Some(0));
    let retire = ["keys", "retire", &old, "--force", "--data", "node"];
    let ended = run(directory.path(), &retire);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ids().contains(&old));
    let ended = verify(directory.path(), &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    assert!(ended.stdout.contains(&format!("with key {}", ids()[0])), "{}", ended.stdout);
    let ended = serve_and_stop(directory.path());
    assert_eq!(ended.code, Some(0));
    assert!(!ended.stderr.contains("is lost with the key"), "{}", ended.stderr);
}

#[test]
fn init_takes_away_what_an_interrupted_one_has_left_of_it() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let node = directory.path().join("node");
    fs::create_dir(node.join("audit")).unwrap();
    fs::write(node.join("audit/2026-12-01.log"), "left").unwrap();
    fs::remove_file(directory.path().join("node.keyring")).unwrap();
    fs::remove_file(node.join("mark")).ok();
    fs::write(node.join("unfinished"), "`esoz-otp init` has not finished here: run it again. \n")
        .unwrap();
    let ended = run_on_node(directory.path(), "init", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!node.join("audit").exists());
}
