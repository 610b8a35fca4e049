//! What `demo` and `serve` have in common: signals, and the way from parts to an end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::listen::{ListenAddresses, Listening};
use super::signals::{self, Hangups};
use super::{CliError, output};
use crate::config::{DialectName, LogConfig};
use crate::log;
use crate::node::{Dependencies, Node};

/// How long threads that wait for the system may take to end.
const LAST_THREADS: Duration = Duration::from_secs(5);

/// What a node is started with, as its log says at the start.
pub(super) struct Start {
    pub(super) log: LogConfig,
    pub(super) addresses: ListenAddresses,
    pub(super) dialect: DialectName,
    pub(super) data: PathBuf,
    /// The configuration file, if there is one.
    pub(super) configuration: Option<PathBuf>,
    /// Whether it ends, too, when the terminal that it was started in is closed.
    pub(super) ends_with_terminal: bool,
}

/// Runs a node until Ctrl-C or SIGTERM. `prepare` makes its parts, and something to say; `ready` says it, and where the
/// node listens, before the first request is taken. It is the last time that a secret is printed.
pub(super) fn run<T>(
    start: &Start,
    prepare: impl FnOnce() -> Result<(Dependencies, T), CliError>,
    ready: impl FnOnce(&[SocketAddr], T) -> String,
) -> Result<(), CliError> {
    let log = log::start(start.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CliError::software)?;
    let done = runtime.block_on(async {
        // Before anything that a signal might end half done.
        let hangups = Hangups::start(start.ends_with_terminal)?;
        signals::outlive_file_limits()?;
        let Listening { listeners, internal, public } = start.addresses.listen().await?;
        // Making the parts waits for the disk, and nothing else runs yet.
        let (parts, word) = tokio::task::block_in_place(prepare)?;
        // From here on a signal ends it in order; up to here, where it might wait for ever, at once.
        let stop = signals::stop(&hangups)?;
        let reopening = tokio::spawn(hangups.reopen(parts.drivers.clone()));
        let node = Node::build(parts)?;
        let node = node.with_log(log.lost_lines());
        start.tell(&internal, &public);
        // A console that is closed is no reason not to serve.
        output::say(&ready(&internal, word));
        for address in public {
            output::say(&format!("public methods on http://{address}"));
        }
        let done = node.run(listeners, stop).await.map_err(CliError::io);
        reopening.abort();
        // What keeps a node from starting is told by the command, and once.
        if let Err(failure) = &done {
            tracing::error!(error = failure.message(), "esoz-otp ends");
        }
        done
    });
    // A name that a gateway has is looked up on a thread that nobody can break off.
    runtime.shutdown_timeout(LAST_THREADS);
    if done.is_ok() {
        tracing::info!("esoz-otp has ended in order");
    }
    drop(log);
    done
}

impl Start {
    /// The first line of a node that runs.
    fn tell(&self, internal: &[SocketAddr], public: &[SocketAddr]) {
        let all = |addresses: &[SocketAddr]| {
            addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", ")
        };
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            data = %self.data.display(),
            configuration = self.configuration.as_ref().map(|path| display(path.display())),
            dialect = %self.dialect,
            listen = all(internal),
            public = (!public.is_empty()).then(|| all(public)),
            "esoz-otp has started"
        );
    }
}
