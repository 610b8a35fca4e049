//! One request to a gateway.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;
use std::pin::{Pin, pin};
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;
use tokio::time::Sleep;

use super::answer::GatewayAnswer;
use super::checked_connection::{CheckedConnector, ClosedBefore};
use super::digits::with_every_digit;
use super::tls;
use super::url_policy::{NameNotFound, Resolver, TargetRefused};
use super::withdrawable_body::{BodyClaim, WithdrawableBody};
use crate::config::GatewayConfig;
use crate::domain::DeliveryError;
use crate::sms::driver::SendError;

/// Servers close connections that have idled for five seconds and longer, commonly. A request that meets a close on its
/// way leaves open whether it was read, so connections are given up before.
const IDLE: Duration = Duration::from_secs(4);

/// The longest that a connection may take to come about.
const CONNECTING: Duration = Duration::from_secs(5);

/// How often a request is sent over connections that claim out to have ended: a gateway that ends every one is down.
const TRIES: usize = 3;

/// No answer is as long as this.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Calls a gateway: over connections that are kept for the next call, without following redirections, and never through
/// a proxy: variables such as `HTTPS_PROXY` are not read.
pub(super) struct HttpClient {
    client: Client<CheckedConnector, WithdrawableBody>,
    timeout: Duration,
    connecting: Duration,
}

/// There is no answer.
pub(super) enum CallError {
    /// For sure: nothing that could be acted on has left.
    NotSent(DeliveryError),
    /// The same, over a connection that had ended.
    ClosedBefore,
    /// The request had been begun.
    Ambiguous(DeliveryError),
}

impl HttpClient {
    pub(super) fn of(tls: rustls::ClientConfig, config: &GatewayConfig, timeout: Duration) -> Self {
        let connecting = CONNECTING.min(timeout / 2);
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(config.allow_local));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared among the addresses of a name, so that one that says nothing leaves time for the next.
        tcp.set_connect_timeout(Some(connecting));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
        let builder =
            if config.allow_http { builder.https_or_http() } else { builder.https_only() };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(CheckedConnector(builder.enable_http1().wrap_connector(tcp)));
        Self { client, timeout, connecting }
    }

    /// Sends a request, and reads what is said to it.
    pub(super) async fn call(&self, request: Request<Bytes>) -> Result<GatewayAnswer, CallError> {
        let mut over = pin!(tokio::time::sleep(self.timeout));
        let mut tries = TRIES;
        let response = loop {
            tries -= 1;
            match self.respond(&request, over.as_mut()).await {
                Err(CallError::ClosedBefore) if tries > 0 => {}
                responded => break responded?,
            }
        };
        let (head, body) = response.into_parts();
        let read = tokio::select! {
            read = read(body) => read,
            () = &mut over => Err(DeliveryError::TimedOut),
        };
        let (json, broken) = read.map_or_else(|broken| (None, Some(broken)), |json| (json, None));
        Ok(GatewayAnswer { status: head.status, headers: head.headers, json, broken })
    }

    async fn respond(
        &self,
        request: &Request<Bytes>,
        over: Pin<&mut Sleep>,
    ) -> Result<Response<Incoming>, CallError> {
        let (body, claim) = WithdrawableBody::of(request.body().clone());
        let responding = self.client.request(request.clone().map(|_| body));
        tokio::select! {
            response = responding => response.map_err(|error| missed(&error, &claim)),
            () = self.not_connecting(&claim) => Err(CallError::NotSent(DeliveryError::ConnectingTimedOut)),
            () = over => Err(claim.missed(DeliveryError::ConnectingTimedOut, DeliveryError::TimedOut)),
        }
    }

    /// Ends when the time for connecting is over and the request is not begun, which it can't be after that.
    async fn not_connecting(&self, claim: &BodyClaim) {
        tokio::time::sleep(self.connecting).await;
        if !claim.withdraw() {
            std::future::pending::<()>().await;
        }
    }
}

/// The JSON in a body, if it is some.
async fn read(body: Incoming) -> Result<Option<Value>, DeliveryError> {
    let read = Limited::new(body, LONGEST_ANSWER).collect().await;
    match read {
        Ok(whole) => {
            let bytes = whole.to_bytes();
            let text = str::from_utf8(&bytes).ok();
            Ok(text.and_then(|text| with_every_digit(text).ok()))
        }
        Err(error) if error.is::<LengthLimitError>() => Err(DeliveryError::Unintelligible),
        Err(_) => Err(DeliveryError::CutOff),
    }
}

impl BodyClaim {
    /// There is no answer: why, when nothing had left, or when something had.
    fn missed(&self, not_sent: DeliveryError, unclear: DeliveryError) -> CallError {
        if self.withdraw() { CallError::NotSent(not_sent) } else { CallError::Ambiguous(unclear) }
    }
}

fn missed(error: &ClientError, claim: &BodyClaim) -> CallError {
    // What the gateway is called and why it was not believed, but nothing that was to be sent.
    tracing::debug!(error = %causes(error), "the call of a gateway failed");
    if chain(error).any(<dyn Error>::is::<ClosedBefore>) {
        return CallError::ClosedBefore;
    }
    claim.missed(no_connection(error), no_answer(error))
}

fn no_connection(error: &ClientError) -> DeliveryError {
    if chain(error).any(<dyn Error>::is::<TargetRefused>) {
        return DeliveryError::TargetRefused;
    }
    if let Some(why) = chain(error).find_map(|error| error.downcast_ref()) {
        return tls::delivery_error(why);
    }
    if let Some(why) = chain(error).find_map(<dyn Error>::downcast_ref::<NameNotFound>) {
        return why.delivery_error();
    }
    if !error.is_connect() {
        return DeliveryError::Unreachable;
    }
    let io = chain(error).filter_map(<dyn Error>::downcast_ref::<io::Error>);
    // The one that was first tells: others are made of it.
    io.last().map_or(DeliveryError::Unreachable, |error| match error.kind() {
        // While connecting only TLS reads anything. (A reset says nothing of it: that can come before.)
        ErrorKind::UnexpectedEof => DeliveryError::NoTls,
        ErrorKind::ConnectionRefused => DeliveryError::ConnectionRefused,
        ErrorKind::TimedOut => DeliveryError::ConnectingTimedOut,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => DeliveryError::NoRoute,
        _ => DeliveryError::Unreachable,
    })
}

fn no_answer(error: &ClientError) -> DeliveryError {
    let is_rubbish = |error: &hyper::Error| error.is_parse();
    if chain(error).filter_map(<dyn Error>::downcast_ref).any(is_rubbish) {
        DeliveryError::Unintelligible
    } else {
        DeliveryError::CutOff
    }
}

/// An error and what caused it. An I/O error passes over the one that it is made of, so that is asked for by itself.
fn chain(error: &ClientError) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(Some(error as &(dyn Error + 'static)), |&error| {
        let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        within.map(|within| within as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn causes(error: &ClientError) -> String {
    chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl CallError {
    /// The reason, without what it means for a message.
    pub(super) fn into_delivery_error(self) -> DeliveryError {
        match self {
            Self::NotSent(error) | Self::Ambiguous(error) => error,
            Self::ClosedBefore => DeliveryError::Unreachable,
        }
    }
}

impl From<CallError> for SendError {
    fn from(missed: CallError) -> Self {
        match missed {
            CallError::NotSent(error) => Self::not_accepted(error),
            CallError::ClosedBefore => Self::not_accepted(DeliveryError::Unreachable),
            CallError::Ambiguous(error) => Self::Ambiguous(error),
        }
    }
}
