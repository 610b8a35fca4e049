use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use esoz_otp::api::{Api, ListenerKind};
use esoz_otp::clock::ManualClock;
use esoz_otp::config::{Argon2Cost, Config};
use esoz_otp::domain::limits::{BudgetScope, Rule};
use esoz_otp::domain::{Phone, Timestamp};
use esoz_otp::entropy::SystemEntropy;
use esoz_otp::http::Listener;
use esoz_otp::keyring::Keyring;
use esoz_otp::node::{Dependencies, Node};
use esoz_otp::sms::{Accepted, SendFuture, SmsDriver, SmsMessage};
use esoz_otp::store::schema::AUDIT;
use esoz_otp::store::{RenewalRule, Store};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How often, and for how long at most, a node is looked at until it is at rest.
const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_mins(5);

/// How many records are swept at a time.
const SWEEP_MOST: usize = 512;

/// A node of this process.
pub struct RunningNode {
    pub runtime: Runtime,
    pub api: Arc<Api>,
    pub clock: Arc<ManualClock>,
    pub phones: Phones,
    store: Store,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

/// The codes that wait to be read, by phone.
#[derive(Clone, Default)]
pub struct Phones(Arc<Mutex<HashMap<Phone, oneshot::Sender<String>>>>);

impl RunningNode {
    pub fn start(directory: &Path, rule: RenewalRule, now: Timestamp) -> Self {
        let config = config();
        let store = Store::open_renewing(directory, config.store, rule).unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let phones = Phones::default();
        let node = Node::build(Dependencies {
            config,
            store: store.clone(),
            keyring: keyring(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::new()),
            drivers: vec![Arc::new(phones.clone())],
            demo: None,
        });
        let node = node.unwrap();
        let api = Arc::clone(node.api());
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let running = runtime.spawn(async move {
            let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let listener = Listener {
                socket: socket.into(),
                tag: ListenerKind::Internal,
                proxies: Vec::new(),
            };
            node.run(vec![listener], async { drop(stopped.await) }).await.unwrap();
        });
        Self { runtime, api, clock, phones, store, stop, running }
    }

    /// Takes away all that is over at `now`.
    pub fn sweep(&self, now: Timestamp) {
        self.clock.set(now);
        self.runtime
            .block_on(async { while self.store.sweep(now, SWEEP_MOST).await.unwrap() > 0 {} });
    }

    /// Waits until nothing is left to do: every row of audit is in a file, and the database is not being written anew. A size
    /// that does not change for a while says less: a sync takes seconds on a busy disk.
    pub fn wait_until_at_rest(&self) {
        let begin = Instant::now();
        while self.store.page(AUDIT, None, 2).unwrap().len() > 1 || !self.store.is_at_rest() {
            assert!(begin.elapsed() < PATIENCE, "the node does not come to rest");
            std::thread::sleep(LOOK);
        }
    }

    /// Returns when the store is closed.
    pub fn stop(self) {
        let Self { runtime, api, store, stop, running, .. } = self;
        drop((api, stop));
        runtime.block_on(running).unwrap();
        drop(runtime);
        drop(store);
    }
}

impl Phones {
    /// The next code for this phone.
    pub fn next_code(&self, phone: Phone) -> oneshot::Receiver<String> {
        let (tell, told) = oneshot::channel();
        self.0.lock().unwrap().insert(phone, tell);
        told
    }
}

impl SmsDriver for Phones {
    fn name(&self) -> &'static str {
        "phones"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        let waiting = self.0.lock().unwrap().remove(&message.phone);
        if let Some(waiting) = waiting {
            let code = message.text().rsplit(' ').next().unwrap().to_owned();
            // The patient may not read it.
            drop(waiting.send(code));
        }
        let gateway_id = Some(format!("message-{}", message.verification_id));
        Box::pin(std::future::ready(Ok(Accepted { gateway_id })))
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config.otp.argon2 = Argon2Cost { memory_kib: 64, passes: 1 };
    config.otp.ready = 0;
    let limits = &mut config.limits;
    let rows = limits.sends.iter_mut().chain(&mut limits.guesses);
    for row in rows.chain([&mut limits.wrong_guesses]) {
        if let Rule::Rate { per, period, .. } = row.rule {
            let most = if per == BudgetScope::Range { 1000 } else { 1_000_000 };
            row.rule = Rule::Rate { per, burst: most, period };
        }
    }
    config
}

fn keyring() -> Keyring {
    let file = serde_json::json!({
        "format": 1,
        "keys": [{
            "id": "bench", "created_at": "2026-01-01T00:00:00Z", "key": "0123456789abcdef".repeat(4)
        }],
    });
    Keyring::parse(&file.to_string()).unwrap()
}
