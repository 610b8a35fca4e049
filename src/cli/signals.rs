//! Signals: INT and TERM end a node in order, HUP reopens files.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

use super::CliError;
use crate::sms::SmsDriver;

/// Makes a write beyond the limit on file sizes (`ulimit -f`) fail like one on a full disk. Otherwise `SIGXFSZ` would end
/// the process without a message.
pub(super) fn outlive_file_limits() -> Result<(), CliError> {
    // A handler that is installed once stays for the life of the process.
    listen(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}

/// The handler of `SIGHUP`. Once it exists, `SIGHUP` interrupts neither start nor stop.
pub(super) struct Hangups {
    signal: unix::Signal,
    /// Whether the process ends when its terminal is closed. False without a terminal.
    ends_with_terminal: bool,
}

impl Hangups {
    /// Installs the handler.
    pub(super) fn start(ends_with_terminal: bool) -> Result<Self, CliError> {
        let ends_with_terminal = ends_with_terminal && io::stdout().is_terminal();
        Ok(Self { signal: listen(SignalKind::hangup())?, ends_with_terminal })
    }

    /// Reopens the files of drivers at each `SIGHUP`, as after logrotate has renamed one. A driver that can't open its new file keeps
    /// the old one.
    pub(super) async fn reopen(mut self, drivers: Vec<Arc<dyn SmsDriver>>) {
        while self.signal.recv().await.is_some() {
            let drivers = drivers.clone();
            // Opening waits for the disk.
            drop(tokio::task::spawn_blocking(move || reopen_all(&drivers)).await);
        }
    }
}

fn reopen_all(drivers: &[Arc<dyn SmsDriver>]) {
    let mut has_file = false;
    for driver in drivers {
        let (Some(done), driver) = (driver.reopen(), driver.name()) else { continue };
        has_file = true;
        match done {
            Ok(()) => tracing::info!(driver, "SIGHUP: the driver's file was opened anew"),
            Err(error) => tracing::error!(
                driver,
                %error,
                "SIGHUP: the driver's file could not be opened anew, so the one before is still written to"
            ),
        }
    }
    if !has_file {
        tracing::info!("SIGHUP: no driver writes to a file, so nothing was done");
    }
}

/// Returns a future that ends at SIGINT, SIGTERM, or the end of the terminal.
pub(super) fn stop(hangups: &Hangups) -> Result<impl Future<Output = ()> + use<>, CliError> {
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    let ends_with_terminal = hangups.ends_with_terminal;
    Ok(async move {
        let closed = async {
            // After a terminal was closed, standard output is no terminal any more.
            while !ends_with_terminal || io::stdout().is_terminal() {
                if hangup.recv().await.is_none() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let why = tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
            () = closed => "the terminal was closed",
        };
        tracing::info!(
            why,
            "esoz-otp stops: requests under way are answered, and streams and loads are cut"
        );
    })
}

fn listen(kind: SignalKind) -> Result<unix::Signal, CliError> {
    signal(kind).map_err(CliError::software)
}
