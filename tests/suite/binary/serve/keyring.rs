//! The keyring: without it the codes in the database can't be checked or guessed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::binary::files::files;
use crate::binary::node::{init, refused, serve, serve_a_world};
use crate::binary::program::{Program, command};
use crate::support::SEED_PHONE;

fn keyring(directory: &Path) -> PathBuf {
    directory.join("node.keyring")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A directory with a database, its keyring, and a code that has just been sent.
fn with_a_code() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    assert_eq!(node.stop().code, Some(0));
    (directory, code)
}

#[test]
fn a_database_without_its_keyring_is_not_opened_and_no_other_keyring_is_made() {
    let (directory, code) = with_a_code();
    let kept = directory.path().join("kept");
    fs::rename(keyring(directory.path()), &kept).unwrap();
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("node.keyring") && ended.stderr.contains("--keyring"));
    assert!(!keyring(directory.path()).exists());

    let mut node = serve(directory.path(), &["--keyring", "kept"]);
    assert_eq!(node.approve(&code).status, 200);
}

#[test]
fn another_key_under_an_old_id_is_refused_by_its_name() {
    let (directory, code) = with_a_code();
    let path = keyring(directory.path());
    let right = fs::read_to_string(&path).unwrap();
    let mut changed = read(&path);
    let id = changed["keys"][0]["id"].as_str().unwrap().to_owned();
    let key = "5a".repeat(32);
    changed["keys"][0]["key"] = json!(key);
    fs::write(&path, changed.to_string()).unwrap();

    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("key `{id}`")), "{}", ended.stderr);
    assert!(!ended.stderr.contains(&key));

    fs::write(&path, right).unwrap();
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.approve(&code).status, 200, "nothing has been changed");
}

#[test]
fn after_a_new_key_the_old_one_still_reads_and_may_not_go() {
    let (directory, code) = with_a_code();
    let path = keyring(directory.path());
    let mut both = read(&path);
    let newer = json!({"id": "next", "created_at": "2100-01-01T00:00:00Z", "key": "5a".repeat(32)});
    both["keys"].as_array_mut().unwrap().push(newer);
    fs::write(&path, both.to_string()).unwrap();
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.approve(&code).status, 200, "a code of the old key");
    assert_eq!(node.initialize("+380671000099").status, 201);
    let code = node.code_for("+380671000099", 1);
    let body = json!({"code": code}).to_string();
    let done = node.call("PATCH", "/verifications/+380671000099/actions/complete", &body);
    assert_eq!(done.status, 200, "a code of the new key");
    node.stop();

    let old = both["keys"].as_array_mut().unwrap().remove(0);
    fs::write(&path, both.to_string()).unwrap();
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    let id = old["id"].as_str().unwrap();
    assert!(ended.stderr.contains(&format!("key `{id}`")), "{}", ended.stderr);
}

#[test]
fn a_keyring_that_is_none_is_refused_without_a_word_of_what_is_in_it() {
    for (text, part) in [
        ("", "line 1"),
        (r#"{"format": 1, "keys": []}"#, "no key"),
        (
            r#"{"format": 1, "keys": [{"id": "k", "created_at": "2026-01-01T00:00:00Z", "key": "5a5a"}]}"#,
            "key `k`",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        init(directory.path());
        fs::write(keyring(directory.path()), text).unwrap();
        let before = files(&directory.path().join("node"));
        let ended = refused(directory.path(), &[]);
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains(part) && !ended.stderr.contains("5a5a"), "{}", ended.stderr);
        assert_eq!(fs::read_to_string(keyring(directory.path())).unwrap(), text);
        assert!(files(&directory.path().join("node")) == before, "not a byte has changed");
    }
}

#[test]
fn a_credential_of_the_service_manager_is_the_keyring() {
    let (directory, code) = with_a_code();
    let credentials = tempfile::tempdir().unwrap();
    fs::rename(keyring(directory.path()), credentials.path().join("keyring")).unwrap();
    let always = ["serve", "--data", "node", "--allow-plaintext-codes", "--listen", "127.0.0.1:0"];
    let mut command = command(directory.path(), &always);
    command.env("CREDENTIALS_DIRECTORY", credentials.path());
    let mut node = Program::spawn(&mut command);
    assert_eq!(node.approve(&code).status, 200);
}
