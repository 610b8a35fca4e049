use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sliding_window::DAY;
use super::{LimitExceeded, Limits, Rule, SlidingWindow, WindowUse};
use crate::domain::{Purpose, Timestamp};

/// The smallest `Rule::Lock::after`: settings can't lock a phone after fewer wrong guesses in a row.
pub const LEAST_TO_LOCK: u32 = 10;

/// How long a row of fewer than [`LEAST_TO_LOCK`] wrong guesses is remembered after the last of them.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// The wrong guesses for one phone, judged by `Limits::guesses`.
///
/// Only a right code or an operator (`unlock`) ends a row of wrong guesses. So a record that can lock the phone is
/// kept forever; a shorter row is forgotten after a year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongGuesses(SlidingWindow);

impl WrongGuesses {
    /// Counts one guess if every row allows it, and returns its moment for [`WrongGuesses::give_back`] or
    /// [`WrongGuesses::forgive`].
    pub fn spend(
        &mut self,
        limits: &Limits,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Timestamp, LimitExceeded> {
        match self.refusal(limits, purpose, now) {
            Some(exceeded) => Err(exceeded),
            None => Ok(self.count(limits, now)),
        }
    }

    /// The row that refuses one more guess. If several do, the one with the latest `next_attempt_at`.
    pub fn refusal(
        &self,
        limits: &Limits,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<LimitExceeded> {
        self.0.refusal(limits, &limits.guesses, purpose, now)
    }

    /// The lock, while it refuses one more guess. Another row may refuse it for longer.
    pub fn lock(&self, limits: &Limits, purpose: Purpose, now: Timestamp) -> Option<LimitExceeded> {
        let locks = limits.guesses.iter().filter(|row| matches!(row.rule, Rule::Lock { .. }));
        self.0.refusal(limits, locks, purpose, now)
    }

    /// How much of each window is used up.
    pub fn windows(&self, limits: &Limits, now: Timestamp) -> Vec<WindowUse> {
        self.0.windows(&limits.guesses, now)
    }

    /// Counts one guess without asking the rows, and returns its moment.
    pub fn count(&mut self, limits: &Limits, now: Timestamp) -> Timestamp {
        self.0.count(&limits.guesses, now)
    }

    /// How many moments are remembered: as many as the longest row needs, at most a day old.
    pub fn remembered(&self) -> usize {
        self.0.moments.len()
    }

    /// Number of wrong guesses since the last right code.
    pub fn in_a_row(&self) -> u32 {
        self.0.in_a_row
    }

    /// Takes back the guess of `moment`, because it was not compared.
    pub fn give_back(&mut self, moment: Timestamp) {
        self.0.give_back(moment);
        // The other moments of the row are older than a day and were forgotten. One stands for them, so that
        // `keep_until` still counts a year from a guess.
        if self.0.moments.is_empty() && self.0.in_a_row > 0 {
            self.0.moments.push(moment - DAY);
        }
    }

    /// The guess of `moment` was right: it is taken back, and the row of wrong guesses ends.
    pub fn forgive(&mut self, moment: Timestamp) {
        self.0.give_back(moment);
        self.0.restart();
    }

    /// When the record can be removed: a day after the last guess without a row, a year and a day with a short row.
    /// `None` if only a right code or an operator ends the row.
    pub fn keep_until(&self) -> Option<Timestamp> {
        match self.0.in_a_row {
            0 => Some(self.0.keep_until()),
            1..LEAST_TO_LOCK => Some(self.0.keep_until() + YEAR),
            LEAST_TO_LOCK.. => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: Purpose = Purpose::PhoneVerification;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
    }

    fn seconds(length: Duration) -> i64 {
        i64::try_from(length.as_secs()).unwrap()
    }

    #[test]
    fn a_row_of_wrong_guesses_outlives_a_later_one_that_is_given_back() {
        let limits = Limits::default();
        let mut guesses = WrongGuesses::default();
        for second in 0..3 {
            guesses.spend(&limits, PHONE, at(second)).unwrap();
        }
        let two_days_later = at(2 * seconds(DAY));
        let counted_at = guesses.spend(&limits, PHONE, two_days_later).unwrap();
        guesses.give_back(counted_at);
        assert_eq!(guesses.in_a_row(), 3);
        assert!(guesses.keep_until().is_some_and(|until| until >= at(2) + YEAR));
        // It hinders no guess.
        assert_eq!(guesses.refusal(&limits, PHONE, two_days_later), None);
    }

    #[test]
    fn the_guess_that_was_right_is_given_back() {
        let limits = Limits::default();
        let mut guesses = WrongGuesses::default();
        for _ in 0..10 {
            guesses.spend(&limits, PHONE, at(0)).unwrap();
        }
        let refused = guesses.spend(&limits, PHONE, at(3599)).unwrap_err();
        assert_eq!((refused.limit, refused.next_attempt_at), ("too_many_guesses", at(3600)));
        guesses.forgive(at(0));
        assert!(guesses.spend(&limits, PHONE, at(1)).is_ok());
        assert!(guesses.spend(&limits, PHONE, at(1)).is_err());
        assert!(guesses.spend(&limits, PHONE, at(3600)).is_ok());
    }

    #[test]
    fn a_few_wrong_ones_in_a_row_are_forgotten_after_a_year_and_a_day() {
        let limits = Limits::default();
        let mut guesses = WrongGuesses::default();
        assert!(guesses.keep_until() <= Some(at(0)));
        for count in 1..LEAST_TO_LOCK {
            let last = guesses.spend(&limits, PHONE, at(i64::from(count) * 3600)).unwrap();
            assert_eq!(guesses.keep_until(), Some(last + YEAR + DAY));
        }
        let tenth = guesses.spend(&limits, PHONE, at(36_000)).unwrap();
        assert_eq!(guesses.keep_until(), None);
        guesses.forgive(tenth);
        assert!(guesses.keep_until() < Some(tenth + DAY));
    }

    #[test]
    fn a_hundred_wrong_ones_in_a_row_lock_until_a_right_one_however_slowly_they_came() {
        let limits = Limits::default();
        let mut guesses = WrongGuesses::default();
        let mut now = 0;
        for _ in 0..100 {
            guesses.spend(&limits, PHONE, at(now)).unwrap();
            now += 2 * seconds(DAY);
        }
        assert_eq!(guesses.keep_until(), None, "no time takes that back");
        let last = guesses.spend(&limits, PHONE, at(now)).unwrap();
        let refused = guesses.spend(&limits, PHONE, at(now + 3599)).unwrap_err();
        assert_eq!(
            (refused.limit, refused.next_attempt_at),
            ("locked", last + Duration::from_hours(1))
        );
        // Nor does a clock that is set back, or on and back.
        assert!(guesses.spend(&limits, PHONE, at(now - 50_000)).is_err());
        let right = guesses.spend(&limits, PHONE, at(now + 3600)).unwrap();
        guesses.forgive(right);
        for _ in 0..10 {
            assert!(guesses.spend(&limits, PHONE, at(now + 3600)).is_ok());
        }
        assert!(
            guesses.spend(&limits, PHONE, at(now + 3600)).is_err(),
            "the hour's ten are used up"
        );
    }
}
