//! Messages that leave as they come, and ten thousand that wait for a gateway that is down.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Gateway;
use super::connection::initialize;
use super::load::{self, Calls};
use super::service::Service;
use super::world::phone;

const MANY: usize = 10_000;
const AS_THEY_COME: usize = 4000;
const CONNECTIONS: usize = 32;
/// Nothing takes so long.
const EVER: Duration = Duration::from_mins(2);

/// So far out of its place comes what is accepted by one of many callers and sent by one of many senders.
const NEARLY: usize = 64;

pub(super) fn measure(service: &mut Service, gateway: &Gateway) {
    as_they_come(service, gateway);
    println!("{MANY} messages while the gateway is down:");
    let before = gateway.stub.count();
    println!("  resident before {}", service.resident());
    gateway.stub.down();
    let (accepted, took) =
        load::run(service.address(), CONNECTIONS, EVER, &initializes(AS_THEY_COME, MANY));
    accepted.print("accepted");
    println!("    {:.0} a second", rate(accepted.count(), took));
    println!("  resident with all of them {}", service.resident());
    service.kill();
    println!("  killed; start to first 200: {} ms", service.start().as_millis());
    println!("  resident after it {}", service.resident());
    let up = Instant::now();
    gateway.stub.up();
    gateway.wait_for(before + 1);
    println!("  the gateway is back, the first leaves after {:.1} s", up.elapsed().as_secs_f64());
    gateway.wait_for(before + MANY);
    println!("  {:.0} a second leave", gateway.rate(before));
    println!("  resident after it {}", service.resident());
    order(gateway, before);
}

fn as_they_come(service: &Service, gateway: &Gateway) {
    let before = gateway.stub.count();
    let calls = initializes(0, AS_THEY_COME);
    let (accepted, took) = load::run(service.address(), CONNECTIONS, EVER, &calls);
    gateway.wait_for(before + AS_THEY_COME);
    accepted.print(&format!("{AS_THEY_COME} messages as they come"));
    let (come, leave) = (rate(accepted.count(), took), gateway.rate(before));
    println!("    {come:.0} a second are accepted, {leave:.0} a second leave");
}

/// Whether they left in the order in which they came.
fn order(gateway: &Gateway, before: usize) {
    let taken = gateway.stub.taken();
    let place = |taken: &str| (AS_THEY_COME..).take(MANY).position(|number| phone(number) == taken);
    let places: Vec<_> = taken[before..].iter().map(|took| place(&took.phone).unwrap()).collect();
    let far = places.iter().enumerate().filter(|(at, place)| at.abs_diff(**place) > NEARLY).count();
    let mut once = places.clone();
    once.sort_unstable();
    once.dedup();
    println!(
        "  {} of them once, {} twice; {far} more than {NEARLY} places from where they came in",
        once.len(),
        places.len() - once.len()
    );
}

fn initializes(first: usize, count: usize) -> Calls {
    Arc::new(move |number| (number < count).then(|| initialize(first + number)))
}

#[expect(clippy::cast_precision_loss, reason = "there are not so many")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
