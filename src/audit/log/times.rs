//! The times of rows, by their numbers: a search for a time passes over files without reading them.
//!
//! A file's name does not bound the times of its rows. They have waited for room on the disk, or the clock was ahead or was set
//! back. So the node notes the earliest and the latest time of the rows that it appends, in the tree `AUDIT_TIMES` and together
//! with the head. It reads the files of earlier releases, which have no such note, once after each start.
//!
//! A note says something of rows, not of a file, and no row ever changes. So a note stays true after a crash, and after a file
//! was cut, moved away or removed.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::audit::query::AuditFilter;
use crate::domain::Timestamp;
use crate::domain::audit::AuditRow;
use crate::store::schema::{AUDIT_TIMES, AuditTimes};
use crate::store::{Priority, Store, StoreError, Write};

/// Notes of consecutive rows, by the number of the first row. Notes may overlap.
#[derive(Debug)]
pub(super) struct RowTimes(BTreeMap<u64, AuditTimes>);

/// The times of consecutive rows that a search reads, or that move to a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeenTimes {
    /// Number of the first row.
    pub(super) first: u64,
    /// Their note.
    pub(super) times: AuditTimes,
}

/// Removes notes from the database of which every row is before `kept_from`.
pub(super) fn remove_before(store: &Store, kept_from: u64) -> Result<(), StoreError> {
    let mut notes = store.page(AUDIT_TIMES, None, usize::MAX)?;
    notes.retain(|(_, times)| times.last < kept_from);
    if notes.is_empty() {
        return Ok(());
    }
    store.write_blocking(Priority::Upkeep, move |write: &mut Write<'_>| {
        for (first, _) in &notes {
            write.remove(AUDIT_TIMES, first);
        }
        Ok(())
    })
}

impl RowTimes {
    /// The notes of the database.
    pub(super) fn load(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(store.page(AUDIT_TIMES, None, usize::MAX)?.into_iter().collect()))
    }

    /// Adds rows of the file that has the rows `file`, and joins them to rows of this file before and after them. Returns what is
    /// known of the rows around them.
    pub(super) fn add(&mut self, seen: SeenTimes, file: RangeInclusive<u64>) -> SeenTimes {
        let SeenTimes { mut first, mut times } = seen;
        let end = times.last.saturating_add(1).min(*file.end()).max(first);
        let near = self.0.range(first.min(*file.start())..=end);
        let near = near.filter(|(_, other)| other.last.saturating_add(1) >= first);
        let near: Vec<_> = near.map(|(first, other)| (*first, *other)).collect();
        for (other_first, other) in near {
            first = first.min(other_first);
            times.last = times.last.max(other.last);
            times.earliest = times.earliest.min(other.earliest);
            times.latest = times.latest.max(other.latest);
            self.0.remove(&other_first);
        }
        self.0.insert(first, times);
        SeenTimes { first, times }
    }

    /// Whether the times of all rows `numbers` are known.
    pub(super) fn covers(&self, numbers: &RangeInclusive<u64>) -> bool {
        self.all(numbers, |_| true)
    }

    /// Whether all rows `numbers` are known to be of other times than those of `filter`.
    pub(super) fn exclude(&self, numbers: &RangeInclusive<u64>, filter: &AuditFilter) -> bool {
        filter.is_by_time()
            && self.all(numbers, |times| filter.excludes(times.earliest, times.latest))
    }

    /// Whether notes for which `is_true` holds cover the rows `numbers`.
    fn all(&self, numbers: &RangeInclusive<u64>, is_true: impl Fn(&AuditTimes) -> bool) -> bool {
        let mut due = *numbers.start();
        while due <= *numbers.end() {
            let mut before = self.0.range(..=due).rev().map(|(_, times)| times);
            match before.find(|times| times.last >= due) {
                Some(times) if is_true(times) => due = times.last.saturating_add(1),
                Some(_) | None => return false,
            }
        }
        true
    }

    /// Removes notes of which every row is before `kept_from`.
    pub(super) fn remove_before(&mut self, kept_from: u64) {
        self.0.retain(|_, times| times.last >= kept_from);
    }
}

impl SeenTimes {
    /// The times of `rows`, of which the first has the number `first`. `None` if there are none.
    pub(super) fn of(first: u64, rows: &[AuditRow]) -> Option<Self> {
        let mut seen = None;
        for (number, row) in (first..).zip(rows) {
            Self::see(&mut seen, number, row.at);
        }
        seen
    }

    /// Adds the row after the last one.
    pub(super) fn see(seen: &mut Option<Self>, number: u64, at: Timestamp) {
        let Self { times, .. } = seen.get_or_insert(Self {
            first: number,
            times: AuditTimes { last: number, earliest: at, latest: at },
        });
        times.last = number;
        times.earliest = times.earliest.min(at);
        times.latest = times.latest.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(first: u64, times: &[i64]) -> SeenTimes {
        let mut seen = None;
        for (number, at) in (first..).zip(times) {
            SeenTimes::see(&mut seen, number, Timestamp::from_micros(*at));
        }
        seen.unwrap()
    }

    fn between(from: i64, to: i64) -> AuditFilter {
        let [from, to] = [from, to].map(|at| Some(Timestamp::from_micros(at)));
        AuditFilter { from, to, ..AuditFilter::default() }
    }

    #[test]
    fn rows_join_those_of_their_file_and_no_others() {
        let mut times = RowTimes(BTreeMap::new());
        times.add(seen(1, &[10, 11]), 1..=2);
        times.add(seen(5, &[50]), 3..=6);
        times.add(seen(3, &[30]), 3..=6);
        assert!(times.covers(&(1..=3)) && !times.covers(&(1..=5)), "{times:?}");
        let whole = times.add(seen(4, &[40]), 3..=6);
        assert_eq!((whole.first, whole.times.last), (3, 5));
        times.add(seen(6, &[5]), 3..=6);
        times.add(seen(7, &[70]), 7..=u64::MAX);
        assert_eq!(times.0.keys().collect::<Vec<_>>(), [&1, &3, &7]);
        assert!(times.exclude(&(1..=2), &between(12, 20)));
        assert!(!times.exclude(&(1..=2), &between(11, 20)));
        assert!(times.exclude(&(1..=2), &between(0, 10)));
        assert!(!times.exclude(&(3..=6), &between(5, 6)));
        assert!(times.exclude(&(1..=7), &between(60, 70)));
        assert!(!times.exclude(&(1..=8), &between(60, 70)), "row 8 is not known");
        assert!(!times.exclude(&(1..=7), &AuditFilter::default()));
    }

    #[test]
    fn of_notes_that_overlap_either_counts() {
        let note = |last, at| {
            let at = Timestamp::from_micros(at);
            AuditTimes { last, earliest: at, latest: at }
        };
        let notes = [(1, note(9, 1)), (3, note(5, 2)), (8, note(12, 3))];
        let times = RowTimes(BTreeMap::from(notes));
        assert!(times.covers(&(1..=12)) && times.covers(&(7..=7)));
        assert!(!times.covers(&(1..=13)) && !times.covers(&(0..=1)));
    }
}
