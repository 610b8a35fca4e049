//! How long a resend takes alone, and where its time goes: the whole over a socket, and each part by itself, in one run.

#![allow(clippy::print_stdout, reason = "a table is what it is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]
#![allow(clippy::disallowed_methods, reason = "it measures")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use esoz_otp::api::Entrance;
use esoz_otp::cli::node::{Node, Parts};
use esoz_otp::clock::{Clock, SystemClock};
use esoz_otp::config::Config;
use esoz_otp::domain::limits::{Log, Rule};
use esoz_otp::domain::{CodeFormat, Id, Phone};
use esoz_otp::entropy::{Entropy, SystemEntropy};
use esoz_otp::http::Listener;
use esoz_otp::otp::{Hasher, Keyring};
use esoz_otp::service::fixtures;
use esoz_otp::sms::Memory;
use esoz_otp::store::schema::SENDS;
use esoz_otp::store::{Store, StoreError};

const ROUNDS: usize = 200;
const WORLD: &str = include_str!("../../fixtures/demo.json");
const REQUEST: &str = "POST /api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b/actions/resend_otp HTTP/1.1\r\n\
     host: localhost\r\nauthorization: Bearer demo-mis-token\r\napi-key: demo-api-key\r\ncontent-length: 0\r\n\r\n";
const LIVE: &str = "GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn main() {
    let directory = std::env::args().nth(1).unwrap_or_else(|| "target/bench/resend".into());
    drop(std::fs::remove_dir_all(&directory));
    let mut config = Config::default();
    let no_pause = Rule::Ladder([Duration::ZERO; 4]);
    config.limits = config.limits.with("send_pause", no_pause).unwrap();
    let store = Store::open(directory.as_ref(), config.store).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();

    let (address, stop) = serve(&runtime, &config, store.clone());
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_nodelay(true).unwrap();
    report("resend, whole, over a socket", || ask(&mut connection, REQUEST));
    report("  any answer over a socket", || ask(&mut connection, LIVE));
    let phone = Phone::parse("+380501234567").unwrap();
    report("  one durable write (of two)", || {
        let written = store.write(move |write| write.put(SENDS, &phone, &Log::default()));
        runtime.block_on(written).unwrap_or_else(|error: StoreError| panic!("{error}"));
    });
    let entropy = SystemEntropy::new();
    let hasher = Hasher::start(keyring(&entropy), config.otp.argon2, 1).unwrap();
    let code = CodeFormat::new(6).unwrap().code(123_456).unwrap();
    report("  one argon2id hash", || {
        let place = hasher.reserve().unwrap();
        drop(
            runtime
                .block_on(hasher.hash(place, Id::from_bytes([1; 16]), code.clone(), [2; 16]))
                .unwrap(),
        );
    });
    drop(stop);
}

fn serve(
    runtime: &tokio::runtime::Runtime,
    config: &Config,
    store: Store,
) -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let world = fixtures::read(WORLD, clock.now(), &*entropy).unwrap();
    fixtures::load(&store, world).unwrap();
    let parts = Parts {
        config: config.clone(),
        store,
        keyring: keyring(&*entropy),
        clock: Arc::clone(&clock),
        entropy,
        driver: Arc::new(Memory::new(clock)),
        demo: None,
    };
    let node = Node::build(parts).unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = Listener { socket: listener, tag: Entrance::Internal, behind_proxy: false };
    let (stop, stopped) = tokio::sync::oneshot::channel();
    runtime.spawn(node.run(vec![listener], async { drop(stopped.await) }));
    (address, stop)
}

fn keyring(entropy: &dyn Entropy) -> Keyring {
    Keyring::parse(&Keyring::generate(entropy, SystemClock::start().now()).unwrap()).unwrap()
}

fn ask(connection: &mut TcpStream, request: &str) {
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = [0; 4096];
    let read = connection.read(&mut answer).unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

fn report(what: &str, mut run: impl FnMut()) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times[(ROUNDS - 1) * share / 100].as_secs_f64() * 1000.0;
    println!("{what:<32} p50 {:>7.2} ms   p99 {:>7.2} ms", at(50), at(99));
}
