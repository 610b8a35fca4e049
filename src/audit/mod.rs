//! Audit rows: written, read in order and removed when they are old, all in this module.
//!
//! - [`append`] adds a row within the write of the change that it reports (a code issued, guessed, used): both are
//!   durable or neither is.
//! - [`Recorder`] collects refusals, which change nothing, in memory and writes them once a second.
//! - [`AuditLog`] is the directory of files that rows move to from the database within a second. Pages are read from
//!   it, and old files are removed.
//! - [`AuditQuery`] selects the rows of a page, and their order.
//! - [`RowMover`] moves the rows while a node runs.
//! - [`verify`] finds rows that were changed, removed or put back.
//! - [`PhoneKey`] is the HMAC key that makes rows searchable by phone.
//!
//! A row is never changed. Its number is one more than that of the row before it.

mod log;
mod phone_key;
mod query;
mod recorder;
mod row_mover;

pub use log::{
    AnchorKeys, AnchorReason, AuditError, AuditLog, ChainHash, Finding, LogReport,
    MAX_CHANGE_BYTES, MAX_ROW_BYTES, verify,
};
pub use phone_key::PhoneKey;
pub use query::{AuditFilter, AuditOrder, AuditPage, AuditQuery, MOST_BYTES};
pub use recorder::Recorder;
pub use row_mover::RowMover;

use crate::domain::audit::AuditRow;
use crate::store::schema::AUDIT;
use crate::store::{StoreError, Write};

/// Adds `row` after the last one.
///
/// Every row is created here, in a write that sees the number of the row before it, so a number is never used twice,
/// even after rows have moved to a file. A row above [`MAX_ROW_BYTES`], or with a change above
/// [`MAX_CHANGE_BYTES`], is written with shorter texts or without its `request_id`.
pub fn append(write: &mut Write<'_>, row: &AuditRow) -> Result<(), StoreError> {
    let number = match write.last(AUDIT)? {
        Some(number) => number + 1,
        None => log::last_moved(write)? + 1,
    };
    write.put(AUDIT, &number, &log::fitting(row))
}
