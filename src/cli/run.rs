//! The common part of `demo` and `serve`: log, signals and listeners, from the start of a node to its end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::admin_socket::AdminSocket;
use super::listen::{ListenAddresses, Listening};
use super::signals::{self, Hangups};
use super::{CliError, output};
use crate::config::{DialectName, LogConfig, ShownSetting};
use crate::log;
use crate::node::{Dependencies, Node};

/// The time that blocking threads have to end at the end of the process.
const LAST_THREADS: Duration = Duration::from_secs(5);

/// The settings that a node needs before its parts are made. The log has them in its first line.
pub(super) struct Start {
    pub(super) log: LogConfig,
    pub(super) addresses: ListenAddresses,
    pub(super) dialect: DialectName,
    pub(super) data: PathBuf,
    /// The settings and their sources, for `esoz-otp status --report`.
    pub(super) settings: Vec<ShownSetting>,
    /// The configuration file, if there is one.
    pub(super) configuration: Option<PathBuf>,
    /// Whether the node also ends when the terminal that it was started in is closed.
    pub(super) ends_with_terminal: bool,
}

/// Runs a node until Ctrl-C or SIGTERM.
///
/// `prepare` makes the parts of the node, and a value for `ready`. `ready` makes the text that is printed before the first
/// request is accepted; it gets the internal addresses. No secret is printed after it.
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
        // Signals first: a SIGHUP or SIGXFSZ must not end a start that is half done.
        let hangups = Hangups::start(start.ends_with_terminal)?;
        signals::outlive_file_limits()?;
        let Listening { listeners, internal, public, socket } = start.addresses.listen().await?;
        // Making the parts waits for the disk. No other task runs yet.
        let (parts, announced) = tokio::task::block_in_place(prepare)?;
        // Until here SIGTERM ends the process at once, since `prepare` may block. From here on it ends the node in order.
        let stop = signals::stop(&hangups)?;
        let reopening = tokio::spawn(hangups.reopen(parts.drivers.clone()));
        let node = Node::build(parts)?;
        let node = node.with_log(log.lost_lines()).with_settings(start.settings.clone());
        start.log_start(&internal, &public, socket.as_ref());
        // Printing may fail on a closed console, which does not keep the node from serving.
        output::print_best_effort(&ready(&internal, announced));
        for address in public {
            output::print_best_effort(&format!("public methods on http://{address}"));
        }
        if let Some(socket) = &socket {
            output::print_best_effort(&format!("administration on {}", socket.path().display()));
        }
        let done = node.run(listeners, stop).await.map_err(CliError::io);
        reopening.abort();
        drop(socket);
        // The command itself reports an error of the start, so only errors of a running node are logged here.
        if let Err(failure) = &done {
            tracing::error!(error = failure.message(), "esoz-otp ends");
        }
        done
    });
    // A DNS lookup of a gateway's name runs on a thread that can't be interrupted.
    runtime.shutdown_timeout(LAST_THREADS);
    if done.is_ok() {
        tracing::info!("esoz-otp has ended in order");
    }
    drop(log);
    done
}

impl Start {
    /// Logs the line `esoz-otp has started`.
    fn log_start(
        &self,
        internal: &[SocketAddr],
        public: &[SocketAddr],
        socket: Option<&AdminSocket>,
    ) {
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
            socket = socket.map(|socket| display(socket.path().display())),
            "esoz-otp has started"
        );
    }
}
