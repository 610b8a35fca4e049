//! Why a request gets no success:
//!
//! - [`rejection`]: the service's refusal, or something about the request itself;
//! - [`field_error`]: the errors of a body, a query or a path, one for each field.

mod field_error;
mod rejection;

pub(super) use field_error::{FieldError, MOST_EXTRA};
pub use rejection::{ErrorKind, Rejection, RejectionKind};
