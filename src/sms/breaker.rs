//! When a driver is left alone.
//!
//! After [`FAILURES`] failures in a row it is called no more for a while; then one message is tried. If that fails too
//! the while is twice as long, up to [`LONGEST`]; if not, all is well again. Apart from that a driver may ask for a
//! rest, which is no failure.

use std::time::Duration;

use crate::domain::Timestamp;

/// So many failures in a row are no accident.
const FAILURES: u32 = 5;
const SHORTEST: Duration = Duration::from_secs(2);
/// A code lives for five minutes by default: a gateway that is back has to be found soon.
const LONGEST: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(super) struct Breaker {
    /// Whoever tries has to say so by then, or another one may.
    trial: Duration,
    state: State,
    rests_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Timestamp, pause: Duration },
    Trying { until: Timestamp, pause: Duration },
}

/// What changes for a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is given up on.
    Down,
    /// It works again.
    Up,
}

/// Whom a driver takes messages from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Room {
    /// Nobody before this time.
    Nobody(Timestamp),
    /// One, to see how it goes.
    One,
    /// All.
    All,
}

impl Breaker {
    /// Of a driver that has said what came of a trial after so long.
    pub(super) fn new(trial: Duration) -> Self {
        Self { trial, state: State::Closed { failures: 0 }, rests_until: None }
    }

    /// Whom it is open to.
    pub(super) fn room(&self, now: Timestamp) -> Room {
        let is_later = |until: &Timestamp| now < *until;
        let (is_closed, until) = match self.state {
            State::Closed { .. } => (true, None),
            State::Open { until, .. } | State::Trying { until, .. } => (false, Some(until)),
        };
        match self.rests_until.filter(is_later).max(until.filter(is_later)) {
            Some(until) => Room::Nobody(until),
            None if is_closed => Room::All,
            None => Room::One,
        }
    }

    /// Whether a message may be tried now; the first one after a pause is the trial.
    pub(super) fn admits(&mut self, now: Timestamp) -> bool {
        match (self.room(now), self.state) {
            (Room::Nobody(_), _) => false,
            (Room::All | Room::One, State::Closed { .. }) => true,
            (Room::All | Room::One, State::Open { pause, .. } | State::Trying { pause, .. }) => {
                self.state = State::Trying { until: now + self.trial, pause };
                true
            }
        }
    }

    /// Whether it has failed too often, and is left alone now. Once it may be tried nobody knows, until somebody tries.
    pub(super) fn is_down(&self, now: Timestamp) -> bool {
        match self.state {
            State::Closed { .. } => false,
            State::Open { until, .. } | State::Trying { until, .. } => now < until,
        }
    }

    /// It answered.
    pub(super) fn succeed(&mut self) -> Option<Turn> {
        let was_down = !matches!(self.state, State::Closed { .. });
        self.state = State::Closed { failures: 0 };
        was_down.then_some(Turn::Up)
    }

    /// It did not.
    pub(super) fn fail(&mut self, now: Timestamp) -> Option<Turn> {
        let open = |pause| State::Open { until: now + pause, pause };
        let (state, turn) = match self.state {
            State::Closed { failures } if failures + 1 < FAILURES => {
                (State::Closed { failures: failures + 1 }, None)
            }
            State::Closed { .. } => (open(SHORTEST), Some(Turn::Down)),
            State::Trying { pause, .. } => (open((pause * 2).min(LONGEST)), None),
            // Messages that were under way when it was given up on.
            State::Open { .. } => (self.state, None),
        };
        self.state = state;
        turn
    }

    /// It wants to be left alone for so long.
    pub(super) fn rest(&mut self, now: Timestamp, length: Duration) {
        let until = now + length;
        self.rests_until = self.rests_until.max(Some(until));
        if let State::Trying { pause, .. } = self.state {
            self.state = State::Open { until, pause };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIAL: Duration = Duration::from_mins(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn given_up_on() -> Breaker {
        let mut breaker = Breaker::new(TRIAL);
        for _ in 1..FAILURES {
            assert_eq!(breaker.fail(at(0)), None);
            assert_eq!(breaker.room(at(0)), Room::All);
        }
        assert_eq!(breaker.fail(at(0)), Some(Turn::Down));
        breaker
    }

    #[test]
    fn failures_in_a_row_close_the_door_and_one_trial_opens_it() {
        let mut breaker = given_up_on();
        assert!(breaker.is_down(at(1)) && !breaker.admits(at(1)));
        assert_eq!(breaker.room(at(1)), Room::Nobody(at(2)));
        assert_eq!(breaker.room(at(2)), Room::One);
        assert!(!breaker.is_down(at(2)), "nobody knows, and nobody may come to try");
        assert!(breaker.admits(at(2)));
        assert!(breaker.is_down(at(2)));
        assert!(!breaker.admits(at(2)), "one only");
        assert_eq!(breaker.succeed(), Some(Turn::Up));
        assert_eq!(breaker.succeed(), None, "once");
        assert!(breaker.admits(at(2)) && !breaker.is_down(at(2)));
    }

    #[test]
    fn a_failed_trial_doubles_the_pause_up_to_the_longest_and_late_failures_don_t() {
        let mut breaker = given_up_on();
        breaker.fail(at(1));
        assert_eq!(breaker.room(at(1)), Room::Nobody(at(2)));
        let mut now = at(2);
        for pause in [4, 8, 15, 15] {
            assert!(breaker.admits(now));
            breaker.fail(now);
            let until = now + Duration::from_secs(pause);
            assert_eq!(breaker.room(now), Room::Nobody(until));
            now = until;
        }
    }

    #[test]
    fn a_trial_that_nobody_hears_of_again_is_not_the_last() {
        let mut breaker = given_up_on();
        assert!(breaker.admits(at(2)) && !breaker.admits(at(61)));
        assert!(breaker.admits(at(62)));
    }

    #[test]
    fn failures_that_are_not_in_a_row_do_nothing() {
        let mut breaker = Breaker::new(TRIAL);
        for _ in 0..100 {
            breaker.fail(at(0));
            breaker.succeed();
        }
        assert_eq!(breaker.room(at(0)), Room::All);
    }

    #[test]
    fn a_rest_is_kept_and_is_no_failure() {
        let mut breaker = Breaker::new(TRIAL);
        breaker.rest(at(0), Duration::from_secs(30));
        breaker.rest(at(1), Duration::from_secs(5));
        assert_eq!(breaker.room(at(29)), Room::Nobody(at(30)));
        assert!(!breaker.is_down(at(1)) && breaker.admits(at(30)));
        let mut breaker = given_up_on();
        assert!(breaker.admits(at(2)));
        breaker.rest(at(3), Duration::from_secs(10));
        assert_eq!((breaker.room(at(12)), breaker.room(at(13))), (Room::Nobody(at(13)), Room::One));
    }
}
