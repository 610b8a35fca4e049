//! Codes made ahead of need: what they spare, how they come and go, and that each is sent once.

mod keys;
mod node;
mod refill;
mod sends;
mod wiped;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use esoz_otp::config::Config;
use esoz_otp::domain::{Id, Requester};
use esoz_otp::entropy::{Entropy, NoEntropy, SystemEntropy};
use esoz_otp::otp::{HashPermit, Otp};

use crate::support::{Setup, TestNode, without_send_limits};

/// Longer than anything takes on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// Chance that counts the codes drawn ahead of need, and can refuse to draw any more of them.
struct Rationed {
    drawn: AtomicU64,
    is_over: AtomicBool,
    system: SystemEntropy,
}

impl Rationed {
    fn new() -> Arc<Self> {
        let (drawn, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
        Arc::new(Self { drawn, is_over, system: SystemEntropy::new() })
    }

    fn drawn(&self) -> u64 {
        self.drawn.load(Ordering::SeqCst)
    }

    fn no_more(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }
}

impl Entropy for Rationed {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        if std::thread::current().name() == Some("ready-codes") {
            if self.is_over.load(Ordering::SeqCst) {
                return Err(NoEntropy);
            }
            // A code is drawn as eight bytes.
            self.drawn.fetch_add(u64::from(buffer.len() == 8), Ordering::SeqCst);
        }
        self.system.fill(buffer)
    }
}

/// Settings under which a phone may get code after code, so many of them made ahead of need.
fn with_ready(count: usize) -> Config {
    let mut config = without_send_limits();
    config.otp.ready = count;
    config
}

/// A node that has so many codes ready and makes no more.
fn with_only(count: usize) -> TestNode {
    let chance = Rationed::new();
    let node = node_with(count, chance.clone());
    wait_until_ready(&node, count);
    chance.no_more();
    node
}

fn node_with(count: usize, entropy: Arc<dyn Entropy>) -> TestNode {
    TestNode::set_up(Setup { config: with_ready(count), entropy, ..Setup::default() })
}

pub(super) fn wait_until_ready(node: &TestNode, count: usize) {
    let api = node.api();
    wait_until("as many codes are ready", || otp(&api).ready.count() == count);
}

#[expect(clippy::disallowed_methods, reason = "a test that would hang fails instead")]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it never was so that {what}");
        std::thread::yield_now();
    }
}

fn otp(api: &esoz_otp::api::Api) -> &Otp {
    api.service().otp()
}

/// Every place for hashing that there is for who calls without a token, and for the demo's clinic.
fn all_places(node: &TestNode) -> Vec<HashPermit> {
    let api = node.api();
    let peer = Some(node.address().ip().into());
    let clinic = Id::parse("c0000000-0000-4000-8000-000000000001");
    let places = [None, clinic].into_iter().flat_map(|client_id| {
        let by = Requester { client_id, peer, ..Requester::default() };
        let hasher = &otp(&api).hasher;
        std::iter::from_fn(move || hasher.reserve(by).ok())
    });
    places.collect()
}

fn phone(number: usize) -> String {
    format!("+38067300{number:04}")
}
