//! Repairs the end of the log after a crash.
//!
//! A row stays in the database until its file is on the device and the database has stored the new head. So entries
//! after that head are cut off: the database still holds their rows, and they move again. A row that the database does
//! not hold is never cut off. After a clean shutdown nothing is cut off either: there is no such end then, so another
//! program wrote the bytes.

use std::fs;
use std::path::Path;

use super::appender::{Appender, LogEnd, OpenFile, head, is_closed, note_open};
use super::chain::ChainHash;
use super::error::{AuditError, at};
use super::file_name::FileName;
use super::files::{self, FileScan, WholeEntry};
use super::format::{Anchor, AnchorReason, BEGINNING_BYTES, Entry, EntryFault};
use crate::store::schema::{AUDIT, AuditHead};
use crate::store::{Store, StoreError};

/// Finds the end of the log at the head that the database knows, and cuts off later bytes. They are logged when the log
/// is opened (`is_opened`). Afterwards they can only come from a failed write of this process.
pub(super) fn recover(
    store: &Store,
    folder: &Path,
    is_opened: bool,
) -> Result<Appender, AuditError> {
    let head = match head(store)? {
        Some(head) => head,
        None => beginning(store)?,
    };
    let appender = find_end(store, folder, head, is_opened)?;
    note_open(store)?;
    Ok(appender)
}

fn find_end(
    store: &Store,
    folder: &Path,
    head: AuditHead,
    is_opened: bool,
) -> Result<Appender, AuditError> {
    let warn_of_cut = |name: &FileName, bytes| {
        if is_opened && bytes > 0 {
            warn_of_cut(name, bytes);
        }
    };
    let is_closed = is_closed(store)?;
    let mut names = files::list(folder)?.names;
    let mut found = "there is no file".to_owned();
    while let Some(name) = names.last() {
        let path = folder.join(name.leaf());
        let scan = FileScan::of(&path)?;
        let added = |end: u64| scan.length.saturating_sub(end);
        match place_of(&scan, head) {
            HeadPosition::Within(end) => {
                check_known(store, name, &path, end, head.number)?;
                if is_closed && added(end) > 0 {
                    found = put_there(name, added(end));
                    break;
                }
                warn_of_cut(name, added(end));
                let file = files::reopen(folder, name, end)?;
                let end = match last_anchor(&path, &scan, end)? {
                    Some(anchor) if anchor.reason == AnchorReason::FileEnd => LogEnd::Ended(anchor),
                    anchor => {
                        LogEnd::Open(OpenFile { name: name.clone(), file, length: end, anchor })
                    }
                };
                return Ok(Appender::new(folder, head, end, names.pop()));
            }
            HeadPosition::Behind => {
                let first = scan.begin.map_or(1, |begin| begin.first);
                check_known(store, name, &path, 0, first.saturating_sub(1))?;
                if is_closed {
                    found = put_there(name, added(0));
                    break;
                }
                warn_of_cut(name, added(0));
                fs::remove_file(&path).map_err(at(&path))?;
                files::sync_folder(folder)?;
                names.pop();
            }
            HeadPosition::Lost => {
                found = told(name, &scan);
                break;
            }
        }
    }
    if names.is_empty() && head.hash == *ChainHash::START.as_bytes() {
        return Ok(Appender::new(folder, head, LogEnd::New, None));
    }
    Ok(Appender::new(folder, head, LogEnd::Lost(found), names.pop()))
}

/// If the bytes were a row that a killed node was writing, the row moves again from the database.
fn warn_of_cut(name: &FileName, bytes: u64) {
    tracing::warn!(
        file = %name,
        bytes,
        "bytes behind the last entry that the database knows are cut off: a node was killed while it wrote them, or they were \
         put there"
    );
}

fn put_there(name: &FileName, bytes: u64) -> String {
    format!("{name} has {bytes} bytes more than when the node was stopped in order")
}

/// Describes a file that does not contain the head.
fn told(name: &FileName, scan: &FileScan) -> String {
    match (scan.entries.last(), scan.is_whole) {
        (None, _) => format!("{name} can't be read from its beginning on"),
        (Some(last), true) => format!("{name} ends with row {}", last.number),
        (Some(last), false) => {
            format!("{name} was changed, or cut, behind row {}", last.number)
        }
    }
}

/// The head before the first move: the first row in the database comes next.
fn beginning(store: &Store) -> Result<AuditHead, StoreError> {
    let first = store.page(AUDIT, None, 1)?.first().map_or(1, |(number, _)| *number);
    Ok(AuditHead {
        number: first.saturating_sub(1),
        hash: *ChainHash::START.as_bytes(),
        kept_from: first,
    })
}

/// Where the head of the database lies, seen from one file.
enum HeadPosition {
    /// In this file; the field is the offset after its entry.
    Within(u64),
    /// In an earlier file.
    Behind,
    /// It should be in this file and is not.
    Lost,
}

fn place_of(scan: &FileScan, head: AuditHead) -> HeadPosition {
    let is_last =
        |seen: &&WholeEntry| seen.number == head.number && *seen.hash.as_bytes() == head.hash;
    match (scan.entries.iter().find(is_last), scan.begin) {
        (Some(seen), _) => HeadPosition::Within(seen.end),
        (None, Some(begin)) if begin.first > head.number => HeadPosition::Behind,
        // A crash can leave a new file without its first entry, and so without a row.
        (None, None) if scan.length <= BEGINNING_BYTES => HeadPosition::Behind,
        (None, None | Some(_)) => HeadPosition::Lost,
    }
}

/// [`AuditError::NotKnown`] if a row after the offset `place` is not in the database. `last` is the number of the row
/// before it.
fn check_known(
    store: &Store,
    name: &FileName,
    path: &Path,
    place: u64,
    last: u64,
) -> Result<(), AuditError> {
    let mut number = last;
    let mut look = || -> Result<Option<u64>, EntryFault> {
        let mut frames = match place {
            0 => files::read(path)?,
            place => files::read_from(path, place)?,
        };
        while let Some(frame) = frames.next()? {
            let Ok(Entry::Row(row)) = frame.entry() else { continue };
            number += 1;
            if !store.get(AUDIT, &number).is_ok_and(|held| held.as_ref() == Some(&row)) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    };
    match look() {
        Ok(Some(number)) => Err(AuditError::NotKnown { file: name.to_string(), number }),
        Err(EntryFault::Io(error)) => Err(at(path)(error)),
        Ok(None) | Err(EntryFault::Torn | EntryFault::Changed) => Ok(()),
    }
}

/// The entry that ends at the offset `end`, if it is an anchor.
fn last_anchor(path: &Path, scan: &FileScan, end: u64) -> Result<Option<Anchor>, AuditError> {
    let ends = scan.entries.iter().map(|seen| seen.end);
    let Some(start) = ends.take_while(|before| *before < end).last() else { return Ok(None) };
    let entry = files::read_from(path, start).and_then(|mut frames| frames.next());
    match entry {
        Err(EntryFault::Io(error)) => Err(at(path)(error)),
        Ok(Some(frame)) => Ok(match frame.entry() {
            Ok(Entry::Anchor(anchor, _)) => Some(anchor),
            Ok(Entry::Begin(_) | Entry::Row(_)) | Err(_) => None,
        }),
        Ok(None) | Err(EntryFault::Torn | EntryFault::Changed) => Ok(None),
    }
}
