//! A dialect as a table.

use super::common;
use super::error_row::ErrorRow;
use crate::api::operation::Operation;
use crate::api::refusal::ErrorKind;
use crate::api::response::Success;
use crate::config::DialectName;
use crate::domain::{AuthenticationFactor, Refusal};
use crate::service::CheckOrder;

/// A dialect: the errors, the order of checks and the views that differ between the pages and the live system.
pub struct Dialect {
    /// Its name in the configuration.
    pub name: DialectName,
    /// The order of checks.
    pub order: CheckOrder,
    /// The rows of errors. The first one that fits counts, and the rows of all dialects come after these.
    pub rows: &'static [ErrorRow],
    /// Makes the answer with a factor, or without one.
    pub factor: fn(Option<&AuthenticationFactor>) -> Result<Success, Refusal>,
}

impl Dialect {
    /// All rows, in the order in which they are searched.
    pub fn all_rows(&self) -> impl Iterator<Item = &'static ErrorRow> {
        self.rows.iter().chain(common::ROWS)
    }

    /// The row for a kind of rejection and an operation.
    pub fn find(&self, kind: ErrorKind, operation: Option<Operation>) -> Option<&'static ErrorRow> {
        self.all_rows().find(|row| row.kind == kind && (row.on.is_none() || row.on == operation))
    }
}
