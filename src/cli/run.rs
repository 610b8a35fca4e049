//! What `demo` and `serve` have in common: signals, and the way from parts to an end.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use super::listen::{Addresses, Listening};
use super::node::{Node, Parts};
use super::signals::{self, Hangups};
use super::{Failure, log};
use crate::config::LogConfig;

/// How long threads that wait for the system may take to end.
const LAST_THREADS: Duration = Duration::from_secs(5);

/// Runs a node until Ctrl-C or SIGTERM; `ends_with_terminal` says whether it ends as well when the terminal that it was
/// started in is closed. `prepare` makes its parts, and something to say; `ready` says it, and where the
/// node listens, before the first request is taken. It is the last time that a secret is printed.
pub(super) fn run<T>(
    log: LogConfig,
    addresses: &Addresses,
    ends_with_terminal: bool,
    prepare: impl FnOnce() -> Result<(Parts, T), Failure>,
    ready: impl FnOnce(&[SocketAddr], T) -> String,
) -> Result<(), Failure> {
    let log = log::start(log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::software)?;
    let done = runtime.block_on(async {
        // Before anything that a signal might end half done.
        let hangups = Hangups::start(ends_with_terminal)?;
        let Listening { listeners, internal, public } = addresses.listen().await?;
        // Making the parts waits for the disk, and nothing else runs yet.
        let (parts, word) = tokio::task::block_in_place(prepare)?;
        // From here on a signal ends it in order; up to here, where it might wait for ever, at once.
        let stop = signals::stop(&hangups)?;
        let reopening = tokio::spawn(hangups.reopen(parts.drivers.clone()));
        let node = Node::build(parts)?;
        let node = node.with_log(log.lost_lines());
        say(&ready(&internal, word));
        for address in public {
            say(&format!("public methods on http://{address}"));
        }
        let done = node.run(listeners, stop).await.map_err(Failure::io);
        reopening.abort();
        done
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
