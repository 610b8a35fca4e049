//! HTTP/1.1, bounded: connections, heads and bodies, and which row of a table a request is for.
//!
//! Knows nothing of codes or patients: whoever answers is a closure.

mod body;
mod connection;
mod connection_limit;
mod head;
mod limits;
mod pace;
mod path;
mod router;
mod server;

pub use body::{BodyFault, discard, is_empty_body, read_body};
pub use head::{
    FIELDS, HEAD_BYTES, HeadFault, URI_BYTES, check_demands, check_size, expects_continue, host,
    single, split_port,
};
pub use limits::ServerLimits;
pub use path::{MalformedPath, check_target, decode, query_value};
pub use router::{Params, Route, Routed, Router};
pub use server::{Listener, bind, serve};

/// An answer, complete before its first byte leaves.
pub type Response = hyper::Response<http_body_util::Full<hyper::body::Bytes>>;

/// A request as it comes in, its body still on the way.
pub type Request = hyper::Request<hyper::body::Incoming>;
