//! The two dialects: status and words of each rejection, the answers that differ in form, and the order of checks. The
//! pages and the live system disagree on them. Handlers and the service know no dialect.
//!
//! - `table`: `Dialect`, a table of rows;
//! - `error_row`: `ErrorRow`, status and words of one rejection;
//! - `common`: the rows on which the pages and the live system agree;
//! - `documented`, `deployed`: the rows of each dialect;
//! - `word`: makes the error of an answer from a rejection and its row.

mod common;
mod deployed;
mod documented;
mod error_row;
mod table;
mod word;

pub use error_row::{ErrorMessage, ErrorRow};
pub use table::Dialect;

use crate::config::DialectName;

/// The dialect of this name.
pub fn of(name: DialectName) -> &'static Dialect {
    match name {
        DialectName::Documented => &documented::DOCUMENTED,
        DialectName::Deployed => &deployed::DEPLOYED,
    }
}
