//! An HTTP/1.1 server with bounds on connections, heads and bodies, and a router over a route table.
//!
//! It knows nothing of codes or patients: a closure answers the requests.

mod body;
mod connection;
mod connection_limit;
mod head;
mod least_rate;
mod limits;
mod pace;
mod path;
mod request_body;
mod request_stream;
mod response_body;
mod router;
mod server;
mod socket;
mod stream;
mod stream_limiter;

pub use body::{BodyFault, discard, is_empty_body, read_body};
pub use head::{
    FIELDS, HEAD_BYTES, HeadFault, URI_BYTES, check_demands, check_size, expects_continue, host,
    single, split_port,
};
pub use least_rate::LeastRate;
pub use limits::ServerLimits;
pub use path::{MalformedPath, check_target, decode, query_value};
pub use request_body::RequestBody;
pub use request_stream::{RequestLine, RequestLines, RequestStream, StreamBounds, StreamFault};
pub use response_body::ResponseBody;
pub use router::{Params, Route, Routed, Router};
pub use server::{Listener, bind, serve};
pub use socket::Socket;
pub use stream::{Gone, StreamCut, StreamSender};
pub use stream_limiter::{StreamLimiter, StreamPermit};

/// An answer: complete in memory before its first byte is sent, or a stream.
pub type Response = hyper::Response<ResponseBody>;

/// A request. Its body is not read yet.
pub type Request = hyper::Request<RequestBody>;
