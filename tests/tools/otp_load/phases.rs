//! What is measured, in its order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::ceiling::hashes_per_second;
use super::connection::{complete, initialize, resend};
use super::figures::Figures;
use super::load::{self, Calls};
use super::node::Node;
use super::probe::{Reads, reads_during};
use super::world::phone;

const CONNECTIONS: usize = 32;
const BURST: usize = 2000;
const ALONE: usize = 400;
/// Resends that leave none ready for sure, whatever was made while the burst was on.
const REST: usize = 300;
const SUSTAINED: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(10);
const CEILING: Duration = Duration::from_secs(4);
/// No phase takes so long.
const EVER: Duration = Duration::from_secs(200);

/// The node was started with as many ready codes as it has by default.
pub(super) fn with_ready_codes(node: &Node) {
    println!("with ready codes:");
    let start = Instant::now();
    node.wait_until_full(1);
    println!("  full after {:.0} s, resident {}", start.elapsed().as_secs_f64(), node.resident());
    let idle = idle(node);
    let resends = resends();
    let (burst, took) = load::run(node.address, CONNECTIONS, EVER, &first(BURST, &resends));
    burst.print("resends in a burst");
    println!("    {:.0} a second", rate(&burst, took));
    load::run(node.address, CONNECTIONS, EVER, &first(REST, &resends));
    sustained(node, "resends, none left ready", &resends);
    beside(node, &idle, "while resends hash, none left ready", &resends);
    node.wait_until_full(2);
    let (alone, _) = load::run(node.address, 1, EVER, &first(ALONE, &resends));
    alone.print("resend alone, a code ready");
    println!("  resident {}", node.resident());
}

/// It was started with none.
pub(super) fn without(node: &Node) {
    println!("without ready codes:");
    println!("  resident {}", node.resident());
    let idle = idle(node);
    let resends = resends();
    let (alone, _) = load::run(node.address, 1, EVER, &first(ALONE, &resends));
    alone.print("resend alone, hashed at once");
    sustained(node, "resends", &resends);
    beside(node, &idle, "while resends hash", &resends);

    let completes = completes(node);
    let (alone, _) = load::run(node.address, 1, EVER, &first(ALONE / 2, &completes));
    alone.print("complete alone");
    sustained(node, "completes", &completes);
    beside(node, &idle, "while completes hash", &completes);
    println!("  resident {}", node.resident());
}

/// What a reader sees when nothing else is done.
fn idle(node: &Node) -> Reads {
    let (reads, ()) = reads_during(node.address, || std::thread::sleep(IDLE));
    reads.factor.print("factor, idle");
    reads.live.print("live, idle");
    reads
}

/// The rate of these calls over that of hashes alone, before and after.
fn sustained(node: &Node, what: &str, calls: &Calls) {
    let before = hashes_per_second(CEILING);
    let (figures, took) = load::run(node.address, CONNECTIONS, SUSTAINED, calls);
    let after = hashes_per_second(CEILING);
    let (rate, ceiling) = (rate(&figures, took), f64::midpoint(before, after));
    figures.print(what);
    println!(
        "    {rate:.1} a second, argon2 alone {before:.1} before and {after:.1} after: {:.2}",
        rate / ceiling
    );
}

/// What a reader sees while these calls keep every core hashing.
fn beside(node: &Node, idle: &Reads, when: &str, calls: &Calls) {
    let load = || load::run(node.address, CONNECTIONS, SUSTAINED, calls);
    let (reads, (_, _)) = reads_during(node.address, load);
    for (what, now, idle) in
        [("factor", &reads.factor, &idle.factor), ("live", &reads.live, &idle.live)]
    {
        now.print(&format!("{what}, {when}"));
        println!("    p99 is {:.1} times that of idle", now.within(99) / idle.within(99));
    }
}

/// A resend for every request in turn, so that none has much more than the others.
fn resends() -> Calls {
    let next = AtomicUsize::new(0);
    Arc::new(move |_| Some(resend(next.fetch_add(1, Ordering::Relaxed))))
}

/// Right codes, each once, for as many phones as are completed in all that follows.
fn completes(node: &Node) -> Calls {
    const CODES: usize = 3000;
    let initializes: Calls = Arc::new(|number| (number < CODES).then(|| initialize(number)));
    let (sent, took) = load::run(node.address, CONNECTIONS, EVER, &initializes);
    sent.print("initialize, for what follows");
    println!("    {:.1} a second", rate(&sent, took));
    let codes = node.codes();
    let next = AtomicUsize::new(0);
    Arc::new(move |_| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        (number < CODES).then(|| complete(number, &codes[&phone(number)]))
    })
}

/// The first so many of these calls.
fn first(count: usize, calls: &Calls) -> Calls {
    let calls = Arc::clone(calls);
    Arc::new(move |number| if number < count { calls(number) } else { None })
}

#[expect(clippy::cast_precision_loss, reason = "there are not so many")]
fn rate(figures: &Figures, took: Duration) -> f64 {
    figures.count() as f64 / took.as_secs_f64()
}
