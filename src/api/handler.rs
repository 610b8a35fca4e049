//! Who answers a row, what they get to know, and what they give back.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::refusal::Rejection;
use super::response::Answer;
use super::state::State;
use crate::domain::audit::RequestId;
use crate::domain::{Refusal, Requester, Timestamp};
use crate::http::Params;
use crate::otp::{RequestContext, Waiting};
use crate::service::Caller;

/// Who answers.
#[derive(Clone, Copy, Debug)]
pub enum Handler {
    /// In place, from memory.
    Sync(fn(&State, &Call) -> Result<Answer, Rejection>),
    /// After waiting for a write or a hash, holding no thread meanwhile.
    Async(fn(Arc<State>, Call) -> HandlerFuture),
}

/// An operation under way.
pub(super) type HandlerFuture = Pin<Box<dyn Future<Output = Result<Answer, Rejection>> + Send>>;

/// What a handler gets to know.
pub struct Call {
    /// Who calls, on rows that ask.
    pub caller: Option<Caller>,
    /// Where the request came from.
    pub peer: Option<IpAddr>,
    /// What the caller calls the request.
    pub request_id: Option<RequestId>,
    /// What stood in the braces of the path.
    pub params: Params,
    /// The query as it came.
    pub query: Option<String>,
    /// The body.
    pub body: Value,
    /// The time of the request.
    pub now: Timestamp,
    /// Whether the caller still waits for an answer.
    pub waiting: Waiting,
}

impl Call {
    /// Who calls. Rows without a scope have nobody to ask for.
    pub(super) fn caller(&self) -> Result<&Caller, Refusal> {
        self.caller.as_ref().ok_or(Refusal::TokenMissing)
    }

    /// Who calls, for limits and audit.
    pub(super) fn requester(&self) -> Requester {
        let tokenless = || Requester { peer: self.peer, ..Requester::default() };
        self.caller.as_ref().map_or_else(tokenless, Caller::requester)
    }

    /// The same, what the request is called, and whether it still waits.
    pub(super) fn context(&self) -> RequestContext {
        let (request_id, waiting) = (self.request_id, self.waiting.clone());
        RequestContext { requester: self.requester(), request_id, waiting }
    }

    /// What stood in the first braces of the path.
    pub(super) fn param(&self) -> &str {
        self.params.first().map_or("", String::as_str)
    }
}
