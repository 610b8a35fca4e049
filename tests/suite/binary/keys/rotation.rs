//! A key is exchanged, as an operator does it.

use std::path::Path;

use esoz_otp::config::StoreConfig;
use esoz_otp::domain::VerificationState;
use esoz_otp::store::{Store, schema};
use serde_json::json;

use super::{add, ids, keyring, keys, keys_done};
use crate::binary::node::{serve, serve_a_world};
use crate::binary::program::Program;
use crate::support::{Reply, SEED_PHONE};

const PHONE: &str = "+380671000099";

/// The keys that codes wait for in this stopped node.
fn awaited(directory: &Path) -> Vec<String> {
    let store = Store::open(&directory.join("node"), StoreConfig::default()).unwrap();
    let all = store.page(schema::VERIFICATIONS, None, usize::MAX).unwrap();
    let key_id = |state| match state {
        VerificationState::New { code, .. } => Some(code.key_id),
        VerificationState::Verified
        | VerificationState::Unverified
        | VerificationState::Canceled => None,
    };
    all.into_iter().filter_map(|(_, verification)| key_id(verification.state)).collect()
}

fn complete(node: &mut Program, code: &str) -> Reply {
    let path = format!("/verifications/{PHONE}/actions/complete");
    node.call("PATCH", &path, &json!({"code": code}).to_string())
}

#[test]
fn codes_of_the_old_key_stay_good_until_nothing_needs_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE, 1);
    let new = add(directory.path());
    assert_eq!(node.initialize(PHONE).status, 201, "the node that runs knows nothing of it");
    let other = node.code_for(PHONE, 1);
    assert_eq!(node.stop().code, Some(0));
    let old = ids(&keyring(directory.path())).remove(0);
    assert_eq!(awaited(directory.path()), [old.as_str(), &old]);

    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.approve(&code).status, 200, "a code of the old key");
    node.stop();
    let ended = keys(directory.path(), &["retire", &old]);
    assert_eq!(ended.code, Some(75), "{}", ended.stderr);
    let told = format!("key `{old}` is needed by 1 code until 20");
    assert!(ended.stderr.contains(&told) && ended.stderr.contains("--force"), "{}", ended.stderr);
    assert_eq!(ids(&keyring(directory.path())), [old.as_str(), &new]);

    let mut node = serve(directory.path(), &[]);
    assert_eq!(complete(&mut node, &other).status, 200, "nothing was taken from it");
    assert_eq!(node.initialize("+380671000098").status, 201);
    node.stop();
    assert_eq!(awaited(directory.path()), [new.as_str()], "new codes are the new key's");
    keys_done(directory.path(), &["retire", &old]);
    assert_eq!(ids(&keyring(directory.path())), [new]);
    let mut node = serve(directory.path(), &[]);
    assert_eq!(node.initialize("+380671000097").status, 201);
    let code = node.code_for("+380671000097", 1);
    let path = "/verifications/+380671000097/actions/complete";
    assert_eq!(node.call("PATCH", path, &json!({"code": code}).to_string()).status, 200);
}

#[test]
fn a_code_whose_key_was_retired_by_force_is_expired_and_costs_no_attempt() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    assert_eq!(node.initialize(PHONE).status, 201);
    let code = node.code_for(PHONE, 1);
    node.stop();
    let new = add(directory.path());
    let old = ids(&keyring(directory.path())).remove(0);
    keys_done(directory.path(), &["retire", &old, "--force"]);
    assert_eq!(ids(&keyring(directory.path())), [new]);

    let mut node = serve(directory.path(), &[]);
    for _ in 0..5 {
        let reply = complete(&mut node, &code);
        let told = (reply.status, reply.message(), reply.reason());
        assert_eq!(told, (403, Some("Verification code expired"), Some("expired")));
    }
    node.stop();
    assert_eq!(awaited(directory.path()), [old], "as it was");
}
