//! A key is read at the start, and codes ahead of need don't outlive the process.

use esoz_otp::domain::{Phone, Purpose, VerificationState};
use esoz_otp::keyring::Keyring;
use serde_json::{Value, json};

use super::{wait_until_ready, with_ready};
use crate::support::{SEED_PHONE, Setup, TestNode, start_of_time};

fn keyring(keys: &[&Value]) -> Keyring {
    Keyring::parse(&json!({"format": 1, "keys": keys}).to_string()).unwrap()
}

fn key(id: &str, created_at: &str, digit: &str) -> Value {
    json!({"id": id, "created_at": created_at, "key": digit.repeat(64)})
}

/// Which key the code that was sent last is hashed with.
fn key_of_the_code(node: &TestNode) -> String {
    let place = (Phone::parse(SEED_PHONE).unwrap(), Purpose::PhoneVerification);
    let state = crate::otp::races::naive::live(&node.store, place.0, place.1).state;
    let VerificationState::New { code, .. } = state else { panic!("{state:?}") };
    code.key_id
}

#[test]
fn after_a_start_with_a_newer_key_the_very_first_code_is_hashed_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) =
        (key("old", "2026-01-01T00:00:00Z", "a"), key("new", "2026-02-01T00:00:00Z", "b"));
    let start = |keyring, load_world| {
        let setup = Setup { config: with_ready(4), keyring, ..Setup::default() };
        let node = TestNode::in_directory(folder.path(), setup, start_of_time(), load_world);
        wait_until_ready(&node, 4);
        node
    };
    let node = start(keyring(&[&old]), true);
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    assert_eq!(key_of_the_code(&node), "old");
    let code = node.code_for(SEED_PHONE);
    node.stop();

    let node = start(keyring(&[&old, &new]), false);
    assert_eq!(node.complete(SEED_PHONE, &code).status, 200, "the old key is still read");
    assert_eq!(node.initialize(SEED_PHONE).status, 201);
    assert_eq!(key_of_the_code(&node), "new");
    assert_eq!(node.complete(SEED_PHONE, &node.code_for(SEED_PHONE)).status, 200);
}
