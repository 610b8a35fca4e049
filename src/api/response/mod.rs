//! Answers:
//!
//! - [`success`]: the data of a success, with paging and `Location`, or a page or a stream;
//! - [`envelope`]: the JSON around a success or an error;
//! - [`document`]: the headers of every answer.

mod document;
pub(super) mod envelope;
mod success;

pub(super) use document::PAGE_HEADERS;
use success::{Content, Document};
pub(super) use success::{Cursor, Success};

use super::request::head::Head;
use crate::http::Response;

/// The response of a success.
pub(super) fn respond(head: &Head, answer: Success) -> Response {
    match answer.content {
        Content::Enveloped(data) => {
            envelope::success(head, answer.status, &data, answer.location.as_deref())
        }
        Content::Document(document) => {
            let Document { media_type, body } = *document;
            document::respond(head, answer.status, media_type, body)
        }
    }
}
