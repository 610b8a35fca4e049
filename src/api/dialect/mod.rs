//! How refusals are worded, what two answers look like, and in which order things are checked: a table for each way
//! of speaking. Handlers and services know nothing of it.
//!
//! - `table`: what a dialect says of itself;
//! - `error_row`: a row, and the parts of its message;
//! - `common`: rows that no source disputes;
//! - `documented`, `deployed`: the two dialects;
//! - `word`: how a rejection is worded by any of them.

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
