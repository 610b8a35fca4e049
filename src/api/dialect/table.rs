//! A dialect, as its rows say it.

use super::common;
use super::error_row::ErrorRow;
use crate::api::operation::Operation;
use crate::api::refusal::Kind;
use crate::api::response::Success;
use crate::config::DialectName;
use crate::domain::{AuthenticationFactor, Refusal};
use crate::service::CheckOrder;

/// One way of speaking.
pub struct Dialect {
    /// What configuration calls it.
    pub name: DialectName,
    /// In which order things are checked.
    pub order: CheckOrder,
    /// How refusals are worded; the first row that fits counts. Rows that all dialects share come behind.
    pub rows: &'static [ErrorRow],
    /// What the answer with a factor looks like, or without one.
    pub factor: fn(Option<&AuthenticationFactor>) -> Result<Success, Refusal>,
}

impl Dialect {
    /// All rows in the order they are looked at.
    pub fn all_rows(&self) -> impl Iterator<Item = &'static ErrorRow> {
        self.rows.iter().chain(common::ROWS)
    }

    /// The row for a refusal on a method.
    pub fn find(&self, kind: Kind, operation: Option<Operation>) -> Option<&'static ErrorRow> {
        self.all_rows().find(|row| row.kind == kind && (row.on.is_none() || row.on == operation))
    }
}
