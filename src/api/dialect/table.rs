//! A dialect as a table of rows.

use super::common;
use super::error_row::ErrorRow;
use crate::api::answer::Data;
use crate::api::operation::Operation;
use crate::api::refusal::ErrorKind;
use crate::api::response::Success;
use crate::config::DialectName;
use crate::domain::{AuthenticationFactor, Refusal};
use crate::service::CheckOrder;

/// A dialect: the errors, the order of checks and the views that differ between the pages and the live system.
pub struct Dialect {
    /// The value of the setting `dialect`.
    pub name: DialectName,
    /// The order of the checks on a caller and on a person request.
    pub order: CheckOrder,
    /// The dialect's own rows. They are searched before `common::ROWS`, and the first match counts.
    pub rows: &'static [ErrorRow],
    /// Makes the answer of `GET /api/cabinet/authentication_factor`; `None` if the user has no factor.
    pub factor: fn(Option<&AuthenticationFactor>) -> Result<Success, Refusal>,
    /// The success that `factor` makes, as data.
    pub factor_data: Data,
    /// Kinds that the dialect never answers with, since its answer is another one.
    pub unused: &'static [ErrorKind],
}

impl Dialect {
    /// The dialect's own rows and then those of all dialects, in the order of the search.
    pub fn all_rows(&self) -> impl Iterator<Item = &'static ErrorRow> {
        self.rows.iter().chain(common::ROWS)
    }

    /// The first row for a kind of rejection and an operation. A test holds that there is one for each pair.
    pub fn find(&self, kind: ErrorKind, operation: Option<Operation>) -> Option<&'static ErrorRow> {
        self.all_rows().find(|row| row.kind == kind && (row.on.is_none() || row.on == operation))
    }
}
