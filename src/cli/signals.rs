//! What signals do: INT and TERM end a node in order, HUP opens files anew.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

use super::CliError;
use crate::sms::SmsDriver;

/// Has a write beyond a limit on the length of files (`ulimit -f`) fail, as one on a full disk does. Without this it would end
/// the process, which could not say why.
pub(super) fn outlive_file_limits() -> Result<(), CliError> {
    // Whoever listens once has it for good.
    listen(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}

/// Waits for HUP, which from its start on ends nothing: neither a start nor a stop.
pub(super) struct Hangups {
    signal: unix::Signal,
    /// It is to end with the terminal that it was started in, if it was started in one.
    ends_with_terminal: bool,
}

impl Hangups {
    pub(super) fn start(ends_with_terminal: bool) -> Result<Self, CliError> {
        let ends_with_terminal = ends_with_terminal && io::stdout().is_terminal();
        Ok(Self { signal: listen(SignalKind::hangup())?, ends_with_terminal })
    }

    /// With each one, the files that drivers write to are opened anew, such as after they were renamed. One that can't be
    /// opened leaves its driver with the file that it has.
    pub(super) async fn reopen(mut self, drivers: Vec<Arc<dyn SmsDriver>>) {
        while self.signal.recv().await.is_some() {
            let drivers = drivers.clone();
            // It waits for the disk.
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

/// Ends when the process is asked to.
pub(super) fn stop(hangups: &Hangups) -> Result<impl Future<Output = ()> + use<>, CliError> {
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    let ends_with_terminal = hangups.ends_with_terminal;
    Ok(async move {
        let closed = async {
            // A terminal that was closed is none any more.
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
        tracing::info!(why, "esoz-otp stops: what is under way is finished");
    })
}

fn listen(kind: SignalKind) -> Result<unix::Signal, CliError> {
    signal(kind).map_err(CliError::software)
}
