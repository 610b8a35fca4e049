//! Reads a request, in this order:
//!
//! - [`head`]: request id, URL, credentials, and the type of the body;
//! - [`trusted_proxies`]: the caller's address, behind proxies;
//! - [`origin`]: the listener, and the checks of `Host` and `Origin`;
//! - [`accept`]: the check of `Accept`;
//! - [`query`]: the query parameters;
//! - [`body`]: the body, as [`json`] that every parser reads in the same way;
//! - [`typed`]: body, query and path as typed values.

pub(super) mod accept;
pub(super) mod body;
pub(super) mod head;
mod json;
pub(super) mod origin;
pub(super) mod query;
pub(super) mod trusted_proxies;
pub(super) mod typed;
