//! What a message costs the store: counted in this process, for the built program does not say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use esoz_otp::api::ListenerKind;
use esoz_otp::clock::{Clock, SystemClock};
use esoz_otp::config::{Argon2Cost, Config, GatewayConfig};
use esoz_otp::domain::limits::Rule;
use esoz_otp::entropy::SystemEntropy;
use esoz_otp::http::Listener;
use esoz_otp::keyring::Keyring;
use esoz_otp::node::{Dependencies, Node};
use esoz_otp::sms::{GatewaySecrets, HttpGateway};
use esoz_otp::store::Store;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::Gateway;
use super::connection::initialize;
use super::load::{self, Calls};

const MESSAGES: usize = 1000;
const CONNECTIONS: usize = 32;
/// Nothing takes so long.
const EVER: Duration = Duration::from_mins(1);

pub(super) fn measure() {
    println!("writes a message, with a code ready / hashed at once:");
    for (connections, what) in [(1, "one after the other"), (CONNECTIONS, "many at once")] {
        let [ready, hashed] = [MESSAGES, 0].map(|ready| per_message(ready, connections));
        println!("  {what:<44} {ready:.2} / {hashed:.2}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are not so many")]
fn per_message(ready: usize, connections: usize) -> f64 {
    let gateway = Gateway::start();
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path(), Config::default().store).unwrap();
    let (address, stop, running) = serve(&gateway, store.clone(), ready);
    let before = store.written();
    let calls: Calls = Arc::new(|number| (number < MESSAGES).then(|| initialize(number)));
    load::run(address, connections, EVER, &calls);
    gateway.wait_for(MESSAGES);
    // A node that stops has kept what became of every message.
    drop(stop);
    running.join().unwrap();
    (store.written() - before) as f64 / MESSAGES as f64
}

/// A node in this process, with as many codes ready as this; where it listens, and what stops it.
fn serve(
    gateway: &Gateway,
    store: Store,
    ready: usize,
) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let config = config(ready);
    let described = described(&gateway.stub.url());
    let timeout = config.sms.timeout;
    let driver =
        HttpGateway::of(&described, GatewaySecrets::default(), timeout, Arc::clone(&clock));
    let node = Node::build(Dependencies {
        config,
        store,
        keyring: keyring(),
        clock,
        entropy: Arc::new(SystemEntropy::new()),
        drivers: vec![Arc::new(driver.unwrap())],
        demo: None,
    });
    let node = node.unwrap();
    let start = Instant::now();
    while node.api().service().otp().ready.count() < ready {
        assert!(start.elapsed() < EVER, "no codes are ready");
        std::thread::sleep(Duration::from_millis(10));
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let running = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(socket.local_addr().unwrap()).unwrap();
            let listener = Listener {
                socket: socket.into(),
                tag: ListenerKind::Internal,
                proxies: Vec::new(),
            };
            node.run(vec![listener], async { drop(stopped.await) }).await.unwrap();
        });
    });
    (told.recv().unwrap(), stop, running)
}

fn config(ready: usize) -> Config {
    let mut config = Config::default();
    config.otp.argon2 = Argon2Cost { memory_kib: 64, passes: 1 };
    config.otp.ready = ready;
    for row in &mut config.limits.sends {
        if let Rule::Rate { per, period, .. } = row.rule {
            row.rule = Rule::Rate { per, burst: 1_000_000, period };
        }
    }
    config
}

fn described(url: &str) -> GatewayConfig {
    GatewayConfig {
        url: Some(url.parse().unwrap()),
        body: Some(r#"{"id": "{id}", "phone": "{phone}", "text": "{text}"}"#.parse().unwrap()),
        id_at: Some("/response_result/0/message_id".parse().unwrap()),
        verdict_at: vec!["/response_result/0/response_status".parse().unwrap()],
        taken: vec!["OK".into()],
        allow_local: true,
        allow_http: true,
        ..GatewayConfig::named("stub")
    }
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
