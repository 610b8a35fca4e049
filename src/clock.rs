//! What time it is: asked once for each request, at the edge, and handed on as an argument.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The wall clock as it was at start, moved on by the monotonic clock: nobody who sets the machine's clock while the
/// process runs lengthens a code or shortens a wait. (The monotonic clock of Linux stands still in suspend.)
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
    wall: Timestamp,
}

impl SystemClock {
    /// Reads the wall clock, this once.
    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "the one place that reads the machine's clocks"
    )]
    pub fn start() -> Self {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let wall = Timestamp::from_micros(0) + since;
        Self { started: std::time::Instant::now(), wall }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.wall + self.started.elapsed()
    }
}

/// A clock that stands still until it is pushed: the stand-in for tests.
#[derive(Debug)]
pub struct HandClock(AtomicI64);

impl HandClock {
    /// Stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_micros()))
    }

    /// Puts it to another time, earlier or later.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves it on.
    pub fn push(&self, length: Duration) {
        self.set(self.now() + length);
    }

    /// Moves it back.
    pub fn pull(&self, length: Duration) {
        self.set(self.now() - length);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
