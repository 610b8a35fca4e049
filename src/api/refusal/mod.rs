//! The errors of a request:
//!
//! - [`rejection`]: `Rejection`, a refusal of the service or a fault of the request itself;
//! - [`field_error`]: `FieldError`, one entry of `invalid[]`: a fault of a property, a parameter or a header.

mod field_error;
mod rejection;

pub(super) use field_error::{FieldError, InputPart};
pub use rejection::{ErrorKind, Rejection, RejectionKind};
