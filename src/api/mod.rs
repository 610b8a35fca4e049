#![doc = include_str!("README.md")]
//!
//! ## In the source
//!
//! A request's way: [`Api::answer`] finds its row in [`routes`], reads the clock once, admits the caller, reads the
//! body; the row's handler parses, calls the service and makes a view. What goes wrong anywhere on the way is a
//! [`Rejection`], and one place, the [`dialect`], gives it a status and words.
//!
//! Each module uses only those named before it:
//!
//! - `operation`: the name of what a row does;
//! - `refusal`: why a request gets no success;
//! - `request`: what is read of it;
//! - `response`: how an answer goes back;
//! - [`dialect`]: how refusals are worded;
//! - `demo`, `state`: what handlers have at hand;
//! - `handler`, `route`: what a row is made of;
//! - `resources`: the handlers;
//! - [`routes`]: the rows;
//! - `unknown_path`, `request_log`: what the log has of a request;
//! - `pipeline`: a request's way.

mod demo;
pub mod dialect;
mod handler;
mod operation;
mod pipeline;
mod refusal;
mod request;
mod request_log;
mod resources;
mod response;
mod route;
pub mod routes;
mod state;
mod unknown_path;

pub use demo::{Demo, ReadWorld, ShowSecrets, TakeLine, TellNotices};
pub use operation::Operation;
pub use pipeline::Api;
pub use refusal::{ErrorKind, Rejection, RejectionKind};
pub use request::body::Body;
pub use request::origin::ListenerKind;
pub use request::query::Parameters;
pub use route::{Access, Row, Surface};
