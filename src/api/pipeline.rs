//! The stages from a request to its answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use hyper::header::{CONNECTION, HOST, HeaderValue};
use serde_json::Value;

use super::dialect::Dialect;
use super::handler::{AsyncHandler, Call, Handler};
use super::openapi;
use super::refusal::Rejection;
use super::request::body::{Body, BodyProgress};
use super::request::head::{self, Head, RequestIds};
use super::request::origin::{ListenerKind, OriginPolicy};
use super::request::trusted_proxies::TrustedProxies;
use super::request::{accept, body, query};
use super::request_log::{self, RequestLog};
use super::response::{self, Success, envelope};
use super::route::{Access, Row, Surface};
use super::routes;
use super::state::{ApiState, Demo};
use crate::clock::Clock;
use crate::config::ShownSetting;
use crate::contract::Context;
use crate::domain::{Network, Peer, RequestOrigin, Timestamp};
use crate::entropy::{Entropy, NoEntropy};
use crate::http::{self, Params, Request, Response, Routed, Router, StreamLimiter};
use crate::otp::{CallerGuard, CallerStatus};
use crate::service::{Caller, NotAdmitted, Service};

/// The most streams at once. Each has at most 64 KiB under way, and its producer a page of rows.
const STREAMS: usize = 8;

/// The user id of root.
const ROOT: u32 = 0;

/// The API: answers the requests of all listeners.
pub struct Api {
    state: Arc<ApiState>,
    clock: Arc<dyn Clock>,
    origin_policy: OriginPolicy,
    proxies: TrustedProxies,
    request_ids: RequestIds,
    /// The rows of the internal listener.
    internal: Router<Row>,
    /// The rows of the public listener.
    public: Router<Row>,
    /// The rows of the Unix socket.
    administration: Router<Row>,
}

impl Api {
    /// An API in this `dialect`. `hosts` is the setting `server.hosts`, `proxies` the setting `public.trusted_proxies`.
    /// The rows of [`Surface::Demo`] are served only with a `demo`.
    pub fn new(
        service: Service,
        dialect: &'static Dialect,
        hosts: &[String],
        proxies: &[Network],
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
        demo: Option<Demo>,
    ) -> Result<Self, NoEntropy> {
        let is_demo = demo.is_some();
        let served = move |row: &&Row| match row.surface {
            Surface::Public | Surface::Internal => true,
            Surface::Demo => is_demo,
        };
        let internal = Router::new(routes::ROUTES.iter().filter(served));
        let is_public = |row: &&Row| row.surface == Surface::Public;
        let public = Router::new(routes::ROUTES.iter().filter(is_public));
        let administration =
            Router::new(routes::ROUTES.iter().filter(|row| row.is_administration()));
        let request_ids = RequestIds::start(entropy)?;
        let origins = demo.as_ref().map_or(&[][..], |demo| &demo.origins);
        let origin_policy = OriginPolicy::new(hosts, origins);
        let proxies = TrustedProxies::new(proxies);
        let otp = Arc::clone(&service.otp().config);
        let describe = move || {
            let described = routes::ROUTES.iter().filter(served);
            openapi::document(described, dialect, &otp).to_string().into()
        };
        let state = Arc::new(ApiState {
            service,
            dialect,
            demo,
            methods: routes::methods(),
            scopes: routes::scopes(),
            streams: StreamLimiter::new(STREAMS),
            openapi: LazyLock::new(Box::new(describe)),
            started_at: clock.now(),
            settings: OnceLock::new(),
            clock: Arc::clone(&clock),
            is_stopping: AtomicBool::new(false),
        });
        Ok(Self {
            state,
            clock,
            origin_policy,
            proxies,
            request_ids,
            internal,
            public,
            administration,
        })
    }

    /// Lets `GET /admin/status` show these settings. Only the first call counts.
    pub fn set_settings(&self, settings: Vec<ShownSetting>) {
        drop(self.state.settings.set(settings));
    }

    /// The service that handlers call.
    pub fn service(&self) -> &Service {
        &self.state.service
    }

    /// The node stops from now on. The log of a load that is cut then says so.
    pub fn stop(&self) {
        self.state.is_stopping.store(true, Ordering::Relaxed);
    }

    /// The answer of `GET /openapi.json`.
    pub fn openapi(&self) -> &[u8] {
        &self.state.openapi
    }

    /// Answers one request that came over a connection from `socket`. Every error is an envelope, also on rows that
    /// answer with another type.
    pub async fn answer(
        self: Arc<Self>,
        listener: ListenerKind,
        socket: Peer,
        mut request: Request,
    ) -> Response {
        // The clock is read once: all stages share this time.
        let now = self.clock.now();
        // The caller's name and address are read first, so that a refusal has them too.
        let head = Head::of(&request, listener.scheme(), &self.request_ids);
        let peer = match socket.address() {
            Some(address) => {
                self.proxies.warn_if_untrusted(listener, address, request.headers(), now);
                let caller = self.proxies.caller_address(listener, address, request.headers());
                caller.map(Peer::from)
            }
            None => Some(socket),
        };
        let mut log = RequestLog::of(peer, head.stored_request_id());
        let result = self.handle(listener, &mut request, now, &mut log).await;
        // The dialect words a rejection; handlers know neither statuses nor messages.
        let (mut response, rejection) = match result {
            Ok(answer) => (response::respond(&head, answer), None),
            Err(rejection) => {
                let operation = log.row.map(|row| row.operation);
                let error = self.state.dialect.word(&rejection, operation, now);
                (envelope::failure(&head, &error), Some(rejection))
            }
        };
        // The log has a line for each answer.
        let took = self.clock.now().since(now);
        if let Some(calls) = self.state.demo.as_ref().and_then(|demo| demo.calls.as_ref()) {
            calls(log.line(&request, response.status(), took));
        }
        log.log(&request, response.status(), rejection.as_ref(), took);
        // A body that a refused request leaves unread would be taken for the next request.
        if !log.body.can_reuse_connection(&mut request).await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Admits the request and calls its row's handler.
    async fn handle(
        &self,
        listener: ListenerKind,
        request: &mut Request,
        now: Timestamp,
        log: &mut RequestLog,
    ) -> Result<Success, Rejection> {
        // Everything before the body. A refused request costs no reading of it.
        let (row, params) = self.admit(listener, request, now, log)?;
        // Last what is wrong with the request itself: only an admitted caller learns it.
        let answer = accept::choose(request.headers(), row.answers)?;
        let context = Context { now, codes: None, clear_secrets: false };
        let query_faults = query::surplus(row.parameters, request.uri().query(), context);
        // A handler that reads values itself returns the faults of all parts at once.
        if !query_faults.is_empty() && !row.reads_values() {
            return Err(Rejection::Invalid(query_faults));
        }
        // The call, as the handler gets it.
        let host = request.headers().get(HOST).cloned();
        let query = request.uri().query().map(str::to_owned);
        let caller = log.caller.clone();
        let (peer, request_id, waiting) = (log.by.peer, log.request_id, CallerStatus::default());
        let call = Call {
            caller,
            peer,
            request_id,
            params,
            answer,
            host,
            query,
            query_faults,
            body: Value::Null,
            upload: None,
            now,
            waiting,
        };
        match row.handler {
            // A read answers at once.
            Handler::Sync(read) if row.body == Body::None => read(&self.state, &call),
            // The body comes first. Boxed, so that the futures of the many reads stay small.
            Handler::Sync(_) | Handler::Async(_) => {
                Box::pin(read_and_operate(Arc::clone(&self.state), request, log, row, call)).await
            }
        }
    }

    /// Finds the row and admits the caller. Fills `log` on the way, so that the line of a refusal has both.
    fn admit(
        &self,
        listener: ListenerKind,
        request: &Request,
        now: Timestamp,
        log: &mut RequestLog,
    ) -> Result<(&'static Row, Params), Rejection> {
        // Size, host and origin, before the path is looked up: a page of another site learns nothing about rows.
        http::check_size(request)?;
        self.ensure_may_use_socket(listener, now, log)?;
        self.origin_policy.check(listener, http::host(request)?, request.headers())?;
        // The row. Listeners with fewer rows have routers of their own, so other rows are unknown there.
        let router = match listener {
            ListenerKind::Internal => &self.internal,
            ListenerKind::Public { .. } => &self.public,
            ListenerKind::Socket { .. } => &self.administration,
        };
        let (row, params) = match router.find(request.method(), request.uri())? {
            Routed::Row(row, params) => (row, params),
            Routed::OtherMethods(methods) => return Err(Rejection::MethodNotAllowed(methods)),
            Routed::Nowhere => return Err(Rejection::RouteUnknown),
        };
        log.row = Some(row);
        http::check_demands(request)?;
        // The caller. Token and api-key may stand once each, also on rows without a scope.
        let credentials = head::credentials(request.headers(), log.by.peer, log.request_id)?;
        log.caller = match row.access {
            // The user id was checked above. A token that is shown all the same decides instead.
            Access::Scope(_) if is_socket(listener) && credentials.bearer.is_none() => None,
            Access::Scope(scope) => {
                // A token's expiry is a time of day, so the wall clock decides on it.
                let wall = self.clock.wall();
                let admitted = self.state.service.admit(credentials, scope, now, wall);
                Some(admitted.map_err(|NotAdmitted { refusal, by, client_name }| {
                    (log.by, log.client_name) = (by, client_name);
                    refusal
                })?)
            }
            Access::Anyone => None,
        };
        Ok((row, params))
    }

    /// Refuses a process on the Unix socket that runs as neither root nor this process's user.
    fn ensure_may_use_socket(
        &self,
        listener: ListenerKind,
        now: Timestamp,
        log: &RequestLog,
    ) -> Result<(), Rejection> {
        let ListenerKind::Socket { owner } = listener else { return Ok(()) };
        let uid = log.by.peer.and_then(Peer::uid);
        if uid.is_some_and(|uid| uid == ROOT || uid == owner) {
            return Ok(());
        }
        let origin = RequestOrigin { requester: log.by, request_id: log.request_id };
        Err(self.state.service.refuse_operator(origin, now).into())
    }
}

fn is_socket(listener: ListenerKind) -> bool {
    matches!(listener, ListenerKind::Socket { .. })
}

/// Reads the body and calls the handler. The row's deadline holds once for the body and once more for a handler that
/// waits; after it the answer is [`Rejection::BodyTooSlow`] or [`Rejection::TooSlow`].
async fn read_and_operate(
    state: Arc<ApiState>,
    request: &mut Request,
    log: &mut RequestLog,
    row: &Row,
    call: Call,
) -> Result<Success, Rejection> {
    // A body that can't be read does not hide the faults of the query.
    let before_the_body = |rejection| match &call.query_faults[..] {
        [] => rejection,
        faults => Rejection::Invalid(faults.to_vec()),
    };
    let body = body::read(request, row.body, row.max_body, row.deadline, &mut log.body).await;
    let body = body.map_err(before_the_body)?;
    let upload = match row.body {
        Body::Stream(stream) => {
            let upload = body::upload(request, stream, &state.streams, &mut log.body);
            Some(Box::new(upload.map_err(before_the_body)?))
        }
        Body::None | Body::Json(_) | Body::JsonWithEveryDigit | Body::AnyJson => None,
    };
    let call = Call { body, upload, ..call };
    match row.handler {
        Handler::Sync(handler) => handler(&state, &call),
        Handler::Async(handler) => operate(state, log, row, handler, call).await,
    }
}

/// Runs the operation in a task of its own, and waits for it.
async fn operate(
    state: Arc<ApiState>,
    log: &mut RequestLog,
    row: &Row,
    handler: &'static dyn AsyncHandler,
    call: Call,
) -> Result<Success, Rejection> {
    // Dropped with this future when the caller hangs up: work that has not begun by then is skipped.
    let (guard, waiting) = CallerGuard::start();
    let caller = call.caller.map(|caller| Caller { waiting: waiting.clone(), ..caller });
    let call = Call { caller, waiting, ..call };
    let (by, operation) = (call.requester(), row.operation);
    log.is_operated_on = true;
    // A task of its own: when the caller hangs up, the operation still ends, and its failure is still logged.
    let running = tokio::spawn(async move {
        let done = handler.call(state, call).await;
        done.inspect_err(|rejection| request_log::log_failure(rejection, Some(operation), by))
    });
    if matches!(row.body, Body::Stream(_)) {
        // The bounds of the stream hold instead. A refused one is not read to its end.
        let done = running.await.map_err(|_| Rejection::TooSlow).flatten();
        if done.is_err() {
            log.body = BodyProgress::Abandoned;
        }
        return done;
    }
    // After the deadline the caller gets an answer, so a guess that waits for its turn must not be compared any more.
    let done = tokio::time::timeout(row.deadline, running).await;
    if done.is_err() {
        guard.answer();
    }
    done.map_err(|_| Rejection::TooSlow)?.map_err(|_| Rejection::TooSlow)?
}
