//! Takes away what has been kept long enough.
//!
//! Putting a record that ends one day also notes it in `due`, for the day it ends. A record that lives on stays there: when
//! that day comes, the record is asked again, and is noted for the new day. One that has no end any more is not noted then,
//! but when it is put with an end again.
//!
//! Records that a group of writes puts and that end in the same second share entries: a burst of sends puts a handful of
//! entries instead of some for each code.

use std::iter;
use std::time::Duration;

use super::codec;
use super::error::StoreError;
use super::key::{Span, TableKey};
use super::overlay::{GroupOverlay, Overlay};
use super::schema::{self, DUE, DueKey, DueRecords, MARKS, Mark};
use super::table::TableId;
use super::trees::Trees;
use super::write::Write;
use crate::domain::Timestamp;

/// How far the sweeper's time moves on at most from one call to the next.
const STEP: Duration = Duration::from_mins(10);

/// How long a record is kept after its end.
const GRACE: Duration = Duration::from_hours(24);

/// The mark that says how far the sweeper has come: a time in microseconds.
const SWEPT: &str = "swept";

/// Most bytes of the further records of one entry.
const OTHERS_BYTES: usize = 2048;

/// Until when may be swept now: a day before the time, and with each call no more than a step beyond where it was at the
/// last one, in this process or one before it. So a clock has to be days ahead for a good hour before anything goes that
/// is not over; a node that was off for a month catches up in a day and a half.
pub(super) fn until(write: &mut Write<'_>, now: Timestamp) -> Result<Timestamp, StoreError> {
    let key = SWEPT.to_owned();
    let reached = write
        .get(MARKS, &key)?
        .map_or(now, |mark| Timestamp::from_micros(i64::try_from(mark.number).unwrap_or(i64::MAX)));
    let until = now.min(reached + STEP);
    let number = u64::try_from(until.as_micros()).unwrap_or(0);
    write.put(MARKS, &key, &Mark { number })?;
    Ok(until - GRACE)
}

/// Takes away up to about `most` records that have ended, and says how many it looked at.
pub(super) fn sweep(
    write: &mut Write<'_>,
    now: Timestamp,
    most: usize,
) -> Result<usize, StoreError> {
    let due = write.list(DUE, Span::all(), None, most)?;
    let mut looked_at = 0;
    for (entry, records) in due.into_iter().take_while(|(entry, _)| entry.at <= now) {
        if looked_at >= most {
            break;
        }
        write.remove_raw(DUE.id, entry.to_bytes());
        for (table, key) in iter::once((entry.table, entry.key)).chain(records.others) {
            looked_at += 1;
            match end_of(write, table, &key)? {
                Some(at) if at <= now => write.remove_raw(table, key),
                Some(at) => write.sweep_at(DueKey { at, table, key }),
                None => {}
            }
        }
    }
    Ok(looked_at)
}

/// What a group of writes changes, with the entries for its records that end one day.
pub(super) fn with_due(trees: &Trees, group: GroupOverlay) -> Result<Overlay, StoreError> {
    let GroupOverlay { mut changes, due, .. } = group;
    let due_tree = trees.known(DUE.id)?;
    // An entry that is there stays as it is: its record is noted already.
    let is_there = |entry: &DueKey, changes: &Overlay| {
        let key = entry.to_bytes();
        match changes.get(&(DUE.id, key.clone())) {
            Some(put) => Ok(put.is_some()),
            None => due_tree.contains_key(key),
        }
    };
    let mut due = due.into_iter().peekable();
    while let Some(first) = due.next() {
        if is_there(&first, &changes)? {
            continue;
        }
        let mut others = Vec::new();
        let mut bytes = 0;
        while let Some(next) = due.next_if(|next| next.at == first.at && bytes < OTHERS_BYTES) {
            bytes += next.key.len() + 4;
            others.push((next.table, next.key));
        }
        let records = codec::encode(&DueRecords { others })
            .map_err(|why| StoreError::Damaged { tree: DUE.name, why: why.to_string() })?;
        changes.insert((DUE.id, first.to_bytes()), Some(records));
    }
    Ok(changes)
}

/// When this record ends; `None` when there is no such record, or no end to it.
fn end_of(write: &Write<'_>, table: TableId, key: &[u8]) -> Result<Option<Timestamp>, StoreError> {
    let Some(bytes) = write.raw(table, key)? else { return Ok(None) };
    let Some(table) = schema::table(table) else { return Ok(None) };
    table
        .end_of(&bytes)
        .map_err(|why| StoreError::Damaged { tree: table.name(), why: why.to_string() })
}
