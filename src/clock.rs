//! The current time. It is read once for each request, at the edge, and passed on as `now`.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::domain::Timestamp;

/// A source of the current time; tests use [`ManualClock`].
pub trait Clock: Send + Sync + 'static {
    /// The node's time: codes, limits and deliveries use it.
    fn now(&self) -> Timestamp;

    /// The machine's time: tokens use it, since another system sets their `expires_at`.
    fn wall(&self) -> Timestamp;
}

/// The wall clock at the start, moved on by the monotonic clock. Setting the machine's clock while the process runs
/// makes no code live longer and no wait shorter. (Linux stops `CLOCK_MONOTONIC` during suspend.)
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
    wall: Timestamp,
}

impl SystemClock {
    /// Reads the wall clock for [`Clock::now`], which does not read it again.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn start() -> Self {
        Self { started: std::time::Instant::now(), wall: wall_clock() }
    }
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one place that reads the wall clock"
)]
fn wall_clock() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(0) + since
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.wall + self.started.elapsed()
    }

    fn wall(&self) -> Timestamp {
        wall_clock()
    }
}

/// The difference between the two clocks up to which `ClockWatch` is silent.
const APART: Duration = Duration::from_secs(5);

/// Pause between two warnings about the same difference.
const SAID_EVERY: Duration = Duration::from_hours(1);

/// Warns when `now` and `wall` differ: the machine's clock was set, or the node was started before the machine knew the
/// time.
#[derive(Debug, Default)]
pub struct ClockWatch {
    /// The difference that was logged last, and when.
    said: Option<(Offset, Timestamp)>,
}

/// How far the wall clock is ahead of the node's clock, or behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offset {
    length: Duration,
    is_ahead: bool,
}

impl ClockWatch {
    /// Compares the clocks. It warns if they differ by more than 5 s, unless it has warned of the same difference
    /// within the last hour. It logs once when they agree again.
    pub fn look(&mut self, clock: &dyn Clock) {
        let (now, wall) = (clock.now(), clock.wall());
        let offset = Offset { length: wall.since(now).max(now.since(wall)), is_ahead: wall > now };
        let is_apart = offset.length > APART;
        let is_said =
            self.said.is_some_and(|(said, at)| said.is_near(offset) && now < at + SAID_EVERY);
        if is_apart && !is_said {
            self.said = Some((offset, now));
            let seconds = offset.length.as_secs();
            let wall_clock_is = if offset.is_ahead { "ahead" } else { "behind" };
            tracing::warn!(
                seconds,
                wall_clock_is,
                "the machine's clock and this node's are apart: codes and limits go by the node's until it is started again, tokens by the machine's"
            );
        } else if !is_apart && self.said.take().is_some() {
            tracing::info!("the machine's clock and this node's agree again");
        }
    }
}

impl Offset {
    fn is_near(self, other: Self) -> bool {
        let between = if self.is_ahead == other.is_ahead {
            self.length.abs_diff(other.length)
        } else {
            self.length + other.length
        };
        between <= APART
    }
}

/// A clock for tests that stands still until it is set. `wall` keeps its difference to `now`.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    wall_is_ahead: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `now`, as wall clock too.
    pub fn at(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.as_micros()), wall_is_ahead: AtomicI64::new(0) }
    }

    /// Sets the time to `now`, which may be earlier.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Sets the wall clock to `wall` and leaves `now` as it is.
    pub fn set_wall(&self, wall: Timestamp) {
        self.wall_is_ahead.store(wall.as_micros() - self.now().as_micros(), Ordering::SeqCst);
    }

    /// Moves the time forward by `length`.
    pub fn push(&self, length: Duration) {
        self.set(self.now() + length);
    }

    /// Moves the time back by `length`.
    pub fn pull(&self, length: Duration) {
        self.set(self.now() - length);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.now().as_micros() + self.wall_is_ahead.load(Ordering::SeqCst))
    }
}
