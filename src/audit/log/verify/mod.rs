//! Whether anything in the log was changed, or is missing.
//!
//! Everything is read once, in order. Each entry has to hold the hash of the one before it, each file has to begin with the
//! number behind the last one of the file before it, and every anchor whose key is held has to be genuine. In a file
//! nothing is looked at behind the first thing that is wrong with it.

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

/// Something that is wrong with the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// In which file, as seen from the data directory.
    pub file: String,
    /// At which row, if it is at one.
    pub number: Option<u64>,
    /// Not at that row, but behind it.
    pub is_behind: bool,
    /// What.
    pub what: String,
}

/// What a look at the whole log has come to.
#[derive(Debug, Default)]
pub struct LogReport {
    /// How many files there are.
    pub files: usize,
    /// Numbers of the first and the last row in them.
    pub rows: Option<(u64, u64)>,
    /// The hash of the last entry.
    pub hash: Option<ChainHash>,
    /// How many rows the database holds that have not moved yet; `None` when it was not asked.
    pub waiting: Option<usize>,
    /// How many anchors keys that are held have made.
    pub anchors: usize,
    /// How many were made with keys that are not held any more.
    pub of_other_keys: usize,
    /// Number of the last row that an anchor vouches for, the anchor's key, and when it was made.
    pub anchored: Option<(u64, String, Timestamp)>,
    /// How many files hold only rows that need not be kept any more.
    pub too_old: usize,
    /// What is wrong.
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

/// Reads the whole log in this folder. `database` is the store that it belongs to; without it a node may be writing, and what
/// only the database knows is not compared. `copies` are heads of the log that were noted elsewhere.
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

/// The database, and what it says of the log.
struct DatabaseHead<'a> {
    store: &'a Store,
    head: Option<AuditHead>,
    /// The log was closed in order: nothing may be behind its head.
    is_closed: bool,
}

struct Verifier<'a> {
    keys: &'a AnchorKeys,
    known: Option<DatabaseHead<'a>>,
    copies: Vec<((u64, ChainHash), bool)>,
    result: LogReport,
    /// Number of the last row, and hash of the last entry, while the chain is whole.
    last: Option<(u64, ChainHash)>,
    /// Number of the row that the first file begins with.
    first: Option<(FileName, u64)>,
    /// The same of every file.
    begun: Vec<u64>,
    /// What the last anchor said, and whether its key is held.
    anchor: Option<(FileName, Anchor, bool)>,
    /// The last row that was read.
    row: Option<AuditRow>,
    /// The newest file, as it is told of.
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

    /// The same where there may be no row: behind this one, or at the beginning of the file.
    fn found_behind(&mut self, file: String, number: Option<u64>, what: impl Into<String>) {
        let what = what.into();
        self.result.findings.push(Finding { file, number, is_behind: number.is_some(), what });
    }
}
