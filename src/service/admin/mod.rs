//! What operators see and change while the node serves.
//!
//! - `change`: the one write of every change, with its row of audit;
//! - `page`: pages of lists;
//! - `block`: blocking and unblocking;
//! - `clients`, `connections`, `tokens`, `users`, `factors`: the records.

mod block;
mod change;
mod clients;
mod connections;
mod factors;
mod page;
mod tokens;
mod users;

pub use clients::{ClientFields, ClientFilter};
pub use connections::{ConnectionFields, MOST_OVERLAP};
pub use page::{MOST_PAGES, MOST_READ, Page, PageRequest};
pub use tokens::{NewTokenFields, TokenFields, TokenFilter, TokenOwner};
pub use users::UserFilter;

use crate::domain::{Refusal, RequestOrigin, Timestamp};
use crate::entropy::NoEntropy;

/// Who changes something, and when.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Client, user and address of the operator, and the id of the request.
    pub origin: RequestOrigin,
    /// The time of the change and of its row of audit.
    pub now: Timestamp,
    /// The time of the wall clock, which decides whether tokens and api-keys count.
    pub wall: Timestamp,
}

/// The refusal of a secret or an id that could not be made.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn no_entropy(error: NoEntropy) -> Refusal {
    tracing::error!(%error, "an operator's change was not made");
    Refusal::StorageFailed
}
