//! How an answer goes back:
//!
//! - [`answer`]: what a method answers;
//! - [`envelope`]: the JSON around it, or around what a refusal is worded as.

mod answer;
pub(super) mod envelope;

pub(super) use answer::{Answer, Cursor};
