//! Where in the files a row stands.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::error::{AuditError, damaged, unreadable};
use super::file_name::FileName;
use super::files;
use super::format::Entry;
use crate::domain::audit::AuditRow;

/// A place is kept of one in so many rows.
const EVERY: u64 = 64;

/// A file of the log as it is read: which rows it holds, and where some of them are.
pub(super) struct LogFile {
    pub(super) name: FileName,
    /// Number of its first row.
    pub(super) first: u64,
    /// Of every 64th row that has been come across, beginning with the first.
    places: Mutex<Vec<u64>>,
}

impl LogFile {
    /// Its first row comes at this place.
    pub(super) fn new(name: FileName, first: u64, place: u64) -> Self {
        Self { name, first, places: Mutex::new(vec![place]) }
    }

    /// The rows of these numbers, all of which have to be in it.
    pub(super) fn read(
        &self,
        folder: &Path,
        from: u64,
        to: u64,
    ) -> Result<Vec<(u64, AuditRow)>, AuditError> {
        let path = folder.join(self.name.leaf());
        let (mut number, place) = self.nearest(from);
        let cannot = |number| unreadable(&self.name, &path, number);
        let mut frames = files::read_from(&path, place).map_err(cannot(number))?;
        let mut rows = Vec::new();
        while number <= to {
            self.note(number, frames.place());
            let frame = frames.next().map_err(cannot(number))?;
            let frame = frame.ok_or_else(|| damaged(&self.name, number, "the file is cut"))?;
            // What is not wanted is not decoded.
            if !frame.is_row() {
                continue;
            }
            if number >= from {
                match frame.entry() {
                    Ok(Entry::Row(row)) => rows.push((number, row)),
                    Ok(Entry::Begin(_) | Entry::Anchor(..)) => {}
                    Err(why) => return Err(damaged(&self.name, number, &why.to_string())),
                }
            }
            number += 1;
        }
        Ok(rows)
    }

    /// Whether a row is in it.
    pub(super) fn has_row(&self, folder: &Path) -> bool {
        let (_, place) = self.nearest(self.first);
        let Ok(mut frames) = files::read_from(&folder.join(self.name.leaf()), place) else {
            return false;
        };
        std::iter::from_fn(|| frames.next().ok().flatten()).any(|frame| frame.is_row())
    }

    /// The nearest row at or before this one whose place is known.
    fn nearest(&self, number: u64) -> (u64, u64) {
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
