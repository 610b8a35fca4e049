//! The log lines of a request: `answered` or `refused`, and `authentication failed` when a secret in it was wrong.

use std::time::Duration;

use hyper::{Method, StatusCode};
use tracing::field::display;

use super::operation::Operation;
use super::refusal::Rejection;
use super::request::body::BodyProgress;
use super::route::Row;
use super::unknown_path;
use crate::domain::audit::{AuditEvent, GuessFault, RequestId};
use crate::domain::{ClientId, Peer, Refusal, Requester, mask_numbers};
use crate::http::Request;
use crate::service::Caller;

/// The facts about a request that its log line needs. The pipeline fills them in as it learns them.
pub(super) struct RequestLog {
    /// The row, once the path was found.
    pub(super) row: Option<&'static Row>,
    /// The caller, once admitted.
    pub(super) caller: Option<Caller>,
    /// The request id as `Head::stored_request_id` returns it.
    pub(super) request_id: Option<RequestId>,
    /// Client, user and address of a caller who was not admitted, as far as known.
    pub(super) by: Requester,
    /// The name of that caller's client.
    pub(super) client_name: Option<String>,
    /// How far the body was read.
    pub(super) body: BodyProgress,
    /// Whether the operation has started. Its task logs its own `authentication failed`.
    pub(super) is_operated_on: bool,
}

/// Methods that a log line may name, beside `GET`, `HEAD`, `OPTIONS` and `TRACE`. Any other method is the caller's own
/// text.
const KNOWN: [Method; 5] =
    [Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::CONNECT];

/// The longest client name in a log line, in characters.
const LONGEST_NAME: usize = 64;

impl RequestLog {
    /// The log of a request that has only a peer and an id yet.
    pub(super) fn of(peer: Option<Peer>, request_id: Option<RequestId>) -> Self {
        Self {
            row: None,
            caller: None,
            request_id,
            by: Requester { peer, ..Requester::default() },
            client_name: None,
            body: BodyProgress::default(),
            is_operated_on: false,
        }
    }

    /// The line on the demo's console: method, route (or the masked path if no row has it), status, milliseconds,
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

    /// Writes the line `answered` or `refused`. It has the row's path and not the request's, which may hold a phone. A
    /// successful read is logged at level DEBUG only.
    pub(super) fn log(
        &self,
        request: &Request,
        status: StatusCode,
        rejection: Option<&Rejection>,
        took: Duration,
    ) {
        // A read changes nothing. While DEBUG is off, a successful one has no line.
        let reads = self.row.is_none_or(Row::is_read);
        if rejection.is_none() && reads && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let (method, status) = (loggable(request.method()), status.as_u16());
        let route = self.row.map_or("-", |row| row.path);
        let client = self.client_id().map(|id| id.to_string());
        let client = client.as_deref().unwrap_or("-");
        let client_name = self.client_name();
        let peer = self.by.peer.and_then(Peer::address).map(display);
        let uid = self.by.peer.and_then(Peer::uid);
        // The JSON form of the log has no numbers of 128 bits.
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
                    peer,
                    uid,
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
                    peer,
                    uid,
                    request_id,
                    took_us,
                    "answered"
                );
            }
            return;
        };
        // A secret that was wrong before the operation started: its own line for fail2ban comes first.
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
            peer,
            uid,
            request_id,
            took_us,
            "refused"
        );
    }

    /// The masked path of a request that has no row.
    fn path_of_no_row(&self, request: &Request) -> Option<String> {
        self.row.is_none().then(|| unknown_path::masked(request.uri().path()))
    }

    /// The client's name for the log: at most [`LONGEST_NAME`] characters, digits masked that may be a phone, and `?`
    /// for a control character such as a line break.
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

/// Logs `authentication failed` for a wrong token, api-key, code or gateway's secret. fail2ban and similar programs
/// read this line and block addresses that cause many. Its form never changes, and it has no text of the caller's.
/// `systemd/PROXIES.md` documents it.
pub(super) fn log_failure(rejection: &Rejection, operation: Option<Operation>, by: Requester) {
    let Some(event) = event(rejection, operation) else { return };
    let Some(shown) = event.failed() else { return };
    let (what, reason) = (shown.word(), event.reason().unwrap_or("-"));
    let client = by.client_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let Some(peer) = by.peer.and_then(Peer::address) else {
        // Without an address there is nothing to block, so the line has another text.
        tracing::warn!(%what, %reason, %client, "authentication failed, peer unknown");
        return;
    };
    tracing::warn!(%peer, %what, %reason, %client, "authentication failed");
}

/// The audit event of a rejection; `None` if no secret was wrong.
fn event(rejection: &Rejection, operation: Option<Operation>) -> Option<AuditEvent> {
    let refusal = match (rejection, operation) {
        (Rejection::Refused(refusal), _) => refusal,
        // A wrong secret of a gateway is answered like an unknown path.
        (Rejection::RouteUnknown, Some(Operation::Receipts)) => {
            return Some(AuditEvent::ReceiptsRefused);
        }
        _ => return None,
    };
    match (refusal, operation) {
        // A guess for a phone to which no code was sent.
        (Refusal::NotFound, Some(Operation::Complete | Operation::InternalComplete)) => {
            Some(AuditEvent::GuessRefused(GuessFault::NoCode))
        }
        (refusal, _) => AuditEvent::of(refusal),
    }
}
