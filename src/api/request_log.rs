//! The log lines of a request: one when it is answered, and one more when a secret in it was wrong.

use std::net::IpAddr;
use std::time::Duration;

use hyper::{Method, StatusCode};
use tracing::field::display;

use super::handler::Handler;
use super::operation::Operation;
use super::refusal::Rejection;
use super::request::body::BodyState;
use super::route::Row;
use super::unknown_path;
use crate::domain::audit::{AuditEvent, GuessFault, RequestId};
use crate::domain::{ClientId, Refusal, Requester, mask_numbers};
use crate::http::Request;
use crate::service::Caller;

/// What is known of a request so far, for its line in the log.
pub(super) struct RequestLog {
    pub(super) row: Option<&'static Row>,
    pub(super) caller: Option<Caller>,
    /// The caller's `X-Request-ID`, if it is one that is kept.
    pub(super) request_id: Option<RequestId>,
    /// The caller, as far as known, when the request was not admitted.
    pub(super) by: Requester,
    /// The client's name, when the request was not admitted.
    pub(super) client_name: Option<String>,
    pub(super) body: BodyState,
    /// The operation has started. It logs its own failures.
    pub(super) is_operated_on: bool,
}

/// Methods that a log line may name, beside the safe ones. A caller can make up others, with any text in them.
const KNOWN: [Method; 5] =
    [Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::CONNECT];

/// The longest client name in a log line, in characters.
const LONGEST_NAME: usize = 64;

impl RequestLog {
    /// Starts the log of a request from this peer.
    pub(super) fn of(peer: Option<IpAddr>, request_id: Option<RequestId>) -> Self {
        Self {
            row: None,
            caller: None,
            request_id,
            by: Requester { peer, ..Requester::default() },
            client_name: None,
            body: BodyState::default(),
            is_operated_on: false,
        }
    }

    /// The short line of a demo's console: method, route (or the masked path if no row has it), status, milliseconds and
    /// request id.
    pub(super) fn line(&self, request: &Request, status: StatusCode, took: Duration) -> String {
        let method = loggable(request.method());
        let path = self.path_of_no_row(request).unwrap_or_default();
        let route = self.row.map_or(path.as_str(), |row| row.path);
        // CONNECT has no path.
        let route = if route.is_empty() { "-" } else { route };
        let (status, milliseconds) = (status.as_u16(), took.as_secs_f64() * 1000.0);
        let request_id = self.request_id.as_ref().map_or("-", RequestId::as_str);
        format!("{method} {route} {status} {milliseconds:.1} ms {request_id}")
    }

    /// Writes one line for the request. It names the row and not the path, since a path may hold a phone. A successful read
    /// has a line at level DEBUG only.
    pub(super) fn log(
        &self,
        request: &Request,
        status: StatusCode,
        rejection: Option<&Rejection>,
        took: Duration,
    ) {
        let reads = self.row.is_none_or(|row| matches!(row.handler, Handler::Sync(_)));
        if rejection.is_none() && reads && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let (method, status) = (loggable(request.method()), status.as_u16());
        let route = self.row.map_or("-", |row| row.path);
        let client = self.client_id().map(|id| id.to_string());
        let client = client.as_deref().unwrap_or("-");
        let client_name = self.client_name();
        // As a number: JSON has none of 128 bits.
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let request_id = self.request_id.map(display);
        let Some(rejection) = rejection else {
            if reads {
                tracing::debug!(
                    method,
                    route,
                    status,
                    client,
                    client_name,
                    request_id,
                    took_us,
                    "answered"
                );
            } else {
                tracing::info!(
                    method,
                    route,
                    status,
                    client,
                    client_name,
                    request_id,
                    took_us,
                    "answered"
                );
            }
            return;
        };
        let kind = rejection.kind();
        if !self.is_operated_on {
            let operation = self.row.map(|row| row.operation);
            log_failure(rejection, operation, self.by);
            if operation == Some(Operation::Receipts) {
                tracing::warn!(?kind, request_id, "receipts were refused unread");
            }
        }
        let path = self.path_of_no_row(request);
        let (host, setting) = match rejection {
            Rejection::HostUnknown(host) => (Some(host.as_str()), Some("server.hosts")),
            _ => (None, None),
        };
        tracing::info!(
            method,
            route,
            path,
            status,
            ?kind,
            reason = rejection.reason(),
            host,
            setting,
            client,
            client_name,
            request_id,
            took_us,
            "refused"
        );
    }

    /// The masked path, if no row was found for it.
    fn path_of_no_row(&self, request: &Request) -> Option<String> {
        self.row.is_none().then(|| unknown_path::masked(request.uri().path()))
    }

    /// The client's name, cut, masked and without control characters, so that it stays on its line.
    fn client_name(&self) -> Option<String> {
        let admitted = self.caller.as_ref().map(|caller| &caller.client_name);
        let name = admitted.or(self.client_name.as_ref())?;
        let plain = name.chars().take(LONGEST_NAME);
        Some(mask_numbers(&plain.map(|c| if c.is_control() { '?' } else { c }).collect::<String>()))
    }

    fn client_id(&self) -> Option<ClientId> {
        self.caller.as_ref().map(|caller| caller.client_id).or(self.by.client_id)
    }
}

fn loggable(method: &Method) -> &str {
    if method.is_safe() || KNOWN.contains(method) { method.as_str() } else { "-" }
}

/// Logs one more line for a wrong token, api-key, code or gateway's secret. Programs such as fail2ban read it to shut out
/// addresses with many of them. The line always has the same form and no text of the caller's; systemd/PROXIES.md has it.
pub(super) fn log_failure(rejection: &Rejection, operation: Option<Operation>, by: Requester) {
    let Some(event) = event(rejection, operation) else { return };
    let Some(shown) = event.failed() else { return };
    let (what, reason) = (shown.word(), event.reason().unwrap_or("-"));
    let client = by.client_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let Some(peer) = by.peer else {
        // A reader of the line finds no address here.
        tracing::warn!(%what, %reason, %client, "authentication failed, peer unknown");
        return;
    };
    tracing::warn!(%peer, %what, %reason, %client, "authentication failed");
}

fn event(rejection: &Rejection, operation: Option<Operation>) -> Option<AuditEvent> {
    let refusal = match (rejection, operation) {
        (Rejection::Refused(refusal), _) => refusal,
        // Without a gateway's secret there is nothing here.
        (Rejection::RouteUnknown, Some(Operation::Receipts)) => {
            return Some(AuditEvent::ReceiptsRefused);
        }
        _ => return None,
    };
    match (refusal, operation) {
        // A code for a phone that none was sent to.
        (Refusal::NotFound, Some(Operation::Complete | Operation::InternalComplete)) => {
            Some(AuditEvent::GuessRefused(GuessFault::NoCode))
        }
        (refusal, _) => AuditEvent::of(refusal),
    }
}
