//! What somebody can do who has the database: nothing without the keyring, and nothing with another record's hash.

use esoz_otp::config::OtpConfig;
use esoz_otp::domain::{
    Code, HashedCode, Id, Phone, Purpose, Requester, VerificationId, VerificationState,
};
use esoz_otp::keyring::Keyring;
use esoz_otp::otp::Hasher;
use esoz_otp::store::Priority;
use esoz_otp::store::schema::{LIVE_CODES, VERIFICATIONS};

use crate::support::{SEED_PHONE, TestNode, keyring, other_than, quick};

struct Loot {
    id: VerificationId,
    kept: HashedCode,
    code: Code,
}

/// What the store keeps of a code that was sent to this phone.
fn loot(node: &TestNode, phone: &str) -> Loot {
    assert_eq!(node.initialize(phone).status, 201);
    let code = node.code_for(phone);
    let place = (Phone::parse(phone).unwrap(), Purpose::PhoneVerification);
    let id = node.store.get(LIVE_CODES, &place).unwrap().unwrap().verification_id;
    let VerificationState::New { code: kept, .. } =
        node.store.get(VERIFICATIONS, &id).unwrap().unwrap().state
    else {
        panic!("it is new");
    };
    Loot { id, kept, code: parse(&code) }
}

fn parse(code: &str) -> Code {
    OtpConfig::default().format.parse(code).unwrap()
}

fn matches(keyring: Keyring, id: VerificationId, guess: &Code, kept: &HashedCode) -> bool {
    let hasher = Hasher::start(keyring, quick().otp.argon2, 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let place = hasher.reserve(Requester::default()).unwrap();
    let compared = runtime.block_on(hasher.compare(place, id, guess.clone(), kept.clone()));
    compared.unwrap()
}

/// The same key id with other content.
fn another_keyring() -> Keyring {
    let file = serde_json::json!({
        "format": 1,
        "keys": [{"id": "test", "created_at": "2026-01-01T00:00:00Z", "key": "f".repeat(64)}],
    });
    Keyring::parse(&file.to_string()).unwrap()
}

#[test]
fn a_code_matches_only_with_its_key_its_verification_and_its_salt() {
    let node = TestNode::start();
    let Loot { id, kept, code } = loot(&node, SEED_PHONE);
    assert!(matches(keyring(), id, &code, &kept));
    assert!(!matches(keyring(), id, &parse(&other_than(code.reveal())), &kept));

    assert!(!matches(another_keyring(), id, &code, &kept), "without the key");
    assert!(!matches(keyring(), Id::from_bytes([7; 16]), &code, &kept), "for another verification");
    let mut salted = kept.clone();
    salted.salt[0] ^= 1;
    assert!(!matches(keyring(), id, &code, &salted), "with another salt");
    let mut changed = kept;
    changed.hash[31] ^= 1;
    assert!(!matches(keyring(), id, &code, &changed), "with another hash");
}

#[test]
fn a_known_code_s_hash_is_of_no_use_in_another_record() {
    let node = TestNode::start();
    let (mine, theirs) = (loot(&node, "+380671000031"), loot(&node, SEED_PHONE));
    // Whoever can write to the database puts the hash of a code that they know where another's was.
    let mut victim = node.store.get(VERIFICATIONS, &theirs.id).unwrap().unwrap();
    if let VerificationState::New { code, .. } = &mut victim.state {
        *code = mine.kept;
    }
    node.store
        .write_blocking(Priority::Normal, move |write| {
            write.put(VERIFICATIONS, &victim.id, &victim)
        })
        .unwrap();
    assert_eq!(node.complete(SEED_PHONE, mine.code.reveal()).status, 403);
}

#[test]
fn equal_codes_are_kept_as_different_hashes() {
    let hasher = Hasher::start(keyring(), quick().otp.argon2, 1).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let hash = |id: u8, salt: u8| {
        let place = hasher.reserve(Requester::default()).unwrap();
        let hashing = hasher.hash(place, Id::from_bytes([id; 16]), parse("123456"), [salt; 16]);
        runtime.block_on(hashing).unwrap().hash
    };
    assert_eq!(hash(1, 1), hash(1, 1));
    assert_ne!(hash(1, 1), hash(1, 2));
    assert_ne!(hash(1, 1), hash(2, 1));
}
