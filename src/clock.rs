//! What time it is: asked once for each request, at the edge, and handed on as an argument.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The time now: what codes, limits and deliveries go by.
    fn now(&self) -> Timestamp;

    /// What the machine's clock says: what tokens go by, which others have given an end.
    fn wall(&self) -> Timestamp;
}

/// The wall clock as it was at start, moved on by the monotonic clock: nobody who sets the machine's clock while the
/// process runs lengthens a code or shortens a wait. (The monotonic clock of Linux stands still in suspend.)
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
    wall: Timestamp,
}

impl SystemClock {
    /// Reads the wall clock; [`Clock::now`] does not read it again.
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

/// How far the two may be apart before anything is said.
const APART: Duration = Duration::from_secs(5);

/// How often it is said again.
const SAID_EVERY: Duration = Duration::from_hours(1);

/// Watches the wall clock and the node's for being apart: somebody has set the machine's clock, or the node was started
/// before the machine knew the time.
#[derive(Debug, Default)]
pub struct ClockWatch {
    /// What was said last, and when.
    said: Option<(Offset, Timestamp)>,
}

/// By how much the wall clock is ahead of the node's, or behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offset {
    length: Duration,
    is_ahead: bool,
}

impl ClockWatch {
    /// Looks at both, and warns when they are apart and that is new, other than before, or an hour ago.
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

/// A clock that stands still until it is pushed: the stand-in for tests. Its wall clock goes with it, as far ahead or
/// behind as it was put.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    wall_is_ahead: AtomicI64,
}

impl ManualClock {
    /// Stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.as_micros()), wall_is_ahead: AtomicI64::new(0) }
    }

    /// Puts it to another time, earlier or later.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Puts the wall clock to another time than this.
    pub fn set_wall(&self, wall: Timestamp) {
        self.wall_is_ahead.store(wall.as_micros() - self.now().as_micros(), Ordering::SeqCst);
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

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.now().as_micros() + self.wall_is_ahead.load(Ordering::SeqCst))
    }
}
