//! The methods over HTTP.
//!
//! A request's way: [`Api::answer`] finds its row in [`routes`], reads the clock once, admits the caller, reads the
//! body; the row's handler parses, calls the service and makes a view. What goes wrong anywhere on the way is a
//! [`Rejection`], and one place, the [`dialect`], gives it a status and words.

mod authentication_factor;
mod demo;
pub mod dialect;
mod door;
mod envelope;
mod headers;
mod health;
mod person_requests;
mod rejection;
mod request_id;
pub mod routes;
mod validation;
mod verifications;

use std::sync::Arc;

pub use demo::Demo;
use dialect::Dialect;
use door::Door;
use envelope::Answer;
use headers::Head;
pub use headers::Scheme;
use hyper::Method;
pub use rejection::{Kind, Rejection};
use request_id::RequestIds;
use routes::{Access, Body, Call, Handler, Operating, Row, Surface};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::entropy::{Entropy, NoEntropy};
use crate::http::{BodyFault, Params, Request, Response, Routed, Router, read_body};
use crate::service::{Caller, Service};

/// Answers requests.
pub struct Api {
    service: Service,
    dialect: &'static Dialect,
    clock: Arc<dyn Clock>,
    door: Door,
    request_ids: RequestIds,
    router: Router<Row>,
    demo: Option<Demo>,
}

/// Methods that a log may name, beside those that only read: a caller can make up others, and say anything in them.
const KNOWN: [Method; 5] =
    [Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::CONNECT];

/// How far a request has come, for its line in the log.
#[derive(Default)]
struct Trail {
    row: Option<&'static Row>,
    caller: Option<Caller>,
}

impl Api {
    /// Serves these methods in this dialect, to requests for these hosts; the demo's own rows only with a [`Demo`].
    pub fn new(
        service: Service,
        dialect: &'static Dialect,
        hosts: &[String],
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
        demo: Option<Demo>,
    ) -> Result<Self, NoEntropy> {
        let served = |row: &&Row| match row.surface {
            Surface::Public | Surface::Internal => true,
            Surface::Demo => demo.is_some(),
        };
        let router = Router::new(routes::ROUTES.iter().filter(served));
        let request_ids = RequestIds::start(entropy)?;
        let door = Door::new(hosts);
        Ok(Self { service, dialect, clock, door, request_ids, router, demo })
    }

    /// The methods behind it.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// The answer to one request: always an answer, always in the envelope.
    pub async fn answer(self: Arc<Self>, request: Request) -> Response {
        let now = self.clock.now();
        let head = Head::of(&request, Scheme::Http, &self.request_ids);
        let method = request.method().clone();
        let mut trail = Trail::default();
        let result = self.handle(request, now, &mut trail).await;
        let response = match &result {
            Ok(answer) => envelope::success(&head, answer),
            Err(rejection) => {
                let operation = trail.row.map(|row| row.operation);
                envelope::failure(&head, &self.dialect.word(rejection, operation, now))
            }
        };
        self.log(&head, &method, &trail, &response, result.err().as_ref(), now);
        response
    }

    /// Up to the body: finds the row and admits the caller.
    fn admit(
        &self,
        request: &Request,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<(&'static Row, Params), Rejection> {
        self.door.admit(request.headers())?;
        let (row, params) = match self.router.find(request.method(), request.uri().path())? {
            Routed::Row(row, params) => (row, params),
            Routed::OtherMethods(methods) => return Err(Rejection::MethodNotAllowed(methods)),
            Routed::Nowhere => return Err(Rejection::RouteUnknown),
        };
        trail.row = Some(row);
        let credentials = headers::credentials(request.headers())?;
        trail.caller = match row.access {
            Access::Scope(scope) => Some(self.service.admit(credentials, scope, now)?),
            Access::Anyone => None,
        };
        Ok((row, params))
    }

    async fn handle(
        self: &Arc<Self>,
        request: Request,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<Answer, Rejection> {
        let (row, params) = self.admit(&request, now, trail)?;
        let query = request.uri().query().map(str::to_owned);
        let call = Call { caller: trail.caller.clone(), params, query, body: Value::Null, now };
        match row.handler {
            Handler::Read(read) => read(self, &call),
            // On the heap, so that the many requests that only read carry nothing of it about.
            Handler::Operate(operate) => {
                Box::pin(operate_on(Arc::clone(self), request, row, operate, call)).await
            }
        }
    }

    /// One line a request: the row, never the path, in which phones stand. What only read and succeeded is not worth
    /// a line at the usual level.
    fn log(
        &self,
        head: &Head,
        method: &Method,
        trail: &Trail,
        response: &Response,
        rejection: Option<&Rejection>,
        started: Timestamp,
    ) {
        let reads = trail.row.is_none_or(|row| matches!(row.handler, Handler::Read(_)));
        if rejection.is_none() && reads && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let route = trail.row.map_or("-", |row| row.path);
        let status = response.status().as_u16();
        let client = trail.caller.as_ref().map(|caller| caller.client_id.to_string());
        let client = client.as_deref().unwrap_or("-");
        let took_us = self.clock.now().since(started).as_micros();
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

/// Reads the body and waits for the operation.
async fn operate_on(
    api: Arc<Api>,
    request: Request,
    row: &Row,
    operate: fn(Arc<Api>, Call) -> Operating,
    call: Call,
) -> Result<Answer, Rejection> {
    let call = Call { body: body(request, row).await?, ..call };
    // A task of its own: a caller who hangs up does not leave an operation half done.
    let running = tokio::spawn(operate(api, call));
    let done = tokio::time::timeout(row.deadline, running).await;
    done.map_err(|_| Rejection::TooSlow)?.map_err(|_| Rejection::TooSlow)?
}

/// The body as JSON; an empty one is `{}`.
async fn body(request: Request, row: &Row) -> Result<Value, Rejection> {
    let parse: fn(&str) -> serde_json::Result<Value> = match row.body {
        Body::None => return Ok(Value::Null),
        Body::Json => |text| serde_json::from_str(text),
        // Numbers beyond our types and lists of any depth are JSON too, as long as nobody looks.
        Body::AnyJson => |text| serde_json::from_str(text).map(|IgnoredAny| Value::Null),
    };
    headers::must_be_json(request.headers())?;
    let bytes = read_body(request.into_body(), row.max_body, row.deadline).await;
    let bytes = bytes.map_err(|fault| match fault {
        BodyFault::TooLarge => Rejection::BodyTooLarge,
        BodyFault::TooSlow => Rejection::BodyTooSlow,
        BodyFault::Broken => Rejection::BodyMalformed,
    })?;
    if bytes.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let text = str::from_utf8(&bytes).map_err(|_| Rejection::BodyMalformed)?;
    parse(text).map_err(|_| Rejection::BodyMalformed)
}
