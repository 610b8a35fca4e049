//! A search reads the rows of files and database as one list, in either order.
//!
//! It goes on in steps. A step reads rows of one file or of the database; their numbers follow those of the step before it.
//! Each step first finds out where its numbers are now. A row keeps its number when it moves, so a row that moves between two
//! steps is neither missed nor returned twice. A step that fails is repeated if rows moved or files were removed meanwhile.

use std::collections::VecDeque;
use std::fs;
use std::ops::{ControlFlow, RangeInclusive};

use super::error::AuditError;
use super::format::most_bytes;
use super::index::{EVERY, LogFile, ReadableFiles};
use super::times::SeenTimes;
use super::{AuditLog, MAX_ROW_BYTES};
use crate::audit::query::{AuditOrder, AuditPage, AuditQuery};
use crate::domain::audit::AuditRow;
use crate::store::StoreError;
use crate::store::schema::AUDIT;

/// Most rows of a step that reads the database, or that reads a file backwards.
const STEP: u64 = 512;

/// How often a failed step is repeated because rows have moved meanwhile.
const TRIES: usize = 8;

/// The state of one call.
struct Search<'a> {
    log: &'a AuditLog,
    query: &'a AuditQuery,
    /// The matching rows so far, at most one more than the page has.
    rows: Vec<(u64, AuditRow)>,
    /// The bytes read so far.
    bytes: u64,
    /// Number of the last row that was read, matching or not.
    at: u64,
}

/// The outcome of a step.
enum Step {
    /// It has read the rows up to number `at`, and found these.
    Done { found: Vec<(u64, AuditRow)>, at: u64, bytes: u64 },
    /// Its rows have moved to a file: the step has to be repeated.
    Again,
    /// It would exceed the bytes of this call.
    TooMuch,
    /// There are no more rows.
    End,
}

impl AuditLog {
    /// The page of rows that `query` selects, from files and database. [`AuditError::Damaged`] if a row that the search has to
    /// read is missing or was changed.
    pub fn search(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        Search::new(self, query)?.run()
    }

    /// Up to `most` rows with numbers above `after`, oldest first, without a bound on the bytes read.
    pub fn page(&self, after: u64, most: usize) -> Result<Vec<(u64, AuditRow)>, AuditError> {
        let all = AuditQuery::default();
        let query = AuditQuery { after: Some(after), most, most_bytes: u64::MAX, ..all };
        Ok(self.search(&query)?.rows)
    }

    /// Number of the newest row, in the files or in the database; 0 before there is any. The numbers in the database have no
    /// gap, so it is found by bisection.
    pub fn newest(&self) -> Result<u64, StoreError> {
        let moved = self.readable().number;
        // A row that is no longer in the database has moved to a file.
        let exists = |number: u64| -> Result<bool, StoreError> {
            Ok(self.store.get(AUDIT, &number)?.is_some() || number <= self.readable().number)
        };
        let mut length = 1;
        while exists(moved.saturating_add(length))? {
            length *= 2;
        }
        // The row `there` exists, and the row `beyond` does not.
        let (mut there, mut beyond) = (moved + length / 2, moved.saturating_add(length));
        while beyond - there > 1 {
            let middle = there + (beyond - there) / 2;
            if exists(middle)? {
                there = middle;
            } else {
                beyond = middle;
            }
        }
        Ok(there)
    }
}

impl<'a> Search<'a> {
    fn new(log: &'a AuditLog, query: &'a AuditQuery) -> Result<Self, AuditError> {
        let at = match query.order {
            AuditOrder::OldestFirst => query.after.unwrap_or(0),
            AuditOrder::NewestFirst => {
                let end = log.newest()? + 1;
                query.after.map_or(end, |after| after.min(end))
            }
        };
        Ok(Self { log, query, rows: Vec::new(), bytes: 0, at })
    }

    fn run(mut self) -> Result<AuditPage, AuditError> {
        let mut tries = 0;
        let mut is_at_end = !self.query.filter.has_time();
        while !is_at_end && !self.is_full(0) && self.bytes < self.query.most_bytes {
            let readable = self.log.readable().clone();
            let step = match self.query.order {
                AuditOrder::OldestFirst => self.forwards(&readable),
                AuditOrder::NewestFirst => self.backwards(&readable),
            };
            match step {
                Ok(Step::Done { found, at, bytes }) => {
                    self.rows.extend(found);
                    (self.at, self.bytes, tries) = (at, self.bytes + bytes, 0);
                }
                Ok(Step::End) => is_at_end = true,
                Ok(Step::TooMuch) => break,
                Ok(Step::Again) => {}
                // Rows have moved or files were removed during the step.
                Err(_) if tries < TRIES && !self.log.readable().is_same(&readable) => tries += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(self.finish(is_at_end))
    }

    /// The search looks for one row more than the page has, to know whether there is a next page.
    fn finish(self, is_at_end: bool) -> AuditPage {
        let is_full = self.is_full(0);
        let Self { mut rows, bytes, at, query, .. } = self;
        rows.truncate(most(query));
        let next_after = match rows.last() {
            Some((last, _)) if is_full => Some(*last),
            Some(_) | None => (!is_at_end).then_some(at),
        };
        AuditPage { rows, next_after, bytes }
    }

    /// Whether the rows so far and `found` more are at least one more than the page has.
    fn is_full(&self, found: usize) -> bool {
        self.rows.len() + found > most(self.query)
    }

    fn is_enough(&self, found: usize, bytes: u64) -> bool {
        self.is_full(found) || self.bytes.saturating_add(bytes) >= self.query.most_bytes
    }

    fn forwards(&self, readable: &ReadableFiles) -> Result<Step, AuditError> {
        let next = readable.kept_from.max(self.at.saturating_add(1));
        if next > readable.number {
            return self.forwards_in_database(next);
        }
        let Some((file, last)) = readable.file_of(next) else {
            return self.missing_beginning(readable, next);
        };
        if self.log.times().exclude(&(next..=last), &self.query.filter) {
            return Ok(Step::Done { found: Vec::new(), at: last, bytes: 0 });
        }
        let (mut found, mut at, mut seen) = (Vec::new(), self.at, None);
        let bytes = file.scan(&self.log.folder, next..=last, |number, row, bytes| {
            at = number;
            SeenTimes::see(&mut seen, number, row.at);
            if self.query.filter.matches(&row) {
                found.push((number, row));
            }
            if self.is_enough(found.len(), bytes) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        self.note_times(seen, file.first..=last);
        Ok(Step::Done { found, at, bytes })
    }

    fn forwards_in_database(&self, next: u64) -> Result<Step, AuditError> {
        let rows = self.in_database(next, next.saturating_add(self.step() - 1))?;
        match rows.last() {
            Some((last, _)) => Ok(self.done(*last, rows)),
            None if self.log.readable().number >= next => Ok(Step::Again),
            None => Ok(Step::End),
        }
    }

    fn backwards(&self, readable: &ReadableFiles) -> Result<Step, AuditError> {
        let last = self.at.saturating_sub(1);
        if last < readable.kept_from {
            return Ok(Step::End);
        }
        if last > readable.number {
            return self.backwards_in_database(readable, last);
        }
        let Some((file, _)) = readable.file_of(last) else {
            return self.missing_beginning(readable, last);
        };
        let (is_known, is_of_no_use) = {
            let (times, rows) = (self.log.times(), file.first..=last);
            let is_known = !self.query.filter.is_by_time() || times.covers(&rows);
            (is_known, times.exclude(&rows, &self.query.filter))
        };
        if is_of_no_use {
            return Ok(Step::Done { found: Vec::new(), at: file.first, bytes: 0 });
        }
        // The step begins with a row of known offset. In a file that was not read yet that is its first row. A step that
        // has to find out the times of the file's rows begins there, too.
        let due = if is_known {
            last.saturating_sub(self.step() - 1).max(file.first)
        } else {
            file.first
        };
        let first = file.nearest(due).0;
        let path = self.log.folder.join(file.name.leaf());
        let length = fs::symlink_metadata(path).map_or(0, |file| file.len());
        let is_far = due - first >= EVERY;
        if (is_far || !is_known) && self.bytes > 0 && self.bytes + length > self.query.most_bytes {
            return Ok(Step::TooMuch);
        }
        let room = most(self.query) + 1 - self.rows.len();
        let (mut found, mut seen) = (VecDeque::new(), None);
        let bytes = file.scan(&self.log.folder, first..=last, |number, row, _| {
            SeenTimes::see(&mut seen, number, row.at);
            if self.query.filter.matches(&row) {
                if found.len() == room {
                    found.pop_front();
                }
                found.push_back((number, row));
            }
            ControlFlow::Continue(())
        })?;
        self.note_times(seen, file.first..=last);
        Ok(Step::Done { found: found.into_iter().rev().collect(), at: first, bytes })
    }

    /// Adds the times that a step has read to what is known of the file that has the rows `file`.
    fn note_times(&self, seen: Option<SeenTimes>, file: RangeInclusive<u64>) {
        if let Some(seen) = seen {
            self.log.times().add(seen, file);
        }
    }

    fn backwards_in_database(
        &self,
        readable: &ReadableFiles,
        last: u64,
    ) -> Result<Step, AuditError> {
        let first = (readable.number + 1).max(last.saturating_sub(self.step() - 1));
        let mut rows = self.in_database(first, last)?;
        if rows.last().is_none_or(|(found, _)| *found != last) {
            return Err(gap(last).into());
        }
        rows.reverse();
        Ok(self.done(first, rows))
    }

    /// How many rows a step may read: as many of the largest as fit into the bytes that are left.
    fn step(&self) -> u64 {
        let left = self.query.most_bytes.saturating_sub(self.bytes);
        (left / MAX_ROW_BYTES as u64).clamp(1, STEP)
    }

    /// The rows `first` to `last` of the database, or up to the newest one.
    fn in_database(&self, first: u64, last: u64) -> Result<Vec<(u64, AuditRow)>, StoreError> {
        let most = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
        let rows = self.log.store.page(AUDIT, Some(&(first - 1)), most)?;
        match rows.iter().zip(first..).find(|((number, _), due)| number != due) {
            Some((_, due)) => Err(gap(due)),
            None => Ok(rows),
        }
    }

    /// The outcome of a step that has read `rows` of the database up to number `at`.
    fn done(&self, at: u64, mut rows: Vec<(u64, AuditRow)>) -> Step {
        let bytes: usize = rows.iter().map(|(_, row)| most_bytes(row)).sum();
        let bytes = bytes as u64;
        rows.retain(|(_, row)| self.query.filter.matches(row));
        Step::Done { found: rows, at, bytes }
    }

    /// Row `due` is missing before the first file: an error, unless the rows that are missing are known to be of other times
    /// than those of the query.
    fn missing_beginning(&self, readable: &ReadableFiles, due: u64) -> Result<Step, AuditError> {
        let first = readable.first();
        let (missing, at) = match self.query.order {
            AuditOrder::OldestFirst => (due..=first - 1, first - 1),
            AuditOrder::NewestFirst => (readable.kept_from..=due, readable.kept_from),
        };
        if self.log.times().exclude(&missing, &self.query.filter) {
            return Ok(Step::Done { found: Vec::new(), at, bytes: 0 });
        }
        let why = format!("rows {} to {} are missing", readable.kept_from.max(due), first - 1);
        Err(AuditError::Damaged { file: "audit/".into(), number: due, why })
    }
}

impl ReadableFiles {
    /// The file of row `number`, and the number of its last row.
    fn file_of(&self, number: u64) -> Option<(&LogFile, u64)> {
        let place = self.files.partition_point(|file| file.first <= number).checked_sub(1)?;
        let last = self.files.get(place + 1).map_or(self.number, |next| next.first - 1);
        Some((&self.files[place], last))
    }
}

/// Rows of a whole page.
fn most(query: &AuditQuery) -> usize {
    query.most.max(1)
}

/// Row `due` is neither in the database nor in a file.
fn gap(due: u64) -> StoreError {
    StoreError::Damaged { tree: "audit", why: format!("row {due} is not there") }
}
