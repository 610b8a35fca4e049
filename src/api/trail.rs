use std::time::Duration;

use hyper::{Method, StatusCode};

use super::body::BodyState;
use super::headers::Head;
use super::rejection::Rejection;
use super::routes::{Handler, Row};
use crate::service::Caller;

/// How far a request has come: for the end of it, and its line in the log.
#[derive(Default)]
pub(super) struct Trail {
    pub(super) row: Option<&'static Row>,
    pub(super) caller: Option<Caller>,
    pub(super) body: BodyState,
}

/// Methods that a log may name, beside those that only read: a caller can make up others, and say anything in them.
const KNOWN: [Method; 5] =
    [Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::CONNECT];

impl Trail {
    /// One line a request: the row, never the path, in which phones stand. What only read and succeeded is not worth
    /// a line at the usual level.
    pub(super) fn log(
        &self,
        head: &Head,
        method: &Method,
        status: StatusCode,
        rejection: Option<&Rejection>,
        took: Duration,
    ) {
        let reads = self.row.is_none_or(|row| matches!(row.handler, Handler::Read(_)));
        if rejection.is_none() && reads && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let route = self.row.map_or("-", |row| row.path);
        let status = status.as_u16();
        let client = self.caller.as_ref().map(|caller| caller.client_id.to_string());
        let client = client.as_deref().unwrap_or("-");
        let took_us = took.as_micros();
        let request_id = head.loggable_request_id();
        let method = if method.is_safe() || KNOWN.contains(method) { method.as_str() } else { "-" };
        match rejection.map(Rejection::kind) {
            Some(kind) => {
                tracing::info!(
                    method,
                    route,
                    status,
                    ?kind,
                    client,
                    request_id,
                    took_us,
                    "refused"
                );
            }
            None if reads => {
                tracing::debug!(method, route, status, client, request_id, took_us, "answered");
            }
            None => tracing::info!(method, route, status, client, request_id, took_us, "answered"),
        }
    }
}
