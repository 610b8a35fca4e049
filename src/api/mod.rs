#![doc = include_str!("README.md")]
//!
//! ## In the source
//!
//! [`Api::answer`] reads the clock once, finds the request's row in [`routes`], admits the caller and reads the body.
//! The row's handler parses the parameters, calls the `Service` and makes a view. An error at any step is a
//! [`Rejection`]. Only the [`dialect`] gives it a status and words.
//!
//! Each module uses only modules above it:
//!
//! - `operation`: the operation of each row, an enum;
//! - `media_type`: the types of answers;
//! - `refusal`: `Rejection`, the error of a request, and `FieldError`, an entry of `invalid[]`;
//! - `request`: the parts of a request: head, origin, query, body;
//! - `response`: `Success`, and the envelope around every answer;
//! - [`dialect`]: statuses and words of rejections, and the order of checks;
//! - `state`: the state that handlers share, and `demo`'s part of it;
//! - `handler`, `route`: the types of a row;
//! - `resources`: the handlers;
//! - [`routes`]: the rows;
//! - `unknown_path`, `request_log`: the log lines of a request;
//! - `pipeline`: the stages from a request to its answer.

mod answer;
pub mod dialect;
mod handler;
mod media_type;
mod openapi;
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

pub use answer::{Answer, Data, ViewSchema};
pub use media_type::MediaType;
pub use operation::Operation;
pub use pipeline::Api;
pub use refusal::{ErrorKind, Rejection, RejectionKind};
pub use request::body::{Body, StreamBody};
pub use request::origin::ListenerKind;
pub use request::query::Parameters;
pub use route::{Access, Row, Surface};
pub use state::{Demo, ReadWorld, ShowSecrets, TakeLine, TellNotices, secret_names};
