//! The log: lines on standard error.
//!
//! - `writer`: the [`LogWriter`], which queues lines for a thread that writes them;
//! - `lost_lines`: the [`LostLines`] that did not fit or could not be written.

mod lost_lines;
mod writer;

use std::io::{self, IsTerminal as _};

pub use lost_lines::LostLines;
pub use writer::{LogGuard, LogWriter};

use crate::config::{LogConfig, LogFormat};

/// The most lines that wait to be written. Further lines are dropped and counted, so no request waits for the log.
pub const WAITING: usize = 16_384;

/// The log could not start: its thread was refused.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NotStarted(#[from] io::Error);

/// Logs to standard error until the `LogGuard` is dropped, which writes the waiting lines.
pub fn start(config: LogConfig) -> Result<LogGuard, NotStarted> {
    let (out, guard) = LogWriter::start("log", io::stderr(), WAITING, |_, lost| {
        tracing::warn!(lost, "lines of the log were lost: standard error did not take them");
    })?;
    let is_terminal = io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(config.level)
        .with_ansi(is_terminal)
        .with_target(false)
        .with_writer(out);
    let is_json = match config.format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    // A second node in one process, as in tests, keeps the first one's log.
    if is_json {
        let subscriber = subscriber.json().flatten_event(true).with_current_span(false);
        drop(tracing::subscriber::set_global_default(subscriber.finish()));
    } else {
        drop(tracing::subscriber::set_global_default(subscriber.finish()));
    }
    Ok(guard)
}
