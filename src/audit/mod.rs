//! The rows of audit: written down here and nowhere else, read in order, taken away when they are old.
//!
//! - [`append`]: for what is part of a write (a code issued, guessed wrong, used): there with it or not at all.
//! - [`Recorder`]: for refusals, which write nothing of their own. They are gathered in memory and written behind.
//! - [`page`]: reading, from a number on.
//! - [`trim`]: the oldest rows go first, and the last one never.
//!
//! A row is never changed once it is in the tree, and its number is one more than that of the row before it.

mod recorder;

use std::time::Duration;

pub use recorder::Recorder;

use crate::domain::Timestamp;
use crate::domain::audit::AuditRow;
use crate::store::schema::AUDIT;
use crate::store::{Store, StoreError, Write};

/// Puts a row behind the last one.
///
/// This is the one place where a row comes into the tree, in a write that sees the row before it. So it is also where
/// each row could be given a digest of itself and of the one before it, should it have to be shown one day that none was
/// changed or taken out.
pub fn append(write: &mut Write<'_>, row: &AuditRow) -> Result<(), StoreError> {
    let number = write.last(AUDIT)?.unwrap_or(0) + 1;
    write.put(AUDIT, &number, row)
}

/// Up to `most` rows with their numbers, oldest first, from behind the number `after` on.
pub fn page(store: &Store, after: u64, most: usize) -> Result<Vec<(u64, AuditRow)>, StoreError> {
    store.page(AUDIT, Some(&after), most)
}

/// Takes away up to `most` of the oldest rows, in one write, if they have been kept long enough, and says how many went.
///
/// It stops at the first that has not been: one that a clock gone wrong has dated too late keeps those behind it longer. The last row of all stays, however old: numbers go on from it.
pub async fn trim(
    store: &Store,
    now: Timestamp,
    keep: Duration,
    most: usize,
) -> Result<usize, StoreError> {
    let is_old = |(_, row): &(u64, AuditRow)| row.at + keep <= now;
    if !store.page(AUDIT, None, 1)?.first().is_some_and(is_old) {
        return Ok(0);
    }
    let mut oldest = store.page(AUDIT, None, most + 1)?;
    // Whether this one is the last of all or not, it is not taken away now.
    oldest.pop();
    let old: Vec<_> = oldest.into_iter().take_while(is_old).map(|(number, _)| number).collect();
    let count = old.len();
    let remove_all = move |write: &mut Write<'_>| {
        for number in &old {
            write.remove(AUDIT, number);
        }
        Ok::<_, StoreError>(())
    };
    store.write_to_make_room(remove_all).await.map(|()| count)
}
