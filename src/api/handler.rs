//! Handlers: the functions that answer the rows of the route table.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::refusal::Rejection;
use super::response::Success;
use super::state::ApiState;
use crate::domain::audit::RequestId;
use crate::domain::{Refusal, Requester, Timestamp};
use crate::http::Params;
use crate::otp::{RequestContext, Waiting};
use crate::service::Caller;

/// The function that answers a row.
#[derive(Clone, Copy, Debug)]
pub enum Handler {
    /// Answers at once, by reading the store.
    Sync(fn(&ApiState, &Call) -> Result<Success, Rejection>),
    /// Awaits a write or a hash, and then answers.
    Async(fn(Arc<ApiState>, Call) -> HandlerFuture),
}

/// The future of an asynchronous handler.
pub(super) type HandlerFuture = Pin<Box<dyn Future<Output = Result<Success, Rejection>> + Send>>;

/// The request as a handler sees it.
pub struct Call {
    /// The admitted caller, on rows with a scope.
    pub caller: Option<Caller>,
    /// The peer's address.
    pub peer: Option<IpAddr>,
    /// The caller's `X-Request-ID`.
    pub request_id: Option<RequestId>,
    /// The path's parameters, decoded.
    pub params: Params,
    /// The query, not decoded.
    pub query: Option<String>,
    /// The JSON body; `null` on rows without one.
    pub body: Value,
    /// The time of the request.
    pub now: Timestamp,
    /// Tells whether the caller still waits for the answer.
    pub waiting: Waiting,
}

impl Call {
    /// The admitted caller. An error on rows without a scope.
    pub(super) fn caller(&self) -> Result<&Caller, Refusal> {
        self.caller.as_ref().ok_or(Refusal::TokenMissing)
    }

    /// The caller, for limits and audit.
    pub(super) fn requester(&self) -> Requester {
        let tokenless = || Requester { peer: self.peer, ..Requester::default() };
        self.caller.as_ref().map_or_else(tokenless, Caller::requester)
    }

    /// The same, what the request is called, and whether it still waits.
    pub(super) fn context(&self) -> RequestContext {
        let (request_id, waiting) = (self.request_id, self.waiting.clone());
        RequestContext { requester: self.requester(), request_id, waiting }
    }

    /// The path's first parameter.
    pub(super) fn param(&self) -> &str {
        self.params.first().map_or("", String::as_str)
    }
}
