//! A node of this process on a free port, its clock in the test's hand, its messages in the test's inbox.

mod client;
mod inbox;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

pub use client::{MIS, Reply, call, other_than, try_call};
use esoz_otp::api::dialect::DOCUMENTED;
use esoz_otp::api::{Api, Demo};
use esoz_otp::cli::node::{Node, Parts};
use esoz_otp::clock::HandClock;
use esoz_otp::config::{Argon2Cost, Config};
use esoz_otp::domain::{Phone, Timestamp};
use esoz_otp::entropy::{Entropy, SystemEntropy};
use esoz_otp::otp::Keyring;
use esoz_otp::service::fixtures;
use esoz_otp::sms::{Both, Memory, SmsDriver};
use esoz_otp::store::Store;
use inbox::Inbox;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The world that `demo` serves.
pub const DEMO_WORLD: &str = include_str!("../../../fixtures/demo.json");

/// The page's own request, and its phone.
pub const SEED_REQUEST: &str = "eeebb86d-5cba-43c9-885b-6482ecaf826b";
pub const SEED_PHONE: &str = "+380958697084";

/// When every test begins.
pub fn start_of_time() -> Timestamp {
    Timestamp::parse("2026-11-21T12:00:00Z").unwrap()
}

/// Settings of a node under test: argon2 turned down, everything else as it comes.
pub fn quick() -> Config {
    let mut config = Config::default();
    config.otp.argon2 = Argon2Cost { memory_kib: 64, passes: 1 };
    config
}

pub struct TestNode {
    pub clock: Arc<HandClock>,
    pub store: Store,
    pub api: Arc<Api>,
    address: SocketAddr,
    inbox: Inbox,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
    directory: Option<tempfile::TempDir>,
}

impl TestNode {
    /// The demo's world in a fresh directory.
    pub fn start() -> Self {
        Self::with(quick())
    }

    /// The same with other settings.
    pub fn with(config: Config) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut node = Self::on(directory.path(), config, start_of_time(), true);
        node.directory = Some(directory);
        node
    }

    /// A node on a directory that outlives it. The keys are always the same.
    pub fn on(path: &Path, config: Config, now: Timestamp, load_world: bool) -> Self {
        let (inbox, driver) = Inbox::new();
        Self::sending_by(driver, inbox, path, config, now, load_world)
    }

    /// The demo's world in a fresh directory, its messages sent by this driver and not to the inbox.
    pub fn with_driver(config: Config, driver: impl SmsDriver) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut node = Self::with_driver_on(directory.path(), config, driver);
        node.directory = Some(directory);
        node
    }

    /// The same in a directory that outlives it.
    pub fn with_driver_on(path: &Path, config: Config, driver: impl SmsDriver) -> Self {
        let (inbox, _) = Inbox::new();
        Self::sending_by(driver, inbox, path, config, start_of_time(), true)
    }

    fn sending_by(
        driver: impl SmsDriver,
        inbox: Inbox,
        path: &Path,
        config: Config,
        now: Timestamp,
        load_world: bool,
    ) -> Self {
        let clock = Arc::new(HandClock::at(now));
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        let store = Store::open(path, config.store).unwrap();
        if load_world {
            let world = fixtures::read(DEMO_WORLD, now, &*entropy).unwrap();
            fixtures::load(&store, world).unwrap();
        }
        let sent = Memory::new(clock.clone());
        let node = Node::build(Parts {
            config,
            store: store.clone(),
            keyring: keyring(),
            clock: clock.clone(),
            entropy: Arc::clone(&entropy),
            driver: Arc::new(Both(sent.clone(), driver)),
            dialect: &DOCUMENTED,
            demo: Some(Demo { sent, store: store.clone(), world: DEMO_WORLD.into(), entropy }),
        });
        Self::run(node.unwrap(), clock, store, inbox)
    }

    fn run(node: Node, clock: Arc<HandClock>, store: Store, inbox: Inbox) -> Self {
        let api = Arc::clone(node.api());
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let running = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let stop = async { drop(stopped.await) };
                node.run(vec![listener], stop).await.unwrap();
            });
        });
        let address = told.recv().unwrap();
        Self {
            clock,
            store,
            api,
            address,
            inbox,
            stop: Some(stop),
            running: Some(running),
            directory: None,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The code of the next message to this phone.
    pub fn code_for(&self, phone: &str) -> String {
        self.inbox.code_for(Phone::parse(phone).unwrap())
    }

    /// How many messages have come and not been asked for.
    pub fn messages_waiting(&self) -> usize {
        self.inbox.waiting()
    }

    /// Stops, and returns when everything has ended.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(running) = self.running.take() {
            let ended = running.join();
            if !std::thread::panicking() {
                ended.unwrap();
            }
        }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.end();
    }
}

/// The keys of every node under test.
pub fn keyring() -> Keyring {
    let key = "0123456789abcdef".repeat(4);
    let file = serde_json::json!({
        "format": 1,
        "keys": [{"id": "test", "created_at": "2026-01-01T00:00:00Z", "key": key}],
    });
    Keyring::parse(&file.to_string()).unwrap()
}
