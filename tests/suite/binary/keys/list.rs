//! `keys list`.

use std::fs;

use serde_json::json;

use super::{add, ids, keyring, keys, keys_done, read, write};
use crate::binary::node::{init, serve, serve_a_world};

/// The line of this key, its columns without what is between them.
fn line(said: &str, id: &str) -> Vec<String> {
    let line = said.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{said}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_keys_of_a_keyring_need_no_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    write(&keyring(directory.path()), &["old", "new"]);
    let said = keys_done(directory.path(), &["list"]);
    assert_eq!(line(&said, "key"), ["key", "created at", "use"]);
    assert_eq!(line(&said, "old"), ["old", "2026-01-01T00:00:00Z", "reads"]);
    assert_eq!(line(&said, "new"), ["new", "2026-01-01T00:00:01Z", "writes, reads"]);
    assert!(said.contains("left out") && said.contains("no data in node"), "{said}");
    assert!(!directory.path().join("node").exists(), "it is not made by looking");
}

#[test]
fn what_a_stopped_directory_knows_is_told_and_beside_a_node_that_it_is_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.initialize("+380671000099").status, 201);
    let said = keys_done(directory.path(), &["list"]);
    assert!(said.contains("in use by a node that runs"), "{said}");
    assert_eq!(node.stop().code, Some(0));

    let path = keyring(directory.path());
    let [old] = &ids(&path)[..] else { panic!("one key") };
    let new = add(directory.path());
    let said = keys_done(directory.path(), &["list"]);
    let [_, _, does, codes, state] = &line(&said, old)[..] else { panic!("{said}") };
    assert!(codes.starts_with("2 until 20"), "{codes}");
    assert_eq!((does.as_str(), state.as_str()), ("reads", "in use"));
    assert_eq!(line(&said, &new)[2..], ["writes, reads", "0", "not used yet"]);
    serve(directory.path(), &[]).address();

    let mut without = read(&path);
    without["keys"].as_array_mut().unwrap().remove(0);
    fs::write(&path, without.to_string()).unwrap();
    let said = keys_done(directory.path(), &["list"]);
    let row = line(&said, old);
    assert_eq!((row[1].as_str(), row[2].as_str()), ("-", "-"), "{said}");
    assert!(row[3].starts_with('2') && row[4].contains("missing"), "{said}");

    without["keys"][0]["key"] = json!("5a".repeat(32));
    fs::write(&path, without.to_string()).unwrap();
    let said = keys_done(directory.path(), &["list"]);
    assert!(line(&said, &new)[4].contains("another key"), "{said}");
}

#[test]
fn a_directory_that_is_damaged_is_no_reason_not_to_show_the_keyring() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    fs::remove_file(directory.path().join("node/store/db")).unwrap();
    let ended = keys(directory.path(), &["list"]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(ended.stdout.contains("writes, reads"), "{}", ended.stdout);
    assert!(ended.stderr.contains("damaged"), "{}", ended.stderr);
}
