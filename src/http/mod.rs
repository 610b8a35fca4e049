//! An HTTP/1.1 server with bounds on connections, heads and bodies, and a router over a route table.
//!
//! It knows nothing of codes or patients: a closure answers the requests.

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

/// An answer, complete in memory before its first byte is sent.
pub type Response = hyper::Response<http_body_util::Full<hyper::body::Bytes>>;

/// A request. Its body is not read yet.
pub type Request = hyper::Request<hyper::body::Incoming>;
