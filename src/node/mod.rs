//! A node: store, codes, delivery and methods put together, and run.
//!
//! - `maintenance`: what is done from time to time;
//! - `log_watch`: what the audit has of a log that loses lines.

mod log_watch;
mod maintenance;

use std::sync::Arc;
use std::time::Duration;

use log_watch::LogWatch;
use tokio::sync::oneshot;

use crate::api::{Api, Demo, ListenerKind, dialect};
use crate::audit::{AuditError, AuditLog, Keeper, Recorder};
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

/// How long messages are still taken to drivers once the node is to stop.
const LAST_CLAIMS: Duration = Duration::from_secs(2);

/// A driver has its time-out for what it has then, and what came of it is kept.
const LAST_WORD: Duration = Duration::from_secs(2);

/// How long the last code made ahead of need may take. Its thread keeps nobody from ending the process.
const LAST_CODE: Duration = Duration::from_secs(1);

/// What a node is made of.
pub struct Dependencies {
    /// Its settings.
    pub config: Config,
    /// Its data.
    pub store: Store,
    /// Its keys.
    pub keyring: Keyring,
    /// Its time.
    pub clock: Arc<dyn Clock>,
    /// Its chance.
    pub entropy: Arc<dyn Entropy>,
    /// What sends its messages, the first choice first.
    pub drivers: Vec<Arc<dyn SmsDriver>>,
    /// What it has if it is a demo.
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

/// Why a node could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// No threads for argon2.
    #[error("cannot start the threads that make and hash codes: {0}")]
    NoThreads(#[from] std::io::Error),
    /// The store can't be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys don't open what the directory keeps secret.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The log of audit can't be written on.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl Node {
    /// Puts a node together.
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

    /// The same, which writes down how many lines this log loses.
    pub(crate) fn with_log(self, lost_lines: LostLines) -> Self {
        Self { lost_lines, ..self }
    }

    /// What answers.
    pub fn api(&self) -> &Arc<Api> {
        &self.api
    }

    /// Serves on these listeners until `stop` ends; requests in flight are answered and their messages sent first.
    ///
    /// An error is the store's: the process must end, and be started again.
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
        let keeper = Keeper::of(Arc::clone(&audit_log), Arc::clone(&clock));
        let (last, is_last) = oneshot::channel::<()>();
        let keeping = tokio::spawn(async move { keeper.run(async { drop(is_last.await) }).await });
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
