//! HTTP/1.1, bounded: connections, heads and bodies, and which row of a table a request is for.
//!
//! Knows nothing of codes or patients: whoever answers is a closure.

mod body;
mod path;
mod router;
mod server;

pub use body::{BodyFault, read_body};
pub use path::{MalformedPath, decode, query_value};
pub use router::{Params, Route, Routed, Router};
pub use server::{Limits, bind, serve};

/// An answer, complete before its first byte leaves.
pub type Response = hyper::Response<http_body_util::Full<hyper::body::Bytes>>;

/// A request as it comes in, its body still on the way.
pub type Request = hyper::Request<hyper::body::Incoming>;
