//! The rows of audit: written down here and nowhere else, read in order, taken away when they are old.
//!
//! - [`append`]: for what is part of a write (a code issued, guessed wrong, used): there with it or not at all.
//! - [`Recorder`]: for refusals, which write nothing of their own. They are gathered in memory and written behind.
//! - [`AuditLog`]: the files that rows move to, from the database, within a second. It is where rows are read, and where
//!   old ones go.
//! - [`RowMover`]: has them moved, and old ones removed, while a node runs.
//! - [`verify`]: whether a row was changed, removed or put back.
//! - [`PhoneKey`]: under which rows can be found by number.
//!
//! A row is never changed, and its number is one more than that of the row before it.

mod log;
mod phone_key;
mod recorder;
mod row_mover;

pub use log::{
    AnchorKeys, AnchorReason, AuditError, AuditLog, ChainHash, Finding, LogReport, MAX_ROW_BYTES,
    verify,
};
pub use phone_key::PhoneKey;
pub use recorder::Recorder;
pub use row_mover::RowMover;

use crate::domain::audit::AuditRow;
use crate::store::schema::AUDIT;
use crate::store::{StoreError, Write};

/// Puts a row behind the last one.
///
/// This is the one place where a row comes into being, in a write that sees the row before it: its number stays its own,
/// also when it moves to a file. A row that is too large for one goes without the name of its request.
pub fn append(write: &mut Write<'_>, row: &AuditRow) -> Result<(), StoreError> {
    let number = match write.last(AUDIT)? {
        Some(number) => number + 1,
        None => log::last_moved(write)? + 1,
    };
    if log::fits(row) {
        return write.put(AUDIT, &number, row);
    }
    write.put(AUDIT, &number, &AuditRow { request_id: None, ..row.clone() })
}
