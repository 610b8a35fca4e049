//! Data directories that earlier releases have made, `fixtures/directories`: they open, everything in them is there, and a
//! node serves from them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use esoz_otp::config::Argon2Cost;
use esoz_otp::domain::{Connection, Phone, Timestamp, Token};
use esoz_otp::keyring::Keyring;
use esoz_otp::store::schema::{
    CLIENTS, CONNECTIONS, CONNECTIONS_BY_SECRET, DATA_VERSION, GUESSES, PERSON_REQUESTS,
    PERSON_REQUESTS_BY_STATUS, TOKENS, TOKENS_BY_ID, VERIFICATIONS_BY_PHONE, VERIFIED_PHONES,
};
use esoz_otp::store::{Order, Span};
use serde_json::Value;

use super::child::tool;
use crate::support::{MIS, SEED_PHONE, SEED_REQUEST, Setup, TestNode, quick};

const ADMIN: [(&str, &str); 1] = [("authorization", "Bearer demo-admin-token")];

/// What `fixtures/directories/make` has left.
struct Earlier {
    directory: tempfile::TempDir,
    name: &'static str,
    keyring: String,
    sent: Vec<Value>,
    audit: Vec<Value>,
}

impl Earlier {
    fn unpack(name: &'static str, archive: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::write(path.join("archive"), archive).unwrap();
        let unpacked = Command::new("tar")
            .args(["-x", "-p", "-z", "--no-same-owner", "-f", "archive"])
            .current_dir(path)
            .status();
        assert!(unpacked.unwrap().success());
        let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
        let audit: Value = serde_json::from_str(&read("audit.json")).unwrap();
        Self {
            name,
            keyring: read(&format!("{name}.keyring")),
            sent: read("sent.jsonl")
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            audit: audit["data"].as_array().unwrap().clone(),
            directory,
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join(self.name)
    }

    /// The code that was sent to this phone.
    fn code(&self, phone: &str) -> &str {
        let sent = self.sent.iter().find(|sent| sent["phone_number"] == phone).unwrap();
        sent["text"].as_str().unwrap().rsplit(' ').next().unwrap()
    }

    /// A node on it, some seconds after it was made.
    fn serve(&self) -> TestNode {
        let last = self.sent.last().unwrap()["at"].as_str().unwrap();
        let now = Timestamp::parse(last).unwrap() + Duration::from_secs(20);
        let mut config = quick();
        // As it was made with.
        config.otp.argon2 = Argon2Cost { memory_kib: 4096, passes: 1 };
        config.store.cache_mib = 8;
        let keyring = Keyring::parse(&self.keyring).unwrap();
        let setup = Setup { config, keyring, is_demo: false, ..Setup::default() };
        TestNode::in_directory(&self.data(), setup, now, false)
    }
}

fn version_1() -> Earlier {
    Earlier::unpack("v1", include_bytes!("../../../fixtures/directories/v1.tar.gz"))
}

/// One of each.
fn every_version() -> [Earlier; 4] {
    let v2 = include_bytes!("../../../fixtures/directories/v2.tar.gz");
    let v3 = include_bytes!("../../../fixtures/directories/v3.tar.gz");
    let v4 = include_bytes!("../../../fixtures/directories/v4.tar.gz");
    [version_1(), Earlier::unpack("v2", v2), Earlier::unpack("v3", v3), Earlier::unpack("v4", v4)]
}

/// Whether a row as it is read now says all that it said.
fn says_the_same(row: &Value, before: &Value) -> bool {
    before.as_object().unwrap().iter().all(|(name, value)| row[name] == *value)
}

fn serves_everything(earlier: &Earlier, node: &TestNode) {
    let request = node.call("GET", &format!("/api/person_requests/{SEED_REQUEST}"), &MIS, "");
    assert_eq!(request.data()["status"], "APPROVED", "{}", request.text);
    let patient = [("authorization", "Bearer demo-patient-token")];
    let factor = node.call("GET", "/api/cabinet/authentication_factor", &patient, "");
    assert_eq!((factor.status, &factor.data()["is_active"]), (200, &true.into()));
    for (phone, status) in [
        (SEED_PHONE, 200),
        ("+380670000001", 200),
        ("+380670000002", 404),
        ("+380670000003", 404),
        ("+380670000004", 404),
    ] {
        let verified = node.call("GET", &format!("/verifications/{phone}"), &MIS, "");
        assert_eq!(verified.status, status, "{phone}");
    }

    let rows = node.call("GET", "/admin/audit?page_size=500", &ADMIN, "");
    let rows = rows.data().as_array().unwrap();
    assert_eq!(rows[0]["number"], 1);
    for (row, before) in rows.iter().zip(&earlier.audit) {
        assert!(says_the_same(row, before), "{before} is now {row}");
    }
    // One code was issued after the list was read.
    assert!(rows.len() > earlier.audit.len());
}

/// What that release did not list is listed.
fn is_indexed(node: &TestNode) {
    let requests = node.store.page(PERSON_REQUESTS, None, 100).unwrap();
    for (id, request) in &requests {
        let span = Span::within(&(request.client_id, request.status));
        let found = node.store.list(PERSON_REQUESTS_BY_STATUS, span, Order::Ascending, None, 100);
        assert_eq!(found.unwrap().iter().filter(|((.., listed), _)| listed == id).count(), 1);
    }
    assert!(requests.len() > 9);
    let clients = node.store.page(CLIENTS, None, 100).unwrap();
    let connections = node.store.page(CONNECTIONS, None, 100).unwrap();
    assert_eq!(node.store.count(CLIENTS).unwrap(), clients.len() as u64);
    assert_eq!(connections.len(), 2);
    for (id, connection) in &connections {
        assert_eq!(*id, Connection::id_for(connection.client_id));
        let found = node.store.get(CONNECTIONS_BY_SECRET, &connection.secret).unwrap();
        assert_eq!(found, Some(*id));
    }
    let tokens = node.store.page(TOKENS, None, 100).unwrap();
    assert!(tokens.len() > 5);
    for (digest, token) in &tokens {
        assert_eq!(token.id, Token::id_for(digest));
        assert_eq!(node.store.get(TOKENS_BY_ID, &token.id).unwrap(), Some(*digest));
    }
    for (phone, sends) in [(SEED_PHONE, 1), ("+380670000002", 1), ("+380670000009", 0)] {
        let span = Span::within(&(Phone::parse(phone).unwrap(),));
        let found = node.store.list(VERIFICATIONS_BY_PHONE, span, Order::Descending, None, 9);
        assert_eq!(found.unwrap().len(), sends, "{phone}");
    }
}

fn codes_are_what_they_were(earlier: &Earlier, node: &TestNode) {
    let complete = |phone| node.complete(phone, earlier.code(phone));
    assert_eq!(complete("+380670000001").reason(), Some("already_used"));
    assert_eq!(complete("+380670000002").status, 200, "two wrong guesses before");
    assert_eq!(complete("+380670000003").reason(), Some("attempts_exhausted"));
    assert_eq!(complete("+380670000004").status, 200);
    assert_eq!(node.initialize("+380670000003").reason(), Some("send_pause"));
    // The message that waited, for its gateway did not answer.
    let waited = node.code_for("+380670000005");
    assert_eq!(node.complete("+380670000005", &waited).status, 200);
}

#[test]
fn a_directory_of_each_data_version_is_migrated_and_serves() {
    every_version().iter().for_each(is_migrated_and_serves);
}

fn is_migrated_and_serves(earlier: &Earlier) {
    let node = earlier.serve();
    serves_everything(earlier, &node);
    is_indexed(&node);
    codes_are_what_they_were(earlier, &node);
    let rows = |node: &TestNode| {
        let rows = node.call("GET", "/admin/audit?page_size=500", &ADMIN, "");
        rows.data().as_array().unwrap().clone()
    };
    let before = rows(&node);
    node.stop();
    let again = earlier.serve();
    let phone = "+380670000004";
    assert_eq!(again.complete(phone, earlier.code(phone)).reason(), Some("already_used"));
    assert_eq!(rows(&again)[..before.len()], before[..], "migrated once");
}

#[test]
fn what_had_no_end_in_data_version_1_ends_after_the_migration() {
    let earlier = version_1();
    let node = earlier.serve();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let left_after = |days: u32| {
        let then = node.now() + Duration::from_hours(24) * days;
        while runtime.block_on(node.store.sweep(then, 1000)).unwrap() > 0 {}
        let verified = node.store.page(VERIFIED_PHONES, None, 10).unwrap().len();
        (verified, node.store.page(GUESSES, None, 10).unwrap().len())
    };
    assert_eq!(left_after(364), (2, 2));
    assert_eq!(left_after(365), (0, 2));
    assert_eq!(left_after(366), (0, 0));
}

#[test]
fn a_directory_of_each_data_version_that_a_crash_has_left_is_migrated_and_serves() {
    for earlier in every_version() {
        fs::remove_file(earlier.data().join("seal")).unwrap();
        let node = earlier.serve();
        serves_everything(&earlier, &node);
        is_indexed(&node);
        codes_are_what_they_were(&earlier, &node);
    }
}

#[test]
fn a_directory_of_a_later_version_is_refused_by_its_number_and_left_as_it_is() {
    let earlier = version_1();
    let data = earlier.data();
    let set = |version: &str| {
        assert!(tool().arg("set-version").arg(&data).arg(version).status().unwrap().success());
    };
    set("77");
    let refusal = super::open(&data).err().unwrap().to_string();
    let expected = format!("data version 77, this one knows {DATA_VERSION}");
    assert!(refusal.contains(&expected), "{refusal}");
    set("1");
    serves_everything(&earlier, &earlier.serve());
}

/// A keyring that lies here is worth nothing anywhere else.
#[test]
fn the_fixtures_say_how_they_were_made() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/directories");
    let told = fs::read_to_string(folder.join("README.md")).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || told.contains(&format!("`{name}")), "{name}");
    }
}
