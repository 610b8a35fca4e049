//! The files that rows move to.

mod crashes;
mod damage;
mod day_change;
mod keys;
mod lost;
mod moving;
mod node;
mod paging;
mod searching;
mod tampering;
mod upgrade;

use std::path::{Path, PathBuf};
use std::time::Duration;

use esoz_otp::audit::{AuditLog, LogReport, append, verify};
use esoz_otp::domain::Timestamp;
use esoz_otp::domain::audit::AuditRow;
use esoz_otp::keyring::Keyring;
use esoz_otp::store::schema::{AUDIT, AUDIT_HEADS, AuditHead};
use esoz_otp::store::{Priority, Store, Write};

use super::{at, open, refused_at};
use crate::support::keyring;

/// Noon of the day that is so many days after the first.
pub(super) fn day(days: i64) -> Timestamp {
    at(days * 24 * 60 * 60)
}

/// A row of that day.
pub(super) fn row(days: i64, who: u128) -> AuditRow {
    AuditRow { at: day(days), ..refused_at(0, who) }
}

pub(super) fn log_of(store: &Store, keyring: &Keyring, now: i64) -> AuditLog {
    AuditLog::open(store.clone(), keyring.anchor_keys(), day(now)).unwrap()
}

/// A store with a log, in a directory of its own.
pub(super) struct Stand {
    home: tempfile::TempDir,
    pub(super) store: Store,
    pub(super) log: AuditLog,
}

impl Stand {
    pub(super) fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap(), 0)
    }

    pub(super) fn on(home: tempfile::TempDir, now: i64) -> Self {
        let store = open(home.path());
        let log = log_of(&store, &keyring(), now);
        Self { home, store, log }
    }

    pub(super) fn path(&self) -> &Path {
        self.home.path()
    }

    /// So many rows of that day, in one write.
    pub(super) fn append(&self, days: i64, count: u128) {
        let append_all = move |write: &mut Write<'_>| {
            (0..count).try_for_each(|who| append(write, &row(days, who)))
        };
        self.store.write_blocking(Priority::Normal, append_all).unwrap();
    }

    pub(super) fn move_all(&self, now: i64) {
        while self.log.move_rows(day(now)).unwrap() {}
    }

    pub(super) fn trim(&self, until: i64, keep: Duration) -> usize {
        let start_of_day = day(until) - Duration::from_hours(12);
        self.log.trim(day(until), start_of_day, keep).unwrap()
    }

    pub(super) fn rows(&self) -> Vec<(u64, AuditRow)> {
        self.log.page(0, 1_000_000).unwrap()
    }

    pub(super) fn numbers(&self) -> Vec<u64> {
        self.rows().into_iter().map(|(number, _)| number).collect()
    }

    pub(super) fn waiting(&self) -> usize {
        self.store.page(AUDIT, None, usize::MAX).unwrap().len()
    }

    pub(super) fn close(self) -> tempfile::TempDir {
        self.home
    }

    pub(super) fn reopened(self, now: i64) -> Self {
        Self::on(self.close(), now)
    }

    pub(super) fn verify(&self) -> LogReport {
        let keys = keyring().anchor_keys();
        verify(&self.store.audit_folder(), &keys, Some(&self.store), &[]).unwrap()
    }
}

/// What is found by a look with the database, and by one without; nothing when all is well.
pub(super) fn verified(stand: &Stand) -> String {
    let keys = keyring().anchor_keys();
    let without = verify(&stand.store.audit_folder(), &keys, None, &[]).unwrap();
    let findings = [stand.verify().findings, without.findings].concat();
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The files of the log, oldest first.
pub(super) fn files(home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(home.join("audit")) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let part = name[10..].trim_matches(|c: char| !c.is_ascii_digit());
        (name[..10].to_owned(), part.parse().unwrap_or(1_u32))
    });
    files
}

/// The names of the files.
pub(super) fn names(home: &Path) -> Vec<String> {
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files(home).into_iter().map(name).collect()
}

/// Bytes of the first line and of what is around a payload, as `format` has it.
const LINE: usize = 17;
const AROUND: usize = 39;

/// The entries of a file.
pub(super) fn entries(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &bytes[LINE..];
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let length = usize::from(u16::from_le_bytes([rest[0], rest[1]])) + AROUND;
        let (entry, behind) = rest.split_at(length);
        entries.push(entry.to_vec());
        rest = behind;
    }
    entries
}

/// The chain hash of an entry.
pub(super) fn hash_of(entry: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, &entry[..entry.len() - 4]);
    digest.as_ref().try_into().unwrap()
}

/// Has the database note that this is the last row, and this the hash of the last entry.
pub(super) fn note_head(store: &Store, number: u64, hash: [u8; 32]) {
    let head = AuditHead { number, hash, kept_from: 1 };
    let note = move |write: &mut Write<'_>| write.put(AUDIT_HEADS, &"log".to_owned(), &head);
    store.write_blocking(Priority::Normal, note).unwrap();
}

/// The same entries with right hashes and checksums, as one can make them who has no key.
pub(super) fn rechained(
    line: &[u8],
    entries: &[Vec<u8>],
    mut previous: [u8; 32],
) -> (Vec<u8>, [u8; 32]) {
    let mut bytes = line[..LINE].to_vec();
    for entry in entries {
        let payload = &entry[..entry.len() - 36];
        let hashed = [payload, &previous].concat();
        let digest = ring::digest::digest(&ring::digest::SHA256, &hashed);
        previous.copy_from_slice(digest.as_ref());
        bytes.extend_from_slice(&hashed);
        bytes.extend_from_slice(&previous[..4]);
    }
    (bytes, previous)
}
