//! The data directory, byte by byte.

use std::fs;
use std::path::Path;

use esoz_otp::config::Config;
use esoz_otp::domain::{AccessType, Client, CodeFormat, Id};
use esoz_otp::store::schema::CLIENTS;
use esoz_otp::store::{Priority, Store};

use super::places_of;
use crate::support::{SEED_PHONE, TestNode, other_than, quick, start_of_time};

/// Ten digits, which no number or time stands for by chance.
fn with_long_codes() -> Config {
    let mut config = quick();
    config.otp.format = CodeFormat::new(10).unwrap();
    config
}

/// The forms that a code could be kept in: as text, and as a number in either order.
pub(super) fn forms(code: &str) -> [Vec<u8>; 3] {
    let number: u64 = code.parse().unwrap();
    [code.as_bytes().to_vec(), number.to_le_bytes().to_vec(), number.to_be_bytes().to_vec()]
}

fn places_of_codes(codes: &[&str], folder: &Path) -> Vec<String> {
    let forms = codes.iter().flat_map(|code| forms(code));
    forms.flat_map(|form| places_of(&form, folder)).collect()
}

fn places_of_secrets(folder: &Path) -> Vec<String> {
    let key = "0123456789abcdef".repeat(4);
    let raw: Vec<u8> =
        [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef].into_iter().cycle().take(32).collect();
    let texts = ["demo-mis-token", "demo-patient-token", "demo-api-key", &key];
    let secrets = texts.map(|text| text.as_bytes().to_vec()).into_iter().chain([raw]);
    secrets.flat_map(|secret| places_of(&secret, folder)).collect()
}

#[test]
fn neither_codes_nor_tokens_nor_keys_stand_in_the_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let node = TestNode::on(folder.path(), with_long_codes(), start_of_time(), true);
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    let wrong = other_than(&code);
    let looks_clean = |when: &str| {
        assert_eq!(places_of_codes(&[&code, &wrong], folder.path()), [""; 0], "{when}");
        assert_eq!(places_of_secrets(folder.path()), [""; 0], "{when}");
    };
    looks_clean("after the code was sent");
    assert_eq!(node.approve(&wrong).reason(), Some("wrong_code"));
    looks_clean("after a wrong guess");
    assert_eq!(node.approve(&code).status, 200);
    looks_clean("after the right code");
    node.stop();
    looks_clean("after the end");
}

#[test]
fn control_the_search_finds_what_a_record_holds_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let node = TestNode::on(folder.path(), with_long_codes(), start_of_time(), true);
    assert_eq!(node.resend().status, 200);
    let code = node.code_for(SEED_PHONE);
    plant(&node.store, &code, 1);
    plant(&node.store, "demo-mis-token", 2);
    assert_eq!(places_of_codes(&[&code], folder.path()).len(), 1, "while it runs");
    node.stop();
    assert!(!places_of_codes(&[&code], folder.path()).is_empty(), "and after its end");
    assert!(!places_of_secrets(folder.path()).is_empty());
}

#[test]
fn control_the_search_finds_every_form_of_a_code_in_any_file() {
    for form in forms("0123456789") {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        fs::write(folder.path().join("below/file"), [b"before ", &form[..], b" after"].concat())
            .unwrap();
        assert_eq!(places_of_codes(&["0123456789"], folder.path()).len(), 1);
        assert_eq!(places_of_codes(&["0123456788"], folder.path()).len(), 0);
    }
}

/// A record with this text in it.
pub(super) fn plant(store: &Store, text: &str, number: u8) {
    let client = Client {
        id: Id::from_bytes([number; 16]),
        name: text.to_owned(),
        access_type: AccessType::Direct,
        broker_scope: None,
        is_blocked: false,
        block_reason: None,
        inserted_at: None,
        updated_at: None,
    };
    store
        .write_blocking(Priority::Normal, move |write| write.put(CLIENTS, &client.id, &client))
        .unwrap();
}
