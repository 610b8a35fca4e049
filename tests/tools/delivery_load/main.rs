//! Whether sending a code depends on the gateway, how quickly messages leave through one on the same machine, what each
//! costs the store, and what ten thousand of them cost that wait. `tests/bench/delivery` starts it. With `hanging` as a
//! third argument it measures how long messages wait for others whose route hangs (`tests/bench/hanging`).
//!
//! Hashing is turned down, so that what is measured is delivery. The gateway runs in this process, and the service in
//! another, as it is built.

#![allow(clippy::print_stdout, reason = "a table is what it is for")]
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made should say so loudly")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures")]
#![allow(unreachable_pub, reason = "nothing is exported")]

mod backlog;
mod hanging;
mod latency;
mod service;
mod writes;

#[path = "../otp_load/connection.rs"]
#[allow(dead_code, reason = "the other measurement uses the rest of it")]
mod connection;
#[path = "../otp_load/figures.rs"]
mod figures;
#[path = "../../suite/support/gateway/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the suite uses the rest of it")]
mod gateway;
#[path = "../otp_load/load.rs"]
mod load;
#[path = "../resident.rs"]
mod resident;
#[path = "../otp_load/world.rs"]
mod world;

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use gateway::StubGateway;
use service::Service;

/// The gateway, and when it took each message.
struct Gateway {
    stub: StubGateway,
    times: Arc<Mutex<Vec<Instant>>>,
}

impl Gateway {
    fn start() -> Self {
        let times = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&times);
        let note = move |_: &gateway::Took| noted.lock().unwrap().push(Instant::now());
        let stub = StubGateway::on(TcpListener::bind("127.0.0.1:0").unwrap(), None, note);
        Self { stub, times }
    }

    /// Waits until it has taken so many in all, as long as some come.
    fn wait_for(&self, messages: usize) {
        let now = self.stub.count();
        for so_far in (now..messages).step_by(500).chain([messages]) {
            self.stub.wait_for(so_far);
        }
    }

    /// How many a second it took, from the first of these to the last.
    #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
    fn rate(&self, from: usize) -> f64 {
        let times = self.times.lock().unwrap();
        let took = *times.last().unwrap() - times[from];
        (times.len() - from - 1) as f64 / took.as_secs_f64()
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (binary, directory) = match &arguments[..] {
        [binary, directory] => (binary, directory),
        [binary, directory, what] if what == "hanging" => {
            return hanging::measure(Path::new(binary), Path::new(directory));
        }
        _ => panic!("delivery-load BINARY DIRECTORY [hanging]"),
    };
    let gateway = Gateway::start();
    let mut service =
        Service::made(Path::new(binary), Path::new(directory), &gateway.stub.url(), "");
    service.start();
    latency::measure(&service, &gateway);
    backlog::measure(&mut service, &gateway);
    writes::measure();
}
