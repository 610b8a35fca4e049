//! What `demo` and `serve` have in common: signals, and the way from parts to an end.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::listen::{Addresses, Listening};
use super::node::{Node, Parts};
use super::{Failure, log};
use crate::config::LogConfig;

/// How long threads that wait for the system may take to end.
const LAST_THREADS: Duration = Duration::from_secs(5);

/// Runs a node until Ctrl-C or SIGTERM. `prepare` makes its parts, and something to say; `ready` says it, and where the
/// node listens, before the first request is taken. It is the last time that a secret is printed.
pub(super) fn run<T>(
    log: LogConfig,
    addresses: &Addresses,
    prepare: impl FnOnce() -> Result<(Parts, T), Failure>,
    ready: impl FnOnce(&[SocketAddr], T) -> String,
) -> Result<(), Failure> {
    let log = log::start(log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::software)?;
    let done = runtime.block_on(async {
        let Listening { listeners, internal, public } = addresses.listen().await?;
        // Making the parts waits for the disk, and nothing else runs yet.
        let (parts, word) = tokio::task::block_in_place(prepare)?;
        // From here on a signal ends it in order; up to here, where it might wait for ever, at once.
        let stop = stop_signal()?;
        let node = Node::build(parts).map_err(Failure::software)?;
        say(&ready(&internal, word));
        for address in public {
            say(&format!("public methods on http://{address}"));
        }
        node.run(listeners, stop).await.map_err(Failure::io)
    });
    // A name that a gateway has is looked up on a thread that nobody can break off.
    runtime.shutdown_timeout(LAST_THREADS);
    drop(log);
    done
}

/// A console that is closed is no reason not to serve.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::software)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::software)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
