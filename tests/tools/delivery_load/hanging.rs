//! How long messages wait that the gateway takes at once, while it hangs for the numbers of others.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Gateway;
use super::connection::{Connection, initialize};
use super::gateway::Behaviour;
use super::service::Service;
use super::world::phone;

/// The gateway hangs for numbers that end like this.
const ENDING: &str = "9";
/// No message is waited for longer than this: its code has expired by then.
const EVER: Duration = Duration::from_mins(11);

/// A message: so long after the start, for a number that hangs or not.
type Send = (Duration, bool);

pub(super) fn measure(binary: &Path, directory: &Path) {
    let seconds = Duration::from_secs;
    let few = (0..6).map(|_| (Duration::ZERO, true)).chain([(seconds(11), false)]);
    round(
        binary,
        &directory.join("few"),
        "",
        "six that hang, and one that doesn't 11 s later (time-out 10 s)",
        few,
    );
    let timeout = "timeout_seconds = 5";
    let each_second = |hangs: fn(u64) -> bool| {
        (0..120).map(move |second| (Duration::from_secs(second), hangs(second)))
    };
    let what = "one a second for two minutes, half of them hang, by chance (time-out 5 s)";
    round(binary, &directory.join("chance"), timeout, what, each_second(by_chance));
    let what = "one a second for two minutes, ten of twenty in a row hang (time-out 5 s)";
    round(binary, &directory.join("tens"), timeout, what, each_second(|second| second % 20 < 10));
    let both = |second| [(seconds(second), true), (seconds(second), false)];
    let many = (0..120).flat_map(both);
    let what = "one a second that hangs, and one that doesn't, for two minutes (time-out 5 s)";
    round(binary, &directory.join("both"), timeout, what, many);
}

/// Half of the numbers, the same at each run: a bit of what scatters well.
fn by_chance(number: u64) -> bool {
    (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).count_ones().is_multiple_of(2)
}

fn round(
    binary: &Path,
    directory: &Path,
    sms: &str,
    what: &str,
    sends: impl Iterator<Item = Send>,
) {
    std::fs::create_dir(directory).unwrap();
    let gateway = Gateway::start();
    gateway.stub.set(Behaviour::HangFor(ENDING.into()));
    let mut service = Service::made(binary, directory, &gateway.stub.url(), sms);
    service.start();
    let sent = send(&service, sends);
    let end = Instant::now() + EVER;
    while gateway.stub.count() < sent.len() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
    print(what, &gateway, &sent);
}

/// Has them sent, each at its time. Says when each good one was accepted, by its number.
fn send(service: &Service, sends: impl Iterator<Item = Send>) -> BTreeMap<String, Instant> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut connection, start) = (Connection::to(service.address()).await, Instant::now());
        let mut good = BTreeMap::new();
        for (count, (after, hangs)) in sends.enumerate() {
            tokio::time::sleep_until((start + after).into()).await;
            let number = count * 10 + if hangs { 9 } else { 1 };
            assert_eq!(connection.ask(&initialize(number)).await, 201);
            if !hangs {
                good.insert(phone(number), Instant::now());
            }
        }
        good
    })
}

fn print(what: &str, gateway: &Gateway, sent: &BTreeMap<String, Instant>) {
    let (taken, times) = (gateway.stub.taken(), gateway.times.lock().unwrap());
    let waits = taken.iter().zip(&*times).filter_map(|(took, at)| {
        let accepted = sent.get(&took.phone)?;
        Some(at.saturating_duration_since(*accepted).as_secs_f64())
    });
    let mut waits: Vec<_> = waits.collect();
    waits.sort_by(f64::total_cmp);
    println!("{what}:");
    let (Some(worst), Some(half)) = (waits.last(), waits.get(waits.len() / 2)) else {
        return println!("  none of {} good ones left", sent.len());
    };
    println!(
        "  {} of {} good ones left; half of them after {half:.2} s, the last after {worst:.2} s",
        waits.len(),
        sent.len()
    );
}
