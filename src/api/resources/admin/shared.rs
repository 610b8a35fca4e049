//! The parts that operators' methods share: rows, pages, the origin of a change, the body of a block, and times.

use crate::api::handler::{AsyncHandler, Call, SyncHandler};
use crate::api::request::query::Parameters;
use crate::api::route::{Access, NOT_FOUND, READS, Row, Surface, WRITES, change, read};
use crate::api::state::ApiState;
use crate::contract::{Field, Presence, Reason, Shaped as _, Whole, shape};
use crate::domain::{Id, Timestamp};
use crate::service::admin::{MOST_PAGES, Operation, PageRequest};

/// The parameter `page`. Later pages follow `after`.
pub(super) type PageNumber = Whole<1, MOST_PAGES>;

/// The parameter `page_size`, 50 by default.
pub(super) type PageSize = Whole<1, 50>;

/// The page that these parameters ask for.
pub(super) fn page<K>(number: PageNumber, size: PageSize, after: Option<K>) -> PageRequest<K> {
    PageRequest { number: number.0, size: usize::try_from(size.0).unwrap_or(usize::MAX), after }
}

/// The operator and the time of a change.
pub(super) fn operation(state: &ApiState, call: &Call) -> Operation {
    Operation { origin: call.context().origin(), now: call.now, wall: state.clock.wall() }
}

/// A row that an operator reads, without parameters of the query.
pub(super) const fn admin_read(handler: SyncHandler) -> Row {
    Row {
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: Access::Scope("admin:read"),
        refusals: &[NOT_FOUND, READS],
        ..read(handler)
    }
}

/// A row by which an operator changes something, without parameters of the query.
pub(super) const fn admin_change(method: &'static str, handler: &'static dyn AsyncHandler) -> Row {
    Row {
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: Access::Scope("admin:write"),
        refusals: &[NOT_FOUND, WRITES],
        ..change(method, handler)
    }
}

/// The parameter `{id}` of a path.
pub(super) const ID: &[Field] = &[id_field("id", "The id of the record.")];

/// A parameter of a path that is an id.
pub(super) const fn id_field(name: &'static str, about: &'static str) -> Field {
    Field { name, about, shape: Id::<()>::SHAPE, presence: Presence::Required }
}

/// A time of a view.
pub(super) fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

shape! {
    /// The reason of a block.
    pub(super) struct BlockReason {
        /// The reason, for operators.
        pub(super) block_reason: Option<Reason>,
    }
}
