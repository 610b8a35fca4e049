//! Answers:
//!
//! - [`success`]: the data of a success, with paging and `Location`;
//! - [`envelope`]: the JSON and the headers around a success or an error.

pub(super) mod envelope;
mod success;

pub(super) use success::{Cursor, Success};
