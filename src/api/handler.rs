//! Handlers: the functions that answer the rows of the route table.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use hyper::header::HeaderValue;
use serde_json::Value;

use super::media_type::MediaType;
use super::refusal::{FieldError, Rejection};
use super::request::body::Upload;
use super::request::typed::{self, Checked};
use super::response::Success;
use super::state::ApiState;
use crate::contract::{Context, Shaped};
use crate::domain::audit::RequestId;
use crate::domain::{Id, Peer, Refusal, Requester, Timestamp};
use crate::http::Params;
use crate::otp::{CallerStatus, RequestContext};
use crate::service::Caller;

/// The function that answers a row. [`read`](super::route::read) and [`change`](super::route::change) make it from a plain
/// `fn` or `async fn`.
#[derive(Clone, Copy)]
pub enum Handler {
    /// It waits for nothing: it answers from memory or the store at once.
    Sync(SyncHandler),
    /// It awaits a write, a hash or a file, in a task of its own.
    Async(&'static dyn AsyncHandler),
}

/// A `fn` that answers a row.
pub(super) type SyncHandler = fn(&ApiState, &Call) -> Result<Success, Rejection>;

/// An `async fn` that answers a row.
pub trait AsyncHandler: Sync {
    /// Calls the function.
    fn call(&self, state: Arc<ApiState>, call: Call) -> HandlerFuture;
}

/// The future of an [`AsyncHandler`].
pub(super) type HandlerFuture = Pin<Box<dyn Future<Output = Result<Success, Rejection>> + Send>>;

impl<F, A> AsyncHandler for F
where
    F: Fn(Arc<ApiState>, Call) -> A + Sync,
    A: Future<Output = Result<Success, Rejection>> + Send + 'static,
{
    fn call(&self, state: Arc<ApiState>, call: Call) -> HandlerFuture {
        Box::pin(self(state, call))
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync(_) => "Sync",
            Self::Async(_) => "Async",
        })
    }
}

/// The request as a handler sees it.
pub struct Call {
    /// The admitted caller; `None` on rows without a scope.
    pub caller: Option<Caller>,
    /// The caller's address, as `TrustedProxies` finds it, or the user id on the Unix socket.
    pub peer: Option<Peer>,
    /// The `X-Request-ID` as it is stored, or the id that was made in its place.
    pub request_id: Option<RequestId>,
    /// The values of the path's `{…}` parameters, percent-decoded.
    pub params: Params,
    /// The type to answer with, one of the row's.
    pub answer: MediaType,
    /// The header `Host`, checked.
    pub host: Option<HeaderValue>,
    /// The query, still percent-encoded.
    pub query: Option<String>,
    /// The query's faults that need no reading of values. [`Self::read_body`], [`Self::read_query`] and [`Self::read_param`]
    /// return them with their own.
    pub(super) query_faults: Vec<FieldError>,
    /// The JSON body; `null` on rows with `Body::None`, `Body::AnyJson` or `Body::Stream`.
    pub body: Value,
    /// The lines of the body on rows with `Body::Stream`, until the handler takes them.
    pub(super) upload: Option<Box<Upload>>,
    /// The time at which the request's head was read.
    pub now: Timestamp,
    /// Whether the caller still waits for the answer.
    pub waiting: CallerStatus,
}

impl Call {
    /// The admitted caller, or [`Refusal::TokenMissing`] on rows without a scope.
    pub(super) fn caller(&self) -> Result<&Caller, Refusal> {
        self.caller.as_ref().ok_or(Refusal::TokenMissing)
    }

    /// Client, user and address, for limits and audit. Without a token there is only the address.
    pub(super) fn requester(&self) -> Requester {
        let tokenless = || Requester { peer: self.peer, ..Requester::default() };
        self.caller.as_ref().map_or_else(tokenless, Caller::requester)
    }

    /// The [`Self::requester`], the request id, and whether the caller still waits.
    pub(super) fn context(&self) -> RequestContext {
        let (request_id, waiting) = (self.request_id, self.waiting.clone());
        RequestContext { requester: self.requester(), request_id, waiting }
    }

    /// The body as a typed value.
    pub(super) fn read_body<T: Shaped>(&self, state: &ApiState) -> Result<T, Rejection> {
        typed::body(&self.body, self.contract_context(state))
            .beside(self.query_faults.clone())
            .finish()
    }

    /// The query as a typed value.
    pub(super) fn read_query<T: Shaped>(&self, state: &ApiState) -> Checked<T> {
        typed::query(self.query.as_deref(), self.contract_context(state))
            .beside(self.query_faults.clone())
    }

    /// The path's first parameter as a typed value. Its name is the one that a fault has.
    pub(super) fn read_param<T: Shaped>(
        &self,
        name: &'static str,
        state: &ApiState,
    ) -> Result<T, Rejection> {
        typed::parameter(name, self.param(), self.contract_context(state))
            .beside(self.query_faults.clone())
            .finish()
    }

    /// A part of the query by itself, `None` if it is faulty. For a rule that needs no other parameter, and is told beside
    /// the faults of the others.
    pub(super) fn read_part<T: Shaped>(&self, state: &ApiState) -> Option<T> {
        typed::query(self.query.as_deref(), self.contract_context(state)).finish().ok()
    }

    /// The id at a place of the path's parameters, from 0 on. [`Refusal::NotFound`] for what is no id.
    pub(super) fn id_param<T>(&self, place: usize) -> Result<Id<T>, Refusal> {
        self.params.get(place).and_then(|text| Id::parse(text)).ok_or(Refusal::NotFound)
    }

    fn contract_context(&self, state: &ApiState) -> Context {
        let codes = Some(state.service.code_format());
        Context { now: self.now, codes, clear_secrets: false }
    }

    /// The path's first parameter; empty on rows without parameters.
    pub(super) fn param(&self) -> &str {
        self.params.first().map_or("", String::as_str)
    }
}
