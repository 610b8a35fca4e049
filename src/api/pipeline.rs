//! A request's way to its answer.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::header::{CONNECTION, HeaderValue};
use serde_json::Value;

use super::demo::Demo;
use super::dialect::Dialect;
use super::handler::{Call, Handler, HandlerFuture};
use super::refusal::Rejection;
use super::request::head::{self, Head};
use super::request::origin::{Door, ListenerKind};
use super::request::peers::Peers;
use super::request::request_id::RequestIds;
use super::request::{accept, body, query};
use super::request_log::{self, RequestLog};
use super::response::{Success, envelope};
use super::route::{Access, Row, Surface};
use super::routes;
use super::state::ApiState;
use crate::clock::Clock;
use crate::domain::{Network, Timestamp};
use crate::entropy::{Entropy, NoEntropy};
use crate::http::{self, Params, Request, Response, Routed, Router};
use crate::otp::{Waiter, Waiting};
use crate::service::{Caller, NotAdmitted, Service};

/// Answers requests.
pub struct Api {
    state: Arc<ApiState>,
    clock: Arc<dyn Clock>,
    door: Door,
    peers: Peers,
    request_ids: RequestIds,
    internal: Router<Row>,
    public: Router<Row>,
}

impl Api {
    /// Serves these methods in this dialect, to requests for these hosts, behind these proxies; the demo's own rows only with a [`Demo`].
    pub fn new(
        service: Service,
        dialect: &'static Dialect,
        hosts: &[String],
        proxies: &[Network],
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
        demo: Option<Demo>,
    ) -> Result<Self, NoEntropy> {
        let served = |row: &&Row| match row.surface {
            Surface::Public | Surface::Internal => true,
            Surface::Demo => demo.is_some(),
        };
        let internal = Router::new(routes::ROUTES.iter().filter(served));
        let is_public = |row: &&Row| row.surface == Surface::Public;
        let public = Router::new(routes::ROUTES.iter().filter(is_public));
        let request_ids = RequestIds::start(entropy)?;
        let origins = demo.as_ref().map_or(&[][..], |demo| &demo.origins);
        let door = Door::new(hosts, origins);
        let peers = Peers::behind(proxies);
        let state = Arc::new(ApiState { service, dialect, demo, scopes: routes::scopes() });
        Ok(Self { state, clock, door, peers, request_ids, internal, public })
    }

    /// The methods behind it.
    pub fn service(&self) -> &Service {
        &self.state.service
    }

    /// The answer to one request over a socket of this address: always an answer, always in the envelope.
    pub async fn answer(
        self: Arc<Self>,
        listener: ListenerKind,
        socket: IpAddr,
        mut request: Request,
    ) -> Response {
        let now = self.clock.now();
        let head = Head::of(&request, listener.scheme(), &self.request_ids);
        self.peers.warn_of_strangers(listener, socket, request.headers(), now);
        let peer = self.peers.peer(listener, socket, request.headers());
        let mut log = RequestLog::of(peer, head.kept_request_id());
        let result = self.handle(listener, &mut request, now, &mut log).await;
        let mut response = match &result {
            Ok(answer) => envelope::success(&head, answer),
            Err(rejection) => {
                let operation = log.row.map(|row| row.operation);
                envelope::failure(&head, &self.state.dialect.word(rejection, operation, now))
            }
        };
        let took = self.clock.now().since(now);
        if let Some(calls) = self.state.demo.as_ref().and_then(|demo| demo.calls.as_ref()) {
            calls(log.line(&request, response.status(), took));
        }
        log.log(&request, response.status(), result.err().as_ref(), took);
        if !log.body.is_gone(&mut request).await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    async fn handle(
        &self,
        listener: ListenerKind,
        request: &mut Request,
        now: Timestamp,
        log: &mut RequestLog,
    ) -> Result<Success, Rejection> {
        let (row, params) = self.admit(listener, request, now, log)?;
        let query = request.uri().query().map(str::to_owned);
        let caller = log.caller.clone();
        let (peer, request_id, waiting) = (log.by.peer, log.request_id, Waiting::default());
        let call =
            Call { caller, peer, request_id, params, query, body: Value::Null, now, waiting };
        match row.handler {
            Handler::Sync(read) => read(&self.state, &call),
            // On the heap, so that the many requests that only read carry nothing of it about.
            Handler::Async(operate) => {
                Box::pin(operate_on(Arc::clone(&self.state), request, log, row, operate, call))
                    .await
            }
        }
    }

    /// Up to the body: finds the row and admits the caller.
    fn admit(
        &self,
        listener: ListenerKind,
        request: &Request,
        now: Timestamp,
        log: &mut RequestLog,
    ) -> Result<(&'static Row, Params), Rejection> {
        http::check_size(request)?;
        self.door.admit(listener, http::host(request)?, request.headers())?;
        let router = match listener {
            ListenerKind::Internal => &self.internal,
            ListenerKind::Public { .. } => &self.public,
        };
        let (row, params) = match router.find(request.method(), request.uri())? {
            Routed::Row(row, params) => (row, params),
            Routed::OtherMethods(methods) => return Err(Rejection::MethodNotAllowed(methods)),
            Routed::Nowhere => return Err(Rejection::RouteUnknown),
        };
        log.row = Some(row);
        http::check_demands(request)?;
        let credentials = head::credentials(request.headers(), log.by.peer, log.request_id)?;
        log.caller = match row.access {
            Access::Scope(scope) => {
                let wall = self.clock.wall();
                let admitted = self.state.service.admit(credentials, scope, now, wall);
                Some(admitted.map_err(|NotAdmitted { refusal, by, client_name }| {
                    (log.by, log.client_name) = (by, client_name);
                    refusal
                })?)
            }
            Access::Anyone => None,
        };
        accept::must_take_json(request.headers())?;
        query::check(row.parameters, request.uri().query())?;
        Ok((row, params))
    }
}

/// Reads the body and waits for the operation.
async fn operate_on(
    state: Arc<ApiState>,
    request: &mut Request,
    log: &mut RequestLog,
    row: &Row,
    operate: fn(Arc<ApiState>, Call) -> HandlerFuture,
    call: Call,
) -> Result<Success, Rejection> {
    let body = body::read(request, row.body, row.max_body, row.deadline, &mut log.body).await?;
    // Kept until the caller has been answered, or has hung up: what is not begun by then need not be.
    let (waiter, waiting) = Waiter::start();
    let caller = call.caller.map(|caller| Caller { waiting: waiting.clone(), ..caller });
    let call = Call { caller, body, waiting, ..call };
    let (by, operation) = (call.requester(), row.operation);
    log.is_operated_on = true;
    // A task of its own: a caller who hangs up does not leave an operation half done, nor unseen what failed, unless
    // the process ends.
    let running = tokio::spawn(async move {
        let done = operate(state, call).await;
        done.inspect_err(|rejection| request_log::log_failure(rejection, Some(operation), by))
    });
    let done = tokio::time::timeout(row.deadline, running).await;
    if done.is_err() {
        waiter.answer();
    }
    done.map_err(|_| Rejection::TooSlow)?.map_err(|_| Rejection::TooSlow)?
}
