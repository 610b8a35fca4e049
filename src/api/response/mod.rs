//! How an answer goes back:
//!
//! - [`success`]: the success answers of methods;
//! - [`envelope`]: the JSON around it, or around the error of a refusal.

pub(super) mod envelope;
mod success;

pub(super) use success::{Cursor, Success};
