//! Takes away what has been kept long enough.
//!
//! Putting a record that ends one day also puts an entry into `due`, for the day it ends. A record that lives on
//! keeps its old entry: when that comes up, the record is asked again, and the entry moves to the new day. One that has
//! no end any more loses its entry then, and gets another when it is put with an end again.

use std::time::Duration;

use super::error::StoreError;
use super::key::{Order, Span, TableKey};
use super::schema::{self, DUE, Due, DueKey, MARKS, Mark};
use super::write::Write;
use crate::domain::Timestamp;

/// How far the sweeper's time moves on at most from one call to the next.
const STEP: Duration = Duration::from_mins(10);

/// How long a record is kept after its end.
const GRACE: Duration = Duration::from_hours(24);

/// The mark that says how far the sweeper has come: a time in microseconds.
const SWEPT: &str = "swept";

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

pub(super) fn sweep(
    write: &mut Write<'_>,
    now: Timestamp,
    most: usize,
) -> Result<usize, StoreError> {
    let due: Vec<_> = write.trees().list(DUE, Span::all(), Order::Ascending, None, most)?;
    let mut looked_at = 0;
    for (entry, _) in due.into_iter().take_while(|(entry, _)| entry.at <= now) {
        looked_at += 1;
        write.remove_raw(DUE.id, entry.to_bytes());
        match ends(write, &entry)? {
            Some(at) if at <= now => write.remove_raw(entry.table, entry.key),
            Some(at) => write.put(DUE, &DueKey { at, ..entry }, &Due {})?,
            None => {}
        }
    }
    Ok(looked_at)
}

/// When the record that an entry points at ends; `None` when there is no such record, or no end to it.
fn ends(write: &Write<'_>, entry: &DueKey) -> Result<Option<Timestamp>, StoreError> {
    let Some(bytes) = write.raw(entry.table, &entry.key)? else { return Ok(None) };
    let Some(table) = schema::table(entry.table) else { return Ok(None) };
    table
        .end_of(&bytes)
        .map_err(|why| StoreError::Damaged { tree: table.name(), why: why.to_string() })
}
