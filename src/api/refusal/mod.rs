//! Why a request gets no success:
//!
//! - [`rejection`]: the service's refusal, or something about the request itself;
//! - [`fault`]: what is wrong with a body, a query or a path, entry by entry.

mod fault;
mod rejection;

pub(super) use fault::{Fault, MOST_EXTRA};
pub use rejection::{Kind, Rejection};
