//! How often codes may be sent and guessed: rows of a table, and the log that they judge.
//!
//! For each phone one [`Log`] holds the moments of its sends, another those of its wrong guesses. A [`Limit`] reads
//! the log and says from when on the next one is allowed; of several limits the strictest is named. What is allowed
//! is written into the log in the same write that it allows, so a restart forgives nothing; what is refused writes
//! nothing, so a refusal never lengthens a wait.
//!
//! Time: the log is judged at the later of now and its last moment, so a clock set back makes a wait longer and
//! never shorter.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// After this long without counting, nothing of a log matters to any rule.
pub const DAY: Duration = Duration::from_hours(24);

/// One row: a name for configuration and `error.reason`, a rule, and what it is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Name of the row.
    pub name: &'static str,
    /// What is allowed.
    pub rule: Rule,
    /// What it protects, for the people who set it.
    pub protects: &'static str,
}

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A pause after the first, a longer one after the second, and so on; the last pause is for all later ones. The
    /// ladder starts again after a success, and whatever is older than a day is off it.
    Ladder([Duration; 4]),
    /// At most so many in any stretch of this length; at least one, at most a day.
    Window {
        /// How many.
        most: usize,
        /// In what length of time.
        length: Duration,
    },
}

/// The table: which limits judge sends to a phone, which judge guesses for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Judges a code's sending, whichever route asks for it.
    pub sends: Vec<Limit>,
    /// Judges a code's comparing.
    pub guesses: Vec<Limit>,
}

/// What was counted for one phone, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    moments: Vec<Timestamp>,
    /// How many came since the last right code, forgotten moments included.
    in_a_row: u32,
}

/// A limit says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSoon {
    /// The row that said so.
    pub limit: &'static str,
    /// From when on it says yes.
    pub next_attempt_at: Timestamp,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sends: vec![Limit {
                name: "send_pause",
                rule: Rule::Ladder([1, 2, 5, 15].map(Duration::from_mins)),
                protects: "a phone from being flooded",
            }],
            guesses: vec![Limit {
                name: "guesses_per_hour",
                rule: Rule::Window { most: 10, length: Duration::from_hours(1) },
                protects: "a code from being guessed across resends",
            }],
        }
    }
}

impl Limits {
    /// Every row, whatever it judges.
    pub fn rows(&self) -> impl Iterator<Item = &Limit> {
        self.sends.iter().chain(&self.guesses)
    }

    /// The same table with the row of this name judging by another rule; `None` when there is no such row.
    pub fn with(mut self, name: &str, rule: Rule) -> Option<Self> {
        let row = self.sends.iter_mut().chain(&mut self.guesses).find(|row| row.name == name)?;
        row.rule = rule;
        Some(self)
    }
}

impl Rule {
    /// When the next one is allowed: at once when that is not later than `now`.
    fn allows_at(self, log: &Log, now: Timestamp) -> Timestamp {
        match self {
            Self::Ladder(pauses) => {
                let recent = log.since(now - DAY);
                let steps = recent.len().min(log.in_a_row as usize).min(pauses.len());
                match (recent.last(), steps.checked_sub(1)) {
                    (Some(last), Some(step)) => *last + pauses[step],
                    (None, _) | (_, None) => now,
                }
            }
            Self::Window { most, length } => {
                let recent = log.since(now - length);
                match recent.len().checked_sub(most) {
                    Some(oldest) => recent[oldest] + length,
                    None => now,
                }
            }
        }
    }

    /// How many moments the rule looks at.
    fn looks_at(self) -> usize {
        match self {
            Self::Ladder(pauses) => pauses.len(),
            Self::Window { most, .. } => most,
        }
    }
}

impl Log {
    /// Counts one more, if every limit allows it, and says as of when it was counted.
    pub fn spend(&mut self, limits: &[Limit], now: Timestamp) -> Result<Timestamp, TooSoon> {
        let now = self.moments.last().map_or(now, |last| now.max(*last));
        let strictest = limits
            .iter()
            .map(|row| TooSoon { limit: row.name, next_attempt_at: row.rule.allows_at(self, now) })
            .max_by_key(|verdict| verdict.next_attempt_at);
        match strictest {
            Some(verdict) if verdict.next_attempt_at > now => return Err(verdict),
            Some(_) | None => {}
        }
        self.moments.push(now);
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.forget(limits, now);
        Ok(now)
    }

    /// Takes back one that was counted at `moment`: the guess was no wrong one.
    pub fn give_back(&mut self, moment: Timestamp) {
        if let Some(place) = self.moments.iter().rposition(|m| *m == moment) {
            self.moments.remove(place);
            self.in_a_row = self.in_a_row.saturating_sub(1);
        }
    }

    /// A right code came: the ladder starts again.
    pub fn restart(&mut self) {
        self.in_a_row = 0;
    }

    /// When the log is worth nothing to any rule and may be swept.
    pub fn keep_until(&self) -> Timestamp {
        self.moments.last().map_or(Timestamp::from_micros(0), |last| *last + DAY)
    }

    fn since(&self, start: Timestamp) -> &[Timestamp] {
        &self.moments[self.moments.partition_point(|m| *m <= start)..]
    }

    fn forget(&mut self, limits: &[Limit], now: Timestamp) {
        let needed = limits.iter().map(|row| row.rule.looks_at()).max().unwrap_or(0);
        let old = self.moments.partition_point(|m| *m <= now - DAY);
        let beyond = self.moments.len().saturating_sub(needed.max(1));
        self.moments.drain(..old.max(beyond));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
    }

    fn seconds(length: Duration) -> i64 {
        i64::try_from(length.as_secs()).unwrap()
    }

    #[test]
    fn pauses_grow_and_start_again_after_a_day_or_a_right_code() {
        let limits = Limits::default().sends;
        let mut log = Log::default();
        let mut now = 0;
        for pause in [60, 120, 300, 900, 900, 900] {
            assert!(log.spend(&limits, at(now)).is_ok());
            let refused = log.spend(&limits, at(now + pause - 1)).unwrap_err();
            assert_eq!(refused.limit, "send_pause");
            assert_eq!(refused.next_attempt_at, at(now + pause));
            now += pause;
        }
        let mut right = log.clone();
        right.restart();
        assert!(right.spend(&limits, at(now)).is_ok());
        assert_eq!(right.spend(&limits, at(now + 1)).unwrap_err().next_attempt_at, at(now + 60));

        let tomorrow = now + seconds(DAY);
        assert!(log.spend(&limits, at(tomorrow)).is_ok());
        assert_eq!(
            log.spend(&limits, at(tomorrow)).unwrap_err().next_attempt_at,
            at(tomorrow + 60)
        );
    }

    #[test]
    fn a_refusal_does_not_lengthen_the_wait() {
        let limits = Limits::default().sends;
        let mut log = Log::default();
        log.spend(&limits, at(0)).unwrap();
        let before = log.clone();
        for second in 1..60 {
            assert!(log.spend(&limits, at(second)).is_err());
        }
        assert_eq!(log, before);
        assert!(log.spend(&limits, at(60)).is_ok());
    }

    #[test]
    fn a_clock_set_back_makes_the_wait_longer_never_shorter() {
        let limits = Limits::default().sends;
        let mut log = Log::default();
        log.spend(&limits, at(0)).unwrap();
        for step in [-7200, -1, 0, 59] {
            assert_eq!(log.spend(&limits, at(step)).unwrap_err().next_attempt_at, at(60));
        }
    }

    #[test]
    fn the_guess_that_was_right_is_given_back() {
        let limits = Limits::default().guesses;
        let mut log = Log::default();
        for _ in 0..10 {
            log.spend(&limits, at(0)).unwrap();
        }
        assert_eq!(log.spend(&limits, at(3599)).unwrap_err().next_attempt_at, at(3600));
        log.give_back(at(0));
        assert!(log.spend(&limits, at(1)).is_ok());
        assert!(log.spend(&limits, at(1)).is_err());
        assert!(log.spend(&limits, at(3600)).is_ok());
    }

    #[test]
    fn rows_have_names_of_their_own() {
        let limits = Limits::default();
        let mut names: Vec<_> =
            limits.sends.iter().chain(&limits.guesses).map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), limits.sends.len() + limits.guesses.len());
        assert!(limits.with("no_such_row", Rule::Ladder([Duration::ZERO; 4])).is_none());
    }

    proptest! {
        /// Whatever the clock does, no stretch of the window's length ever holds more than it allows.
        #[test]
        fn no_window_overflows(
            most in 1_usize..6,
            length in 1_u64..100,
            steps in prop::collection::vec(-50_i64..200, 1..200),
        ) {
            let rule = Rule::Window { most, length: Duration::from_secs(length) };
            let limits = [Limit { name: "w", rule, protects: "" }];
            let mut log = Log::default();
            let mut counted = Vec::new();
            let mut now = 0;
            for step in steps {
                now += step;
                match log.spend(&limits, at(now)) {
                    Ok(moment) => counted.push(moment),
                    Err(refused) => prop_assert!(refused.next_attempt_at > at(now)),
                }
            }
            for (i, first) in counted.iter().enumerate() {
                let inside = counted[i..].iter().filter(|m| **m < *first + Duration::from_secs(length));
                prop_assert!(inside.count() <= most);
            }
        }

        /// Waiting exactly as long as one is told is always long enough, and a log stays small.
        #[test]
        fn waiting_as_told_is_enough(steps in prop::collection::vec(0_i64..4000, 1..100)) {
            let limits = Limits::default();
            let both = [limits.sends, limits.guesses].concat();
            let mut log = Log::default();
            let mut now = at(0);
            for step in steps {
                now = now + Duration::from_secs(step.unsigned_abs());
                if let Err(refused) = log.spend(&both, now) {
                    now = refused.next_attempt_at;
                    prop_assert!(log.spend(&both, now).is_ok());
                }
                prop_assert!(log.moments.len() <= 10);
            }
        }
    }
}
