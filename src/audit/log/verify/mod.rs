//! Finds entries of the log that were changed, removed or added.
//!
//! Every file is read once, in order. Each entry has to contain the hash of the one before it. Each file has to begin
//! with the number after the last row of the file before it. Every anchor of a key in the keyring has to be genuine.
//! Within a file, checking stops at the first finding.

mod end;
mod entries;

use std::fmt;
use std::path::Path;

use super::appender::{head, is_closed};
use super::chain::{AnchorKeys, ChainHash};
use super::error::AuditError;
use super::file_name::FileName;
use super::files;
use super::format::Anchor;
use crate::domain::Timestamp;
use crate::domain::audit::AuditRow;
use crate::store::Store;
use crate::store::schema::AuditHead;

/// One fault of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as a path from the data directory.
    pub file: String,
    /// Number of the row; `None` if the fault is not at a row.
    pub number: Option<u64>,
    /// Whether the fault lies after row `number`, not at it.
    pub is_behind: bool,
    /// The fault, in words for operators.
    pub what: String,
}

/// The result of [`verify`]: counts for the report, and the faults.
#[derive(Debug, Default)]
pub struct LogReport {
    /// Number of files in the log.
    pub files: usize,
    /// Numbers of the first and the last row in files.
    pub rows: Option<(u64, u64)>,
    /// Chain hash of the last entry that was read.
    pub hash: Option<ChainHash>,
    /// Number of rows that are still in the database; `None` if it was not read.
    pub waiting: Option<usize>,
    /// Number of genuine anchors of keys in the keyring.
    pub anchors: usize,
    /// Number of anchors of keys that the keyring doesn't hold.
    pub of_other_keys: usize,
    /// The last genuine anchor: the number of its last row, its key, and its time.
    pub anchored: Option<(u64, String, Timestamp)>,
    /// Number of files that hold only expired rows.
    pub too_old: usize,
    /// The faults, in the order of the files.
    pub findings: Vec<Finding>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) if self.is_behind => {
                write!(f, "{}, behind row {number}: {}", self.file, self.what)
            }
            Some(number) => write!(f, "{}, row {number}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// Checks all files of `folder`. `database` is the store of the same data directory; without it a node may be running,
/// and the checks against the database are left out. `copies` are heads that the operator noted elsewhere.
pub fn verify(
    folder: &Path,
    keys: &AnchorKeys,
    database: Option<&Store>,
    copies: &[(u64, ChainHash)],
) -> Result<LogReport, AuditError> {
    let known = match database {
        Some(store) => {
            Some(DatabaseHead { store, head: head(store)?, is_closed: is_closed(store)? })
        }
        None => None,
    };
    let listing = files::list(folder)?;
    let mut verifier = Verifier::new(keys, known, copies);
    for stray in &listing.strays {
        let file = format!("audit/{}", stray.to_string_lossy());
        verifier.found(file, None, "it is no file of the log");
    }
    for (place, name) in listing.names.iter().enumerate() {
        let is_newest = place + 1 == listing.names.len();
        verifier.file(folder, name, is_newest)?;
    }
    verifier.end()
}

/// The store, and its view of the end of the log.
struct DatabaseHead<'a> {
    store: &'a Store,
    head: Option<AuditHead>,
    /// Whether the log was closed cleanly: no entry may follow the head.
    is_closed: bool,
}

struct Verifier<'a> {
    keys: &'a AnchorKeys,
    known: Option<DatabaseHead<'a>>,
    copies: Vec<((u64, ChainHash), bool)>,
    result: LogReport,
    /// Number of the last row and hash of the last entry, while the chain is unbroken.
    last: Option<(u64, ChainHash)>,
    /// The first file, and the number of its first row.
    first: Option<(FileName, u64)>,
    /// Numbers of the first row of every file.
    begun: Vec<u64>,
    /// The last anchor with its file, and whether the keyring holds its key.
    anchor: Option<(FileName, Anchor, bool)>,
    /// The last row that was read, to be compared with the database.
    row: Option<AuditRow>,
    /// The newest file, as a path from the data directory.
    newest: Option<String>,
    has_seen_head: bool,
}

impl<'a> Verifier<'a> {
    fn new(
        keys: &'a AnchorKeys,
        known: Option<DatabaseHead<'a>>,
        copies: &[(u64, ChainHash)],
    ) -> Self {
        Self {
            keys,
            known,
            copies: copies.iter().map(|copy| (*copy, false)).collect(),
            result: LogReport::default(),
            last: None,
            first: None,
            begun: Vec::new(),
            anchor: None,
            row: None,
            newest: None,
            has_seen_head: false,
        }
    }

    fn found(&mut self, file: String, number: Option<u64>, what: impl Into<String>) {
        let what = what.into();
        self.result.findings.push(Finding { file, number, is_behind: false, what });
    }

    /// Adds a fault after the row `number`, or at the beginning of the file if there is none.
    fn found_behind(&mut self, file: String, number: Option<u64>, what: impl Into<String>) {
        let what = what.into();
        self.result.findings.push(Finding { file, number, is_behind: number.is_some(), what });
    }
}
