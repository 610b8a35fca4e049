use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

/// Lines that may wait for a log that nobody reads; more are dropped, so that no answer waits for them.
const WAITING: usize = 16_384;

/// Logs to standard error until the guard is dropped, which writes what still waits.
pub(super) fn start(level: LevelFilter) -> WorkerGuard {
    let (out, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .thread_name("log")
        .finish(std::io::stderr());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .with_writer(out)
        .finish();
    // A second node in one process, as in tests, keeps the first one's log.
    drop(tracing::subscriber::set_global_default(subscriber));
    guard
}
