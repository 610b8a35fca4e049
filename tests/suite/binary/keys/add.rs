//! `keys add`: edits at the same time lose no key.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Stdio;

use esoz_otp::domain::Timestamp;

use super::{add, ids, keyring, keys, keys_done, keys_with_credentials, left_over, read, write};
use crate::binary::files::set_mode;
use crate::binary::node::init;
use crate::binary::program::{Program, command};

#[test]
fn a_key_is_added_behind_the_others_as_the_newest() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    let before = read(&path);
    let said = keys_done(directory.path(), &["add"]);
    assert!(said.contains("node.keyring") && said.contains("systemctl restart"), "{said}");
    let after = read(&path);
    assert_eq!(after["keys"][0], before["keys"][0]);
    let [first, id] = &ids(&path)[..] else { panic!("two keys") };
    assert!(said.starts_with(&format!("key {id} is in ")) && id != first, "{said}");
    let at = |n: usize| Timestamp::parse(after["keys"][n]["created_at"].as_str().unwrap()).unwrap();
    assert!(at(1) > at(0));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(left_over(directory.path()), [""; 0]);
}

#[test]
fn a_clock_that_is_behind_the_newest_key_makes_none_that_is_older() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    let mut ahead = read(&path);
    ahead["keys"][0]["created_at"] = "2100-01-01T00:00:00Z".into();
    fs::write(&path, ahead.to_string()).unwrap();
    add(directory.path());
    assert_eq!(read(&path)["keys"][1]["created_at"], "2100-01-01T00:00:01Z");
}

#[test]
fn an_id_may_be_given_but_only_once_and_only_if_it_is_one() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    keys_done(directory.path(), &["add", "--id", "mine"]);
    assert_eq!(ids(&path)[1], "mine");
    let before = fs::read(&path).unwrap();
    let secret = "5a".repeat(32);
    for (id, part) in [("mine", "`mine` already"), (secret.as_str(), "1 to 32"), ("", "1 to 32")] {
        let ended = keys(directory.path(), &["add", "--id", id]);
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains(part) && !ended.stderr.contains(&secret), "{}", ended.stderr);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn of_many_keys_that_are_added_at_once_none_is_lost() {
    const AT_ONCE: usize = 32;
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    let start = |_| {
        let mut add = command(directory.path(), &["keys", "add", "--data", "node"]);
        Program::spawn(add.stdin(Stdio::null()))
    };
    let running: Vec<_> = (0..AT_ONCE).map(start).collect();
    let mut told: BTreeSet<_> = ids(&path).into_iter().take(1).collect();
    for program in running {
        let ended = program.end();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        told.insert(ended.stdout.split(' ').nth(1).unwrap().to_owned());
    }
    assert_eq!(told.len(), AT_ONCE + 1, "no id twice");
    assert_eq!(ids(&path).into_iter().collect::<BTreeSet<_>>(), told);
    let times: Vec<_> = read(&path)["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| Timestamp::parse(key["created_at"].as_str().unwrap()).unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, next| one < next), "each was the newest: {times:?}");
    assert_eq!(left_over(directory.path()), [""; 0]);
}

#[test]
fn a_link_to_the_keyring_stays_one_and_the_file_behind_it_is_edited() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    let elsewhere = directory.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(&path, elsewhere.join("ring")).unwrap();
    symlink("ring", elsewhere.join("link")).unwrap();
    symlink("elsewhere/link", &path).unwrap();
    let id = add(directory.path());
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert!(fs::symlink_metadata(elsewhere.join("link")).unwrap().is_symlink());
    assert_eq!(ids(&elsewhere.join("ring"))[1], id);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn the_service_manager_s_copy_is_not_edited_and_it_is_said_what_is() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let credentials = tempfile::tempdir().unwrap();
    let copy = credentials.path().join("keyring");
    fs::copy(keyring(directory.path()), &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    symlink(&copy, directory.path().join("link")).unwrap();
    for more in [&["add"][..], &["add", "--keyring", "link"]] {
        let ended = keys_with_credentials(directory.path(), credentials.path(), more);
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains("copied from by --keyring"), "{}", ended.stderr);
        assert_eq!(fs::read(&copy).unwrap(), before);
    }
    let source = ["add", "--keyring", "node.keyring"];
    let ended = keys_with_credentials(directory.path(), credentials.path(), &source);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ids(&keyring(directory.path())).len(), 2);
}

#[test]
fn what_is_no_keyring_or_is_open_to_others_is_not_edited() {
    let secret = "5a".repeat(32);
    let damaged = [
        String::new(),
        format!(r#"{{"format": 1, "keys": [{{"id": "{secret}", "key": "{secret}"}}]}}"#),
        format!(r#"{{"format": 1, "keys": ["{secret}"], "{secret}": 1}}"#),
        format!("{{{}", " ".repeat(64 * 1024)),
    ];
    for text in damaged {
        let directory = tempfile::tempdir().unwrap();
        let path = keyring(directory.path());
        fs::write(&path, &text).unwrap();
        set_mode(&path, 0o600);
        let ended = keys(directory.path(), &["add"]);
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains("node.keyring"), "{}", ended.stderr);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = keyring(directory.path());
    assert_eq!(keys(directory.path(), &["add"]).code, Some(78), "there is none");
    fs::create_dir(&path).unwrap();
    assert_eq!(keys(directory.path(), &["add"]).code, Some(78), "it is a folder");
    fs::remove_dir(&path).unwrap();
    write(&path, &["a"]);
    set_mode(&path, 0o644);
    let before = fs::read(&path).unwrap();
    let ended = keys(directory.path(), &["add"]);
    assert!(ended.stderr.contains("chmod 600 node.keyring"), "{}", ended.stderr);
    assert_eq!((ended.code, fs::read(&path).unwrap()), (Some(78), before));

    set_mode(&path, 0o400);
    add(directory.path());
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o400, "its mode stays");
}

#[test]
fn a_keyring_that_is_full_takes_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let path = keyring(directory.path());
    let many: Vec<_> = (0..500).map(|n| format!("k{n}")).collect();
    write(&path, &many.iter().map(String::as_str).collect::<Vec<_>>());
    let before = fs::read(&path).unwrap();
    let ended = keys(directory.path(), &["add"]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("can't hold more keys"), "{}", ended.stderr);
    assert_eq!(fs::read(&path).unwrap(), before);
}
