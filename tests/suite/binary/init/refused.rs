//! What is there is left as it is, and what can't be finished is taken away.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use crate::binary::files::files;
use crate::binary::node::{init, refused, run_on_node, serve};
use crate::binary::program::{Ended, command, run};

/// Runs it, and sees that nothing has changed.
fn refused_to_make(directory: &Path, more: &[&str]) -> Ended {
    let before = files(directory);
    let ended = run_on_node(directory, "init", more);
    assert!(files(directory) == before, "something has changed");
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    ended
}

#[test]
fn a_directory_that_was_made_before_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let ended = refused_to_make(directory.path(), &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("node is not empty"), "{}", ended.stderr);
    // With another keyring it is no emptier.
    assert_eq!(refused_to_make(directory.path(), &["--keyring", "other"]).code, Some(78));
    serve(directory.path(), &[]).address();
}

#[test]
fn a_folder_with_anything_in_it_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("node")).unwrap();
    fs::write(directory.path().join("node/letter"), "mine").unwrap();
    let ended = refused_to_make(directory.path(), &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("Name another data directory"), "{}", ended.stderr);
}

#[test]
fn a_keyring_that_is_there_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    for text in ["not mine", "", r#"{"format": 1, "keys": []}"#] {
        fs::write(directory.path().join("node.keyring"), text).unwrap();
        let ended = refused_to_make(directory.path(), &[]);
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains("node.keyring is there already"), "{}", ended.stderr);
        assert!(ended.stderr.contains("--keyring"), "it says what to do: {}", ended.stderr);
    }
}

#[test]
fn a_place_where_nothing_can_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let before = files(directory.path());
    for (data, keyring, named) in [
        ("file", "ring", "file"),
        ("file/node", "ring", "file/node"),
        ("a/b/node", "file/ring", "file/ring"),
    ] {
        let ended = run(directory.path(), &["init", "--data", data, "--keyring", keyring]);
        assert!(matches!(ended.code, Some(74 | 78)), "{}", ended.stderr);
        assert!(ended.stderr.contains(named), "{}", ended.stderr);
        assert!(files(directory.path()) == before && !directory.path().join("a").exists());
    }
}

#[test]
fn a_token_that_can_not_be_printed_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["init", "--data", "a/node", "--keyring", "b/ring"];
    let output = command(directory.path(), &arguments)
        .stdout(Stdio::from(File::options().write(true).open("/dev/full").unwrap()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("could not be printed") && said.contains("run init again"), "{said}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
    assert_eq!(run(directory.path(), &arguments).code, Some(0));
}

#[test]
fn a_directory_that_was_not_finished_is_not_served() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    fs::write(directory.path().join("node/unfinished"), "").unwrap();
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("esoz-otp init --data node"), "{}", ended.stderr);
}
