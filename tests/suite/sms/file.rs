//! The file as a driver.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use esoz_otp::clock::ManualClock;
use esoz_otp::domain::{Id, Phone};
use esoz_otp::sms::{Accepted, File, SendError, SmsDriver, SmsMessage};
use serde_json::{Value, json};

use crate::support::{SEED_PHONE, start_of_time};

fn open(path: &Path) -> File {
    File::append_to(path, Arc::new(ManualClock::at(start_of_time()))).unwrap()
}

fn send(file: &File, number: u8, text: &str) -> Result<Accepted, SendError> {
    let phone = Phone::parse(SEED_PHONE).unwrap();
    let message = SmsMessage::new(Id::from_bytes([number; 16]), phone, text.to_owned().into());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(file.send(&message))
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_message_is_a_json_object_on_a_line_of_its_own_whatever_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sms.ndjson");
    let file = open(&path);
    let texts = ["Код: 000042", "\"}\n{\\u0000", "ї \u{2028} 🙂"];
    for (number, text) in (0..).zip(texts) {
        assert_eq!(send(&file, number, text), Ok(Accepted::default()));
    }
    let written = lines(&path);
    assert_eq!(
        written[0],
        json!({
            "at": "2026-11-21T12:00:00.000000Z",
            "verification_id": "00000000-0000-0000-0000-000000000000",
            "phone_number": SEED_PHONE,
            "text": "Код: 000042",
        })
    );
    assert_eq!(written.iter().map(|line| &line["text"]).collect::<Vec<_>>(), texts);
}

#[test]
fn the_file_is_its_owner_s_alone_and_grows_across_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sms.ndjson");
    for number in 0..3 {
        send(&open(&path), number, "Код").unwrap();
    }
    assert_eq!(lines(&path).len(), 3);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn without_its_directory_there_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(start_of_time()));
    let missing = File::append_to(&folder.path().join("missing/sms.ndjson"), clock);
    assert_eq!(missing.err().unwrap().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_file_that_was_renamed_gets_nothing_more_once_it_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("sms.ndjson"), folder.path().join("sms.ndjson.1"));
    let file = open(&path);
    send(&file, 1, "one").unwrap();
    fs::rename(&path, &old).unwrap();
    send(&file, 2, "two").unwrap();
    file.reopen().unwrap().unwrap();
    send(&file, 3, "three").unwrap();
    let texts = |path: &Path| -> Vec<_> {
        lines(path).iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&old), ["one", "two"]);
    assert_eq!(texts(&path), ["three"]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn one_that_can_t_be_opened_anew_leaves_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("sms.ndjson"), folder.path().join("sms.ndjson.1"));
    let file = open(&path);
    fs::rename(&path, &old).unwrap();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = file.reopen().unwrap().unwrap_err();
    assert!(refused.to_string().contains("open to other users"), "{refused}");
    send(&file, 1, "one").unwrap();
    assert_eq!(lines(&old).len(), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "");
}
