//! Anchors are made with the newest key, so that verifying needs only keys that are left.

use esoz_otp::audit::{AnchorReason, AuditLog, verify};
use esoz_otp::keyring::Keyring;
use serde_json::json;

use super::super::open;
use super::{Stand, day, entries, files, hash_of, note_head, row};
use esoz_otp::audit::append;
use esoz_otp::store::{Priority, Store};

/// A keyring of these keys, the last one the newest.
fn keyring(ids: &[&str]) -> Keyring {
    let key = |(place, id): (usize, &&str)| json!({"id": id, "created_at": format!("2026-01-0{}T00:00:00Z", place + 1), "key": format!("{:0>64}", hex(id))});
    let keys: Vec<_> = ids.iter().enumerate().map(key).collect();
    Keyring::parse(&json!({"format": 1, "keys": keys}).to_string()).unwrap()
}

fn hex(id: &str) -> String {
    let digits: Vec<_> = id.bytes().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn serve(store: &Store, ids: &[&str], today: i64, reason: AnchorReason) {
    let keys = keyring(ids).anchor_keys();
    let log = AuditLog::open_for(store.clone(), keys, day(today), reason).unwrap();
    store.write_blocking(Priority::Normal, move |write| append(write, &row(today, 1))).unwrap();
    while log.move_rows(day(today)).unwrap() {}
    log.anchor(day(today), AnchorReason::Stop).unwrap();
}

fn found(store: &Store, ids: &[&str]) -> (usize, usize, Vec<String>) {
    let keys = keyring(ids).anchor_keys();
    let found = verify(&store.audit_folder(), &keys, Some(store), &[]).unwrap();
    let findings = found.findings.iter().map(ToString::to_string).collect();
    (found.anchors, found.of_other_keys, findings)
}

#[test]
fn after_an_exchange_of_keys_the_old_one_is_not_needed() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    serve(&store, &["a"], 0, AnchorReason::Start);
    serve(&store, &["a"], 1, AnchorReason::Start);
    let (held, others, findings) = found(&store, &["a"]);
    assert!(held > 0);
    assert_eq!((others, findings), (0, vec![]));
    let (_, _, findings) = found(&store, &["b"]);
    assert!(findings[0].contains("made with key `a`, which is not in the keyring"), "{findings:?}");
    // The exchange: the new key vouches for everything there is.
    let keys = keyring(&["a", "b"]).anchor_keys();
    AuditLog::open_for(store.clone(), keys, day(1), AnchorReason::KeyExchange).unwrap();
    let (_, others, findings) = found(&store, &["b"]);
    assert!(others > 0);
    assert_eq!(findings, [""; 0]);
    serve(&store, &["b"], 2, AnchorReason::Start);
    assert_eq!(found(&store, &["b"]).2, [""; 0]);
    let (held, others, findings) = found(&store, &["a", "b"]);
    assert!(held > others);
    assert_eq!(findings, [""; 0]);
}

/// Its file has ended, and the node was killed before it began the next: nothing is written behind the end of a file.
#[test]
fn a_new_key_vouches_for_a_file_that_has_ended_in_the_next_one() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    serve(&store, &["a"], 0, AnchorReason::Start);
    serve(&store, &["a"], 1, AnchorReason::Start);
    let all = files(home.path());
    std::fs::remove_file(&all[1]).unwrap();
    let ended = std::fs::read(&all[0]).unwrap();
    note_head(&store, 1, hash_of(entries(&ended).last().unwrap()));
    let keys = keyring(&["a", "b"]).anchor_keys();
    AuditLog::open_for(store.clone(), keys, day(1), AnchorReason::KeyExchange).unwrap();
    assert_eq!(found(&store, &["b"]).2, [""; 0]);
    assert_eq!(files(home.path()).len(), 2);
    // The file without a row ends like any other, and the one behind it begins with the same row.
    serve(&store, &["b"], 3, AnchorReason::Start);
    assert_eq!(found(&store, &["b"]).2, [""; 0]);
    let log = AuditLog::open(store.clone(), keyring(&["b"]).anchor_keys(), day(3)).unwrap();
    let numbers: Vec<_> = log.page(0, 100).unwrap().into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(std::fs::read(&all[0]).unwrap() == ended);
}

#[test]
fn another_key_under_the_same_id_does_not_vouch_for_it() {
    let stand = Stand::new();
    stand.append(0, 1);
    stand.move_all(0);
    let stand = stand.reopened(0);
    let file = json!({"format": 1, "keys": [{
        "id": "test", "created_at": "2026-01-01T00:00:00Z", "key": "f".repeat(64)
    }]});
    let keys = Keyring::parse(&file.to_string()).unwrap().anchor_keys();
    let found = verify(&stand.store.audit_folder(), &keys, None, &[]).unwrap();
    assert!(found.findings[0].to_string().contains("the anchor behind this row is false"));
}

#[test]
fn a_start_that_finds_everything_vouched_for_adds_nothing() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    serve(&store, &["a"], 0, AnchorReason::Start);
    let length = || std::fs::metadata(&files(home.path())[0]).unwrap().len();
    let before = length();
    for _ in 0..3 {
        let keys = keyring(&["a"]).anchor_keys();
        AuditLog::open(store.clone(), keys, day(0)).unwrap();
    }
    assert_eq!(length(), before);
}
