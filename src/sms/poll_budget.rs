//! How many questions about deliveries a driver gets.
//!
//! - Up to [`SHARE`] questions to a driver are open at the same time. Each driver has a budget of its own, so one that does
//!   not answer keeps no other from being asked.
//! - A driver that has failed to answer is asked one question at a time, and the next one no sooner than a pause after the
//!   last began. The pause is twice as long after each failure, up to [`LONGEST`]. An answer ends it.

use std::time::Duration;

use crate::domain::Timestamp;

/// The most open questions to one driver.
const SHARE: usize = 4;
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(1);

/// The questions of one driver.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PollBudget {
    open: usize,
    pause: Option<Pause>,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    length: Duration,
    until: Timestamp,
}

impl PollBudget {
    /// The number of questions that may be asked now.
    pub(super) fn allowed(&self, now: Timestamp) -> usize {
        match self.pause {
            None => SHARE.saturating_sub(self.open),
            Some(Pause { until, .. }) => usize::from(self.open == 0 && until <= now),
        }
    }

    /// Counts a question.
    pub(super) fn begin(&mut self) {
        self.open += 1;
    }

    /// Ends the pause: a question was answered.
    pub(super) fn answered(&mut self) {
        self.open = self.open.saturating_sub(1);
        self.pause = None;
    }

    /// Begins a pause: a question that began at this time failed.
    pub(super) fn failed(&mut self, began: Timestamp) {
        self.open = self.open.saturating_sub(1);
        let length = match self.pause {
            None => SHORTEST,
            Some(Pause { length, until }) if began >= until => (length * 2).min(LONGEST),
            // This question was open when another one failed.
            Some(_) => return,
        };
        self.pause = Some(Pause { length, until: began + length });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_driver_that_answers_has_its_whole_share() {
        let mut budget = PollBudget::default();
        for _ in 0..10 {
            assert_eq!(budget.allowed(at(0)), 4);
            (0..4).for_each(|_| budget.begin());
            assert_eq!(budget.allowed(at(0)), 0);
            (0..4).for_each(|_| budget.answered());
        }
    }

    #[test]
    fn one_that_does_not_is_asked_one_at_a_time_and_ever_more_seldom_until_it_does() {
        let mut budget = PollBudget::default();
        (0..4).for_each(|_| budget.begin());
        (0..4).for_each(|_| budget.failed(at(0)));
        let mut now = 5;
        for pause in [10, 20, 40, 60, 60] {
            assert_eq!((budget.allowed(at(now - 1)), budget.allowed(at(now))), (0, 1));
            budget.begin();
            assert_eq!(budget.allowed(at(now + 1000)), 0, "one at a time");
            budget.failed(at(now));
            now += pause;
        }
        budget.begin();
        budget.answered();
        assert_eq!(budget.allowed(at(now)), 4);
    }
}
