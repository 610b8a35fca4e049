//! A node: builds store, codes, delivery and methods, and runs them.
//!
//! - `maintenance`: the periodic work;
//! - `log_watch`: notes lost log lines in the audit.

mod log_watch;
mod maintenance;

use std::sync::Arc;
use std::time::Duration;

use log_watch::LogWatch;
use tokio::sync::oneshot;

use crate::api::{Api, Demo, ListenerKind, dialect};
use crate::audit::{AuditError, AuditLog, Recorder, RowMover};
use crate::clock::Clock;
use crate::config::Config;
use crate::entropy::{Entropy, NoEntropy};
use crate::http::{self, Listener, ServerLimits};
use crate::keyring::{Keyring, KeyringError};
use crate::log::LostLines;
use crate::otp::{CodePool, GuessSources, Hasher, Otp, PoolFiller};
use crate::service::Service;
use crate::sms::{Outbox, OutboxParts, SmsDriver, Worker, outbox};
use crate::store::{Store, StoreError};

/// How long the outbox still hands messages to drivers, once the node stops.
const LAST_CLAIMS: Duration = Duration::from_secs(2);

/// The time to store a driver's last result, after its time-out.
const LAST_WORD: Duration = Duration::from_secs(2);

/// How long the last code made ahead of need may take. Its thread does not keep the process from ending.
const LAST_CODE: Duration = Duration::from_secs(1);

/// The dependencies of a node.
pub struct Dependencies {
    /// The settings.
    pub config: Config,
    /// The store of the data directory.
    pub store: Store,
    /// The keys.
    pub keyring: Keyring,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The drivers of messages, in the order of choice.
    pub drivers: Vec<Arc<dyn SmsDriver>>,
    /// The parts that only a demo has.
    pub demo: Option<Demo>,
}

/// A node that is ready to run.
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
    /// Builds a node.
    pub fn build(parts: Dependencies) -> Result<Self, BuildError> {
        let Dependencies { config, store, keyring, clock, entropy, drivers, demo } = parts;
        let dialect = dialect::of(config.dialect);
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let sealer = keyring.sealer();
        let phone_key = keyring.phone_key(&store, &*entropy)?;
        let audit_log = AuditLog::open(store.clone(), keyring.anchor_keys(), clock.now())?;
        let audit_log = Arc::new(audit_log);
        let hasher = Hasher::start(keyring, config.otp.argon2, threads)?;
        let ready = CodePool::up_to(config.otp.ready);
        let filler = PoolFiller::start(&ready, &hasher, Arc::clone(&entropy), config.otp.format)?;
        let last_messages = config.sms.timeout + LAST_WORD;
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
        let audit = Arc::new(Recorder::new(store.clone()).with_phone_key(phone_key));
        let shut = outbox.clone();
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
            wrong_guesses: GuessSources::default(),
        };
        otp.clamp_limits(clock.now())?;
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
            outbox: shut,
            filler,
            clock,
            audit,
            audit_log,
            keep_audit,
            last_messages,
            lost_lines: LostLines::default(),
        })
    }

    /// Makes the node note in the audit how many lines this log loses.
    pub(crate) fn with_log(self, lost_lines: LostLines) -> Self {
        Self { lost_lines, ..self }
    }

    /// The API that answers requests.
    pub fn api(&self) -> &Arc<Api> {
        &self.api
    }

    /// Serves on these listeners until `stop` ends. Requests in flight are then answered, and their messages are sent.
    ///
    /// An error is the store's. The process must then end and start again.
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
        let (close, closing) = oneshot::channel::<()>();
        let mut sending =
            tokio::spawn(async move { worker.run(async { drop(closing.await) }).await });
        let (end, ended) = oneshot::channel::<()>();
        let recording = tokio::spawn(async move { audit.run(async { drop(ended.await) }).await });
        let mover = RowMover::of(Arc::clone(&audit_log), Arc::clone(&clock));
        let (last, is_last) = oneshot::channel::<()>();
        let keeping = tokio::spawn(async move { mover.run(async { drop(is_last.await) }).await });
        let maintaining =
            tokio::spawn(maintenance::maintain(store.clone(), audit_log, clock, keep_audit, watch));
        let mut failure = None;
        let stop = async {
            tokio::select! {
                () = stop => {}
                error = store.failed() => failure = Some(error),
            }
        };
        let answer =
            move |listener, peer, request| Arc::clone(&api).answer(listener, peer, request);
        http::serve(listeners, ServerLimits::default(), answer, stop).await;
        maintaining.abort();
        drop(maintaining.await);
        drop(tokio::time::timeout(LAST_CODE, filler.end()).await);
        // Not when the last hand on the outbox is gone: a connection that was cut off may keep one for long.
        drop(close);
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
        last_look.last_look();
        // After everybody who could still be refused.
        drop(end);
        drop(recording.await);
        drop(last);
        drop(keeping.await);
        failure.map_or(Ok(()), Err)
    }
}
