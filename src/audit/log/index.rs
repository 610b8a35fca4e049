//! Which files can be read, and the offsets of some of their rows: a page is found without reading every file.

use std::ops::{ControlFlow, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{AuditError, damaged, unreadable};
use super::file_name::FileName;
use super::files;
use super::format::Entry;
use crate::domain::audit::AuditRow;

/// The offset of every 64th row is remembered.
pub(super) const EVERY: u64 = 64;

/// A file of the log for readers: its first row, and the offsets of some rows.
pub(super) struct LogFile {
    pub(super) name: FileName,
    /// Number of the first row in the file.
    pub(super) first: u64,
    /// Offsets of every [`EVERY`]th row that was read, beginning with the first row.
    places: Mutex<Vec<u64>>,
}

impl LogFile {
    /// A file with its first row at the offset `place`.
    pub(super) fn new(name: FileName, first: u64, place: u64) -> Self {
        Self { name, first, places: Mutex::new(vec![place]) }
    }

    /// Passes the rows `numbers` to `look` in order, each with the bytes read so far, until `look` breaks. The file has to hold
    /// all of them. Returns the bytes read, which begin with the last row before `numbers` of known offset.
    /// [`AuditError::Damaged`] names the first row that can't be read.
    pub(super) fn scan(
        &self,
        folder: &Path,
        numbers: RangeInclusive<u64>,
        mut look: impl FnMut(u64, AuditRow, u64) -> ControlFlow<()>,
    ) -> Result<u64, AuditError> {
        let path = folder.join(self.name.leaf());
        let (from, to) = numbers.into_inner();
        let (mut number, place) = self.nearest(from);
        let cannot = |number| unreadable(&self.name, &path, number);
        let mut frames = files::read_from(&path, place).map_err(cannot(number))?;
        while number <= to {
            self.note(number, frames.place());
            let frame = frames.next().map_err(cannot(number))?;
            let frame = frame.ok_or_else(|| damaged(&self.name, number, "the file is cut"))?;
            // Rows before `from` are counted, not decoded.
            if !frame.is_row() {
                continue;
            }
            if number >= from {
                match frame.entry() {
                    Ok(Entry::Row(row)) => {
                        if look(number, row, frames.place() - place).is_break() {
                            break;
                        }
                    }
                    Ok(Entry::Begin(_) | Entry::Anchor(..)) => {}
                    Err(why) => return Err(damaged(&self.name, number, &why.to_string())),
                }
            }
            number += 1;
        }
        Ok(frames.place() - place)
    }

    /// Whether the file holds at least one row.
    pub(super) fn has_row(&self, folder: &Path) -> bool {
        let (_, place) = self.nearest(self.first);
        let Ok(mut frames) = files::read_from(&folder.join(self.name.leaf()), place) else {
            return false;
        };
        std::iter::from_fn(|| frames.next().ok().flatten()).any(|frame| frame.is_row())
    }

    /// The last row at or before `number` with a known offset, and that offset.
    pub(super) fn nearest(&self, number: u64) -> (u64, u64) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let last = places.len().saturating_sub(1);
        let wanted = usize::try_from(number.saturating_sub(self.first) / EVERY).unwrap_or(last);
        let at = wanted.min(last);
        (self.first + at as u64 * EVERY, places[at])
    }

    fn note(&self, number: u64, place: u64) {
        if !(number - self.first).is_multiple_of(EVERY) {
            return;
        }
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() as u64 * EVERY == number - self.first {
            places.push(place);
        }
    }
}

/// The files that a reader of the log sees, and the numbers of their rows.
#[derive(Clone)]
pub(super) struct ReadableFiles {
    /// The files with rows that are kept, oldest first.
    pub(super) files: Vec<Arc<LogFile>>,
    /// Number of the last row in the files; later ones are in the database.
    pub(super) number: u64,
    /// Number of the first row that the files have to hold.
    pub(super) kept_from: u64,
}

impl ReadableFiles {
    /// Whether both have the same first and last row. What was read between the two was not moved meanwhile.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let bounds = |files: &Self| (files.kept_from, files.first(), files.number);
        bounds(self) == bounds(other)
    }

    /// Number of the first row that can be read, in a file or, if there is no file, after all rows in files.
    pub(super) fn first(&self) -> u64 {
        self.files.first().map_or(self.number + 1, |file| file.first)
    }
}

/// The files of the folder, sorted by whether their rows have to be kept.
pub(super) struct IndexedFolder {
    /// Files with rows from `kept_from` on, oldest first.
    pub(super) files: Vec<Arc<LogFile>>,
    /// Paths of the files that hold only older rows and can be removed.
    pub(super) expired: Vec<PathBuf>,
}

impl IndexedFolder {
    /// Reads the beginning of each file. A file that does not fit between its neighbours is left out and logged.
    pub(super) fn read(folder: &Path, kept_from: u64) -> Result<Self, AuditError> {
        let mut kept = Vec::<Arc<LogFile>>::new();
        let mut expired = Vec::new();
        for name in files::list(folder)?.names {
            let path = folder.join(name.leaf());
            let due = kept.last().map_or(kept_from, |file| file.first + 1);
            // If no row was written between two beginnings, both name the same first row.
            let follows = |first: u64| {
                let without_row = kept.last().filter(|file| file.first == first);
                first >= due || without_row.is_some_and(|file| !file.has_row(folder))
            };
            match files::read(&path).and_then(|mut it| Ok((it.beginning()?.0.first, it.place()))) {
                Ok((first, _)) if first < kept_from && kept.is_empty() => expired.push(path),
                Ok((first, place)) if follows(first) => {
                    kept.push(Arc::new(LogFile::new(name, first, place)));
                }
                Ok(_) | Err(_) => tracing::error!(
                    "{name} is no file of the log of audit, or not where it belongs. `esoz-otp audit verify` says more."
                ),
            }
        }
        // Unless a kept file begins exactly with `kept_from`, an older file may hold rows that have to be kept.
        if kept.first().is_some_and(|first| first.first != kept_from) {
            expired.clear();
        }
        Ok(Self { files: kept, expired })
    }
}
