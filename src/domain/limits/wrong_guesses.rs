use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sliding_window::DAY;
use super::{LimitExceeded, Limits, SlidingWindow};
use crate::domain::{Purpose, Timestamp};

/// Fewer wrong guesses in a row than this lock no phone, whatever the settings say.
pub const LEAST_TO_LOCK: u32 = 10;

/// After this long without a wrong guess, fewer of them are forgotten.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// The wrong guesses for one phone. How many came in a row is not forgotten with time, but by a right code or an operator: a
/// record that counts any is kept. Only a count that no lock comes after is forgotten, a year after the last guess.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongGuesses(SlidingWindow);

impl WrongGuesses {
    /// Counts one more, if every row allows it, and says as of when it was counted.
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

    /// Which row forbids one more: of several the one that does so longest.
    pub fn refusal(
        &self,
        limits: &Limits,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<LimitExceeded> {
        self.0.refusal(limits, &limits.guesses, purpose, now)
    }

    /// Counts one more, and says as of when.
    pub fn count(&mut self, limits: &Limits, now: Timestamp) -> Timestamp {
        self.0.count(&limits.guesses, now)
    }

    /// How many there were of late: enough of them for every row.
    pub fn remembered(&self) -> usize {
        self.0.moments.len()
    }

    /// How many came since the last right one.
    pub fn in_a_row(&self) -> u32 {
        self.0.in_a_row
    }

    /// The guess counted at `moment` was not compared.
    pub fn give_back(&mut self, moment: Timestamp) {
        self.0.give_back(moment);
        // The others in the row are older than a day and forgotten one by one; the row itself is kept for a year.
        if self.0.moments.is_empty() && self.0.in_a_row > 0 {
            self.0.moments.push(moment - DAY);
        }
    }

    /// The guess counted at `moment` was right: it is given back, and those before it are no row any more.
    pub fn forgive(&mut self, moment: Timestamp) {
        self.0.give_back(moment);
        self.0.restart();
    }

    /// When it is worth nothing and may be swept, if time alone brings that about.
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
