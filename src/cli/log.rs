use std::io::IsTerminal;

use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

use crate::config::{LogConfig, LogFormat};

/// Lines that may wait for a log that nobody reads; more are dropped, so that no answer waits for them.
const WAITING: usize = 16_384;

/// Logs to standard error until the guard is dropped, which writes what still waits.
pub(super) fn start(config: LogConfig) -> WorkerGuard {
    let (out, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .thread_name("log")
        .finish(std::io::stderr());
    let is_terminal = std::io::stderr().is_terminal();
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
    guard
}
