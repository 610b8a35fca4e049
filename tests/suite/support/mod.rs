//! A node of this process on a free port, its clock in the test's hand, its messages in the test's inbox.

mod by_hand;
mod chance;
mod client;
mod described;
pub mod gateway;
mod held;
mod inbox;
mod json_schema;
mod log;
mod older;
pub mod patience;
pub mod refusals_seen;
mod watch;

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

pub use by_hand::{read_reply, reply_of};
pub use chance::{CountedCodes, HeldChance};
pub use client::{MIS, Reply, call, other_than, try_call};
pub use described::Described;
use esoz_otp::api::{Api, Demo, ListenerKind, secret_names};
use esoz_otp::clock::{Clock as _, ManualClock};
use esoz_otp::config::{Argon2Cost, Config, DialectName};
use esoz_otp::domain::limits::Rule;
use esoz_otp::domain::{Phone, Timestamp};
use esoz_otp::entropy::{Entropy, EntropyRecording, SystemEntropy};
use esoz_otp::http::Listener;
use esoz_otp::keyring::Keyring;
use esoz_otp::node::{Dependencies, Node};
use esoz_otp::service::import;
use esoz_otp::sms::{DemoGateway, GatewayMode, SmsDriver};
use esoz_otp::store::Store;
pub use held::HeldWriter;
use inbox::Inbox;
pub use json_schema::Schemas;
pub use log::logged;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
pub use watch::{other_form_of_time, telling};

/// The world that `demo` serves.
pub const DEMO_WORLD: &str = include_str!("../../../fixtures/demo.json");

/// The page's own request, and its phone.
pub const SEED_REQUEST: &str = "eeebb86d-5cba-43c9-885b-6482ecaf826b";
pub const SEED_PHONE: &str = "+380958697084";

/// When every test begins.
pub fn start_of_time() -> Timestamp {
    Timestamp::parse("2026-11-21T12:00:00Z").unwrap()
}

/// Settings of a node under test: argon2 turned down and no codes made ahead of need, so that it does nothing by itself
/// and sends in two writes; everything else as it comes.
pub fn quick() -> Config {
    let mut config = Config::default();
    config.otp.argon2 = Argon2Cost { memory_kib: 64, passes: 1 };
    config.otp.ready = 0;
    config
}

/// The same for phones that get code after code.
pub fn without_send_limits() -> Config {
    let mut config = quick();
    for row in &mut config.limits.sends {
        row.rule = match row.rule {
            Rule::Escalating(_) => Rule::Escalating([Duration::ZERO; 4]),
            Rule::Window { length, .. } => Rule::Window { most: 10_000, length },
            Rule::Rate { per, period, .. } => Rule::Rate { per, burst: 1_000_000, period },
            Rule::Share { .. } => Rule::Share { percent: 100 },
            Rule::Lock { .. } => row.rule,
        };
    }
    config
}

/// The demo's world with these entries added to its lists.
pub fn demo_world_with(more: &Value) -> String {
    let mut world: Value = serde_json::from_str(DEMO_WORLD).unwrap();
    for (list, entries) in more.as_object().unwrap() {
        world[list].as_array_mut().unwrap().extend(entries.as_array().unwrap().iter().cloned());
    }
    world.to_string()
}

/// What a node is made from.
pub struct Setup {
    pub config: Config,
    pub world: String,
    pub entropy: Arc<dyn Entropy>,
    pub keyring: Keyring,
    /// Sends the messages; the inbox when there is none.
    pub driver: Option<Arc<dyn SmsDriver>>,
    pub is_demo: bool,
    /// Whether the public listener thinks that a proxy is in front of it: on loopback, unless the settings say where.
    pub behind_proxy: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            config: quick(),
            world: DEMO_WORLD.into(),
            entropy: Arc::new(SystemEntropy::new()),
            keyring: keyring(),
            driver: None,
            is_demo: true,
            behind_proxy: false,
        }
    }
}

pub struct TestNode {
    pub clock: Arc<ManualClock>,
    pub store: Store,
    /// Not ours to keep: a node that stops waits until nobody can ask it for another message.
    api: Weak<Api>,
    described: LazyLock<Described, Box<dyn FnOnce() -> Described + Send>>,
    address: SocketAddr,
    public_address: SocketAddr,
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
        Self::set_up(Setup { config, ..Setup::default() })
    }

    /// The demo with these entries in its world besides.
    pub fn with_more(more: &Value) -> Self {
        Self::speaking_with(DialectName::default(), more)
    }

    /// The demo in this dialect.
    pub fn speaking(dialect: DialectName) -> Self {
        Self::with(Config { dialect, ..quick() })
    }

    /// The same with these entries in its world besides.
    pub fn speaking_with(dialect: DialectName, more: &Value) -> Self {
        let config = Config { dialect, ..quick() };
        Self::set_up(Setup { config, world: demo_world_with(more), ..Setup::default() })
    }

    /// A node in a fresh directory.
    pub fn set_up(setup: Setup) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut node = Self::in_directory(directory.path(), setup, start_of_time(), true);
        node.directory = Some(directory);
        node
    }

    /// A node on a directory that outlives it. The keys are always the same.
    pub fn on(path: &Path, config: Config, now: Timestamp, load_world: bool) -> Self {
        Self::in_directory(path, Setup { config, ..Setup::default() }, now, load_world)
    }

    /// The demo's world in a fresh directory, its messages sent by this driver and not to the inbox.
    pub fn with_driver(config: Config, driver: impl SmsDriver) -> Self {
        Self::set_up(Setup { config, driver: Some(Arc::new(driver)), ..Setup::default() })
    }

    /// The same in a directory that outlives it.
    pub fn with_driver_on(path: &Path, config: Config, driver: impl SmsDriver) -> Self {
        let setup = Setup { config, driver: Some(Arc::new(driver)), ..Setup::default() };
        Self::in_directory(path, setup, start_of_time(), true)
    }

    /// A node in a directory that outlives it.
    pub fn in_directory(path: &Path, setup: Setup, now: Timestamp, load_world: bool) -> Self {
        let Setup { mut config, world, entropy, keyring, driver, is_demo, behind_proxy } = setup;
        if behind_proxy && config.public.trusted_proxies.is_empty() {
            config.public.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        }
        watch::watch_the_log();
        let clock = Arc::new(ManualClock::at(now));
        let store = Store::open(path, config.store).unwrap();
        let mut names = Vec::new();
        if load_world {
            let world = import::read(&world, now, &*entropy).unwrap();
            names = secret_names(&world.known);
            import::load(&store, world).unwrap();
        }
        let (inbox, to_inbox) = Inbox::new();
        let gateway = DemoGateway::new(GatewayMode::Ok, Arc::new(to_inbox), clock.clone());
        let driver = driver.unwrap_or_else(|| Arc::new(gateway.clone()));
        let demo = Demo {
            gateway,
            store: store.clone(),
            world: Box::new(move || Ok(world.clone())),
            secrets: EntropyRecording::of(Arc::clone(&entropy)),
            shown: Mutex::default(),
            secret_names: Mutex::new(names),
            show: Box::new(|_| {}),
            request_life: config.person_requests.life,
            notices: None,
            calls: None,
            origins: Vec::new(),
        };
        let node = Node::build(Dependencies {
            config,
            store: store.clone(),
            keyring,
            clock: clock.clone(),
            entropy,
            drivers: vec![driver],
            demo: is_demo.then_some(demo),
        });
        Self::run(node.unwrap(), behind_proxy, clock, store, inbox)
    }

    fn run(
        node: Node,
        behind_proxy: bool,
        clock: Arc<ManualClock>,
        store: Store,
        inbox: Inbox,
    ) -> Self {
        let api = Arc::downgrade(node.api());
        let document = node.api().openapi().to_vec();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let running = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async move {
                let (internal, address) = listen(ListenerKind::Internal).await;
                let (public, public_address) = listen(ListenerKind::Public { behind_proxy }).await;
                tell.send((address, public_address)).unwrap();
                let stop = async { drop(stopped.await) };
                node.run(vec![internal, public], stop).await.unwrap();
            });
        });
        let (address, public_address) = told.recv().unwrap();
        Self {
            clock,
            store,
            api,
            described: LazyLock::new(Box::new(move || Described::of(&document))),
            address,
            public_address,
            inbox,
            stop: Some(stop),
            running: Some(running),
            directory: None,
        }
    }

    /// Its own description.
    pub fn described(&self) -> &Described {
        &self.described
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its public listener is.
    pub fn public_address(&self) -> SocketAddr {
        self.public_address
    }

    /// The code of the next message to this phone.
    pub fn code_for(&self, phone: &str) -> String {
        self.inbox.code_for(Phone::parse(phone).unwrap())
    }

    /// How many messages have come and not been asked for.
    pub fn messages_waiting(&self) -> usize {
        self.inbox.waiting()
    }

    /// Waits until every message has been handed over, and that is kept.
    pub fn delivered(&self) {
        let api = self.api();
        let outbox = &api.service().otp().outbox;
        patience::wait_until("every message has been handed over", || {
            outbox.health(self.clock.now()).unwrap().waiting == 0
        });
    }

    /// What its clock says.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Has its messages looked at: such as after the clock was pushed.
    pub fn wake(&self) {
        self.api().service().otp().outbox.wake();
    }

    /// What answers, for as long as the caller keeps it.
    pub fn api(&self) -> Arc<Api> {
        self.api.upgrade().unwrap()
    }

    /// How many codes have been compared.
    pub fn compared(&self) -> u64 {
        self.api().service().otp().hasher.compared()
    }

    /// Stops, and returns when everything has ended.
    pub fn stop(mut self) {
        self.end();
    }

    /// Waits for the end of a node that can't go on.
    pub fn ends_in_failure(mut self) {
        let ended = self.running.take().unwrap().join();
        assert!(ended.is_err(), "it has ended as if it had been asked to");
    }

    /// Tells the node to stop, and returns once it takes no more connections.
    pub fn begin_to_stop(&mut self) {
        drop(self.stop.take());
        patience::wait_until("nobody comes in", || TcpStream::connect(self.address).is_err());
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(running) = self.running.take() {
            let ended = running.join();
            if !std::thread::panicking() {
                ended.unwrap();
                watch::nothing_was_told();
            }
        }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.end();
    }
}

async fn listen(tag: ListenerKind) -> (Listener<ListenerKind>, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (Listener { socket: socket.into(), tag, proxies: Vec::new() }, address)
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
