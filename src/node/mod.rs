//! A [`Node`] builds the parts that serve requests from its [`Dependencies`], and runs them until it is stopped.
//!
//! - `maintenance`: the periodic work: marks, sweeps, old files of audit;
//! - `log_watch`: adds lost log lines to the audit.

mod log_watch;
mod maintenance;

use std::sync::Arc;
use std::time::Duration;

use log_watch::LogWatch;
use tokio::sync::oneshot;

use crate::api::{Api, Demo, ListenerKind, dialect};
use crate::audit::{AuditError, AuditLog, Recorder, RowMover};
use crate::clock::Clock;
use crate::config::{Config, ShownSetting};
use crate::entropy::{Entropy, NoEntropy};
use crate::http::{self, Listener, ServerLimits};
use crate::keyring::{Keyring, KeyringError};
use crate::log::LostLines;
use crate::otp::{CodePool, Hasher, Otp, PoolFiller};
use crate::service::Service;
use crate::sms::{Outbox, OutboxParts, SmsDriver, Worker, outbox};
use crate::store::{Store, StoreError};

/// The time after the stop during which the outbox still hands messages to drivers.
const LAST_CLAIMS: Duration = Duration::from_secs(2);

/// The time to store the result of a driver's last call, after the time-out of the call.
const LAST_RESULT: Duration = Duration::from_secs(2);

/// The time that the `PoolFiller` has for its last hash. Its thread does not keep the process from ending.
const LAST_CODE: Duration = Duration::from_secs(1);

/// The parts that a node is built from. `serve` and `demo` make them; tests pass a hand clock and their own drivers.
pub struct Dependencies {
    /// The checked settings.
    pub config: Config,
    /// The open store of the data directory.
    pub store: Store,
    /// The keyring, already compared with the store (`Keyring::check`).
    pub keyring: Keyring,
    /// The source of time for codes, limits and audit.
    pub clock: Arc<dyn Clock>,
    /// The source of random bytes for codes, ids and salts.
    pub entropy: Arc<dyn Entropy>,
    /// The drivers, in the order of `sms.drivers`. At least one.
    pub drivers: Vec<Arc<dyn SmsDriver>>,
    /// The gateway and the world of a demo. `None` under `serve`.
    pub demo: Option<Demo>,
}

/// A node that is built and not running yet: [`Node::run`] serves requests.
pub struct Node {
    api: Arc<Api>,
    store: Store,
    worker: Worker,
    outbox: Outbox,
    filler: PoolFiller,
    clock: Arc<dyn Clock>,
    audit: Arc<Recorder>,
    audit_log: Arc<AuditLog>,
    keep_audit: Duration,
    last_messages: Duration,
    lost_lines: LostLines,
}

/// The reason why a node could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The system gave no random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The system gave no threads.
    #[error("cannot start the threads that make and hash codes: {0}")]
    NoThreads(#[from] std::io::Error),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring does not fit the data directory.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The log of audit can't be continued.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl Node {
    /// Builds a node and recovers what an earlier process left: interrupted messages, and limits after a change of the clock.
    ///
    /// Starts the threads that hash codes. Sends and serves nothing yet.
    pub fn build(parts: Dependencies) -> Result<Self, BuildError> {
        let Dependencies { config, store, keyring, clock, entropy, drivers, demo } = parts;
        let dialect = dialect::of(config.dialect);
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);

        // Audit: the log continues the files with an anchor of the newest key.
        let sealer = keyring.sealer();
        let phone_key = keyring.phone_key(&store, &*entropy)?;
        let audit_log = AuditLog::open(store.clone(), keyring.anchor_keys(), clock.now())?;
        let audit_log = Arc::new(audit_log);
        let audit = Arc::new(Recorder::new(store.clone()).with_phone_key(phone_key));

        // Codes: one pool of threads hashes them, and the filler keeps ready codes in stock.
        let hasher = Hasher::start(keyring, config.otp.argon2, threads)?;
        let ready = CodePool::up_to(config.otp.ready);
        let filler = PoolFiller::start(&ready, &hasher, Arc::clone(&entropy), config.otp.format)?;

        // Messages: the worker takes them from the outbox. Recovery finds those that were being submitted.
        let last_messages = config.sms.timeout + LAST_RESULT;
        for driver in &drivers {
            let (name, host) = (driver.name(), driver.host());
            tracing::info!(driver = name, host, "messages go through {name}");
        }
        let (outbox, worker) = outbox(OutboxParts {
            store: store.clone(),
            sealer,
            drivers,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            config: config.sms,
        });
        outbox.recover(clock.now())?;
        let stopping_outbox = outbox.clone();

        // One-time codes: limits that lie in the future after a change of the clock are clamped to now.
        let otp = Otp {
            store: store.clone(),
            hasher,
            ready,
            entropy: Arc::clone(&entropy),
            outbox,
            config: Arc::new(config.otp),
            limits: Arc::new(config.limits),
            pending: Arc::default(),
            audit: Arc::clone(&audit),
            wrong_guesses: Arc::default(),
        };
        otp.clamp_limits(clock.now())?;

        // Methods, and the API in front of them.
        let (order, requests) = (dialect.order, config.person_requests);
        let (recorder, log) = (Arc::clone(&audit), Arc::clone(&audit_log));
        let service = Service::new(store.clone(), otp, recorder, log, order, requests);
        let (hosts, proxies) = (&config.server.hosts, &config.public.trusted_proxies);
        let api = Api::new(service, dialect, hosts, proxies, Arc::clone(&clock), &*entropy, demo)?;
        let keep_audit = config.audit.keep;
        Ok(Self {
            api: Arc::new(api),
            store,
            worker,
            outbox: stopping_outbox,
            filler,
            clock,
            audit,
            audit_log,
            keep_audit,
            last_messages,
            lost_lines: LostLines::default(),
        })
    }

    /// Lets the node write the count of lost log lines to the audit.
    pub(crate) fn with_log(self, lost_lines: LostLines) -> Self {
        Self { lost_lines, ..self }
    }

    /// Lets the report of the node's state show the settings and their sources.
    pub(crate) fn with_settings(self, settings: Vec<ShownSetting>) -> Self {
        self.api.set_settings(settings);
        self
    }

    /// The API, for tests that call it without a listener.
    pub fn api(&self) -> &Arc<Api> {
        &self.api
    }

    /// Serves on these listeners until `stop` ends or the store fails. Requests in flight are then answered, and their
    /// messages are sent, within `LAST_CLAIMS` and the time-out of a driver.
    ///
    /// # Errors
    ///
    /// The store failed to write. The process must end: only a new start can tell what is on the disk.
    pub async fn run(
        self,
        listeners: Vec<Listener<ListenerKind>>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), StoreError> {
        let Self { api, store, mut worker, outbox, filler, clock, audit, audit_log, .. } = self;
        let (keep_audit, last_messages) = (self.keep_audit, self.last_messages);
        let watch = LogWatch {
            lost_lines: self.lost_lines,
            clock: Arc::clone(&clock),
            audit: Arc::clone(&audit),
        };
        let last_look = watch.clone();

        // Start the background tasks. Each one ends after its channel is dropped: the worker of messages, the recorder
        // that writes refusals to the store, and the mover that moves rows of audit to files.
        let (stop_worker, worker_stops) = oneshot::channel::<()>();
        let mut sending =
            tokio::spawn(async move { worker.run(async { drop(worker_stops.await) }).await });
        let (stop_recorder, recorder_stops) = oneshot::channel::<()>();
        let recording =
            tokio::spawn(async move { audit.run(async { drop(recorder_stops.await) }).await });
        let mover = RowMover::of(Arc::clone(&audit_log), Arc::clone(&clock));
        let (stop_mover, mover_stops) = oneshot::channel::<()>();
        let moving =
            tokio::spawn(async move { mover.run(async { drop(mover_stops.await) }).await });
        let maintaining =
            tokio::spawn(maintenance::maintain(store.clone(), audit_log, clock, keep_audit, watch));

        // Serve until the caller stops the node or the store fails. `serve` returns when the last request is answered.
        let mut failure = None;
        let stopping = Arc::clone(&api);
        let stop = async {
            tokio::select! {
                () = stop => {}
                error = store.failed() => failure = Some(error),
            }
            stopping.stop();
        };
        let answer =
            move |listener, peer, request| Arc::clone(&api).answer(listener, peer, request);
        http::serve(listeners, ServerLimits::default(), answer, stop).await;

        // Stop what only helps requests: maintenance and the stock of codes.
        maintaining.abort();
        drop(maintaining.await);
        drop(tokio::time::timeout(LAST_CODE, filler.end()).await);

        // Send the last messages: first all that wait, then only those already at a driver. The channel stops the worker,
        // since a connection that was cut off may still hold the outbox.
        drop(stop_worker);
        let mut is_done = tokio::time::timeout(LAST_CLAIMS, &mut sending).await.is_ok();
        if !is_done {
            outbox.shut();
            is_done = tokio::time::timeout(last_messages, &mut sending).await.is_ok();
        }
        if !is_done {
            tracing::warn!("messages are left that could not be sent in time");
            sending.abort();
            drop(sending.await);
        }

        // Write the last rows of audit, after all tasks that could add one: refusals to the store, then rows to files.
        last_look.last_look();
        drop(stop_recorder);
        drop(recording.await);
        drop(stop_mover);
        drop(moving.await);
        failure.map_or(Ok(()), Err)
    }
}
