//! `keys retire`: no key goes that something needs, and none comes back as another one.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::{add, ids, keyring, keys, keys_done, keys_with_credentials, read};
use crate::binary::node::{init, refused, serve, serve_a_world};

#[test]
fn what_is_unknown_or_newest_stays() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    let old = ids(&path).remove(0);
    let before = fs::read(&path).unwrap();
    for more in [&[][..], &["--force"], &["--keyring-only", "--force"]] {
        let ended = keys(directory.path(), &[&["retire", &old], more].concat());
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains("newest") && ended.stderr.contains("keys add"));
        let secret = "5a".repeat(32);
        for id in [&old[..old.len() - 1], "", &secret] {
            let ended = keys(directory.path(), &[&["retire", id], more].concat());
            assert_eq!(ended.code, Some(64), "{}", ended.stderr);
            let is_near = ended.stderr.contains(&format!("nearest id is `{old}`"));
            assert_eq!(is_near, !id.is_empty() && id != secret, "{}", ended.stderr);
            assert!(is_near || ended.stderr.contains("esoz-otp keys list"), "{}", ended.stderr);
            assert!(!ended.stderr.contains(&secret), "{}", ended.stderr);
        }
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    serve(directory.path(), &[]).address();
}

#[test]
fn beside_a_node_that_runs_nothing_is_retired() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    // It has the directory once it listens.
    node.address();
    let path = keyring(directory.path());
    add(directory.path());
    let before = fs::read(&path).unwrap();
    let ended = keys(directory.path(), &["retire", &ids(&path)[0]]);
    assert_eq!(ended.code, Some(75), "{}", ended.stderr);
    assert!(ended.stderr.contains("in use by another esoz-otp"), "{}", ended.stderr);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(node.resend().status, 200, "it goes on");
}

#[test]
fn a_key_that_was_added_by_mistake_goes_before_it_was_ever_used() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let (mistake, newest) = (add(directory.path()), add(directory.path()));
    keys_done(directory.path(), &["retire", &mistake]);
    assert_eq!(ids(&keyring(directory.path()))[1..], [newest]);
    serve(directory.path(), &[]).address();
    let said = keys_done(directory.path(), &["list"]);
    assert!(said.contains("retired"), "its id is remembered: {said}");
}

#[test]
fn a_lost_key_is_done_without_once_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    add(directory.path());
    serve(directory.path(), &[]).address();
    let mut left = read(&path);
    let lost = left["keys"].as_array_mut().unwrap().remove(0)["id"].as_str().unwrap().to_owned();
    fs::write(&path, left.to_string()).unwrap();
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    let way = format!("esoz-otp keys retire {lost}");
    assert!(ended.stderr.contains(&way), "the way out is told: {}", ended.stderr);
    keys_done(directory.path(), &["retire", &lost]);
    serve(directory.path(), &[]).address();
}

#[test]
fn another_directory_s_keyring_retires_nothing() {
    let (directory, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    init(directory.path());
    init(other.path());
    let old = ids(&keyring(directory.path())).remove(0);
    let foreign = keyring(other.path());
    let foreign = foreign.to_str().unwrap();
    let ended = keys(directory.path(), &["retire", &old, "--keyring", foreign]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("none of the keys"), "{}", ended.stderr);
    serve(directory.path(), &[]).address();
}

#[test]
fn other_content_under_any_id_that_ever_was_is_found() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    let both = |content: &str| {
        let mut file = read(&path);
        let old = json!({"id": "old", "created_at": "2026-01-01T00:00:00Z", "key": content});
        file["keys"].as_array_mut().unwrap().insert(0, old);
        file.to_string()
    };
    let (was, other) = ("5a".repeat(32), "5b".repeat(32));
    let (was, other) = (both(&was), both(&other));
    fs::write(&path, &was).unwrap();
    keys_done(directory.path(), &["retire", "old"]);
    assert_eq!(ids(&path).len(), 1);

    fs::write(&path, &other).unwrap();
    for ended in [refused(directory.path(), &[]), keys(directory.path(), &["retire", "old"])] {
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains("key `old` has the id of another key"), "{}", ended.stderr);
    }

    fs::write(&path, &was).unwrap();
    let mut node = serve(directory.path(), &[]);
    node.address();
    let ended = node.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("retired") && ended.stderr.contains("old"), "{}", ended.stderr);
    keys_done(directory.path(), &["retire", "old"]);
    assert_eq!(ids(&path).len(), 1, "done again, it is taken out again");
}

#[test]
fn a_service_s_user_retires_it_in_the_directory_and_the_keyring_s_owner_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let (path, credentials) = (keyring(directory.path()), tempfile::tempdir().unwrap());
    let copy = credentials.path().join("keyring");
    add(directory.path());
    fs::copy(&path, &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    let old = ids(&path).remove(0);

    let retire = ["retire", old.as_str()];
    let ended = keys_with_credentials(directory.path(), credentials.path(), &retire);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let rest = format!("esoz-otp keys retire {old} --keyring-only --force --keyring FILE");
    assert!(ended.stdout.contains(&rest), "{}", ended.stdout);
    assert_eq!(fs::read(&copy).unwrap(), before);
    let only = ["retire", old.as_str(), "--keyring-only", "--force"];
    let ended = keys_with_credentials(directory.path(), credentials.path(), &only);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    serve(directory.path(), &[]).address();

    let nowhere = ["--data", "nowhere", "--keyring", "node.keyring"];
    let said = keys_done(directory.path(), &[&only[..], &nowhere].concat());
    assert!(said.contains("would miss it"), "{said}");
    assert_eq!(ids(&path).len(), 1);
    serve(directory.path(), &[]).address();
}

#[test]
fn a_link_to_the_keyring_stays_one() {
    let directory = tempfile::tempdir().unwrap();
    init(directory.path());
    let path = keyring(directory.path());
    fs::rename(&path, directory.path().join("ring")).unwrap();
    symlink("ring", &path).unwrap();
    add(directory.path());
    keys_done(directory.path(), &["retire", &ids(&path)[0]]);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(ids(&directory.path().join("ring")).len(), 1);
}

#[test]
fn the_id_of_a_retired_key_is_not_given_again_and_where_it_was_there_is_a_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    node.address();
    let path = keyring(directory.path());
    let old = ids(&path).remove(0);
    let newer = add(directory.path());
    assert_eq!(node.stop().code, Some(0));
    keys_done(directory.path(), &["retire", &old]);

    let before = fs::read(&path).unwrap();
    let ended = keys(directory.path(), &["add", "--id", &old]);
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("another key `{old}` before")), "{}", ended.stderr);
    assert_eq!(fs::read(&path).unwrap(), before);

    // Beside a node the directory can't be asked.
    let mut node = serve(directory.path(), &[]);
    node.address();
    let said = keys_done(directory.path(), &["add", "--id", &old]);
    assert!(said.contains("was not looked up: node is in use by a node that runs"), "{said}");
    assert_eq!(node.stop().code, Some(0));
    let ended = refused(directory.path(), &[]);
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    let told = ended.stderr;
    for part in ["which was retired", "esoz-otp keys add", "keys retire", "--keyring-only --force"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let said = keys_done(directory.path(), &["list"]);
    assert!(said.contains("another key of this id was retired"), "{said}");
    let newest = add(directory.path());
    keys_done(directory.path(), &["retire", &old, "--keyring-only", "--force"]);
    assert_eq!(ids(&path), [newer, newest]);
    serve(directory.path(), &[]).address();
}
