//! The methods on a real store, without sockets: for what is done a hundred thousand times.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use esoz_otp::api::dialect;
use esoz_otp::audit::{AuditLog, Recorder};
use esoz_otp::clock::{Clock as _, ManualClock};
use esoz_otp::config::{Argon2Cost, Config};
use esoz_otp::domain::{DeliveryError, Timestamp};
use esoz_otp::entropy::Entropy;
use esoz_otp::otp::{CodePool, Hasher, Otp, PoolFiller};
use esoz_otp::service::Service;
use esoz_otp::sms::{Accepted, OutboxParts, SendError, SendFuture, SmsDriver, SmsMessage, outbox};
use esoz_otp::store::Store;
use rustix::fs::statvfs;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::keyring;
use crate::support::patience::PATIENCE;

/// The least that argon2 takes.
pub(super) const CHEAPEST: Argon2Cost = Argon2Cost { memory_kib: 8, passes: 1 };

/// Room for the few stores that are open at once.
const ROOM: u64 = 512 * 1024 * 1024;

/// A folder for a store of which nothing is to outlive the machine: in memory where there is room, so that a hundred
/// thousand writes keep no other test waiting for the disk.
pub(super) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let has_room = statvfs(memory).is_ok_and(|it| it.f_bavail * it.f_frsize > ROOM);
    let folder = if has_room { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.unwrap()
}

/// The methods, and what they send.
pub(super) struct Direct {
    pub(super) service: Arc<Service>,
    pub(super) store: Store,
    pub(super) messages: UnboundedReceiver<SmsMessage>,
    /// Whether the driver refuses what it is shown.
    refuses: Arc<AtomicBool>,
    /// What the worker goes by; the methods are told the time.
    clock: Arc<ManualClock>,
    filler: PoolFiller,
    close: oneshot::Sender<()>,
    sending: JoinHandle<()>,
}

impl Direct {
    /// Starts them in the runtime that this is called in, which then sends the messages. The one place in the suite where
    /// they are put together without a node.
    pub(super) fn start(
        store: Store,
        config: Config,
        entropy: Arc<dyn Entropy>,
        now: Timestamp,
    ) -> Self {
        let keyring = keyring();
        let anchor_keys = keyring.anchor_keys();
        let sealer = keyring.sealer();
        let hasher = Hasher::start(keyring, config.otp.argon2, 1).unwrap();
        let ready = CodePool::up_to(config.otp.ready);
        let format = config.otp.format;
        let filler = PoolFiller::start(&ready, &hasher, Arc::clone(&entropy), format).unwrap();
        let (tell, messages) = unbounded_channel();
        let refuses = Arc::new(AtomicBool::new(false));
        let driver = ReceiptBatch { tell, refuses: Arc::clone(&refuses) };
        let clock = Arc::new(ManualClock::at(now));
        let (outbox, mut worker) = outbox(OutboxParts {
            store: store.clone(),
            sealer,
            drivers: vec![Arc::new(driver)],
            clock: clock.clone(),
            entropy: Arc::clone(&entropy),
            config: config.sms,
        });
        outbox.recover(now).unwrap();
        let (close, closing) = oneshot::channel();
        let sending = tokio::spawn(async move { worker.run(async { drop(closing.await) }).await });
        let log = AuditLog::open(store.clone(), anchor_keys, now).unwrap();
        let audit = Arc::new(Recorder::new(store.clone()));
        let otp = Otp {
            store: store.clone(),
            hasher,
            ready,
            entropy,
            outbox,
            config: Arc::new(config.otp),
            limits: Arc::new(config.limits),
            pending: Arc::default(),
            audit: Arc::clone(&audit),
            wrong_guesses: Arc::default(),
        };
        otp.clamp_limits(now).unwrap();
        let order = dialect::of(config.dialect).order;
        let requests = config.person_requests;
        let service = Service::new(store.clone(), otp, audit, Arc::new(log), order, requests);
        Self { service: Arc::new(service), store, messages, refuses, clock, filler, close, sending }
    }

    /// The time for the worker, which sends what is due by then.
    pub(super) fn it_is(&self, now: Timestamp) {
        self.clock.set(now);
        self.service.otp().outbox.wake();
    }

    /// From now on the driver refuses every message, or takes every one.
    pub(super) fn driver_refuses(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::SeqCst);
    }

    /// Waits until every message has been handed over, and that is kept.
    pub(super) async fn delivered(&self) {
        let outbox = &self.service.otp().outbox;
        let handing_over = async {
            while outbox.health(self.clock.now()).unwrap().waiting > 0 {
                tokio::task::yield_now().await;
            }
        };
        let handed_over = tokio::time::timeout(PATIENCE, handing_over).await;
        handed_over.expect("every message is handed over");
    }

    /// Ends them, and closes the store unless somebody else holds it.
    pub(super) async fn stop(self) {
        self.filler.end().await;
        drop(self.close);
        self.sending.await.unwrap();
    }
}

/// The code in a message.
pub(super) fn code_in(message: &SmsMessage) -> &str {
    message.text().rsplit(' ').next().unwrap()
}

/// Hands every message over at once, or refuses it. The test sees it either way.
struct ReceiptBatch {
    tell: UnboundedSender<SmsMessage>,
    refuses: Arc<AtomicBool>,
}

impl SmsDriver for ReceiptBatch {
    fn name(&self) -> &'static str {
        "told"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        // A test that has ended reads no more messages.
        drop(self.tell.send(message.clone()));
        let refuses = self.refuses.load(Ordering::SeqCst);
        let answer = if refuses {
            Err(SendError::Refused(DeliveryError::TargetRefused))
        } else {
            Ok(Accepted::default())
        };
        Box::pin(std::future::ready(answer))
    }
}
