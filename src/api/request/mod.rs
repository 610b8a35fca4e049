//! Reads a request, in this order:
//!
//! - [`head`]: what the envelope repeats, who calls, and whether the body may be JSON;
//! - [`request_id`]: names for requests that bring none;
//! - [`peers`]: whose request it is, behind proxies;
//! - [`origin`]: where it came in, and whether a page of another site sent it;
//! - [`accept`]: whether the caller takes JSON;
//! - [`query`]: its parameters;
//! - [`body`]: its body, as [`json`] that can be read in one way only;
//! - [`properties`]: the body against what a method takes.

pub(super) mod accept;
pub(super) mod body;
pub(super) mod head;
mod json;
pub(super) mod origin;
pub(super) mod peers;
pub(super) mod properties;
pub(super) mod query;
pub(super) mod request_id;
