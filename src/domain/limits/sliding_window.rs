use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Limit, LimitExceeded, Limits, Rule, WindowUse};
use crate::domain::{Purpose, Timestamp};

/// The longest period that a rule looks back. A window without a moment in it for this long equals an empty one.
pub const DAY: Duration = Duration::from_hours(24);

/// The moments of sends to one phone, or of wrong guesses for it, oldest first.
///
/// Time: the window is judged at the later of `now` and its last moment. So a clock that is set back makes a wait
/// longer, never shorter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlidingWindow {
    pub(super) moments: Vec<Timestamp>,
    /// Number of moments since the last right code, forgotten ones included: [`Rule::Escalating`] and [`Rule::Lock`]
    /// use it.
    pub(super) in_a_row: u32,
}

impl SlidingWindow {
    /// The moment that the next count would get: `now`, or the last moment if the clock was set back.
    pub(super) fn as_of(&self, now: Timestamp) -> Timestamp {
        self.moments.last().map_or(now, |last| now.max(*last))
    }

    /// The row that refuses one more for this purpose. If several do, the one with the latest `next_attempt_at`.
    pub fn refusal<'l>(
        &self,
        limits: &Limits,
        rows: impl IntoIterator<Item = &'l Limit>,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<LimitExceeded> {
        let as_of = self.as_of(now);
        let verdicts = rows.into_iter().map(|row| LimitExceeded {
            limit: row.reason,
            next_attempt_at: self.allows_at(limits, row, purpose, as_of),
        });
        verdicts
            .filter(|verdict| verdict.next_attempt_at > as_of)
            .max_by_key(|verdict| verdict.next_attempt_at)
    }

    /// When `row` allows the next one if nothing is counted before; `as_of` means at once. Budgets ([`Rule::Rate`],
    /// [`Rule::Share`]) are counted elsewhere and always allow it here.
    fn allows_at(
        &self,
        limits: &Limits,
        row: &Limit,
        purpose: Purpose,
        as_of: Timestamp,
    ) -> Timestamp {
        match row.rule {
            Rule::Escalating(pauses) => {
                let recent = self.since(as_of - DAY);
                let steps = recent.len().min(self.in_a_row as usize).min(pauses.len());
                match (recent.last(), steps.checked_sub(1)) {
                    (Some(last), Some(step)) => *last + pauses[step],
                    (None, _) | (_, None) => as_of,
                }
            }
            Rule::Window { most, length } => {
                let recent = self.since(as_of - length);
                let usable = limits.usable(row, u32::try_from(most).unwrap_or(u32::MAX), purpose);
                match recent.len().checked_sub(usable as usize) {
                    Some(oldest) => recent[oldest] + length,
                    None => as_of,
                }
            }
            Rule::Lock { after, pause } if self.in_a_row >= after => {
                self.moments.last().map_or(as_of, |last| *last + pause)
            }
            Rule::Lock { .. } | Rule::Rate { .. } | Rule::Share { .. } => as_of,
        }
    }

    /// How much of each window among these rows is used up.
    pub(super) fn windows<'l>(
        &self,
        rows: impl IntoIterator<Item = &'l Limit>,
        now: Timestamp,
    ) -> Vec<WindowUse> {
        let as_of = self.as_of(now);
        let windows = rows.into_iter().filter_map(|row| match row.rule {
            Rule::Window { most, length } => {
                let count = self.since(as_of - length).len();
                Some(WindowUse { limit: row.reason, count, most, length })
            }
            Rule::Escalating(_) | Rule::Lock { .. } | Rule::Rate { .. } | Rule::Share { .. } => {
                None
            }
        });
        windows.collect()
    }

    /// Counts one more and returns its moment, which [`SlidingWindow::give_back`] expects. Moments that no row needs
    /// are forgotten.
    pub fn count(&mut self, rows: &[Limit], now: Timestamp) -> Timestamp {
        self.count_and_keep(rows, 0, now)
    }

    /// [`SlidingWindow::count`], but remembers `more` moments in addition to those that the rows need.
    pub(super) fn count_and_keep(
        &mut self,
        rows: &[Limit],
        more: usize,
        now: Timestamp,
    ) -> Timestamp {
        let now = self.as_of(now);
        self.moments.push(now);
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.forget(rows, more, now);
        now
    }

    /// How many of the remembered counts have exactly this moment.
    pub(super) fn count_at(&self, moment: Timestamp) -> usize {
        self.moments.iter().filter(|counted| **counted == moment).count()
    }

    /// A copy without these moments; `in_a_row` stays the same.
    pub(super) fn without(&self, moments: &[Timestamp]) -> Self {
        let mut left = self.clone();
        for moment in moments {
            if let Some(place) = left.moments.iter().position(|counted| counted == moment) {
                left.moments.remove(place);
            }
        }
        left
    }

    /// Removes one count of `moment`, because the guess was right or was not compared.
    pub fn give_back(&mut self, moment: Timestamp) {
        if let Some(place) = self.moments.iter().rposition(|m| *m == moment) {
            self.moments.remove(place);
            // A right code since then has restarted the row: `in_a_row` counts only later moments, so this one is not
            // part of it.
            let after = self.moments.len() - place;
            let is_in_the_row = usize::try_from(self.in_a_row).is_ok_and(|row| row > after);
            self.in_a_row -= u32::from(is_in_the_row);
        }
    }

    /// A right code was given: `in_a_row` starts again at 0.
    pub fn restart(&mut self) {
        self.in_a_row = 0;
    }

    /// When no rule counts any of these moments: a [`DAY`] after the last one.
    pub fn keep_until(&self) -> Timestamp {
        self.moments.last().map_or(Timestamp::from_micros(0), |last| *last + DAY)
    }

    /// How many remembered moments lie after `start`.
    pub fn count_since(&self, start: Timestamp) -> usize {
        self.since(start).len()
    }

    /// After a clock was set back: moments after `now` become `now`. The phone then waits as long as usual, not as long
    /// as the clock was ahead.
    pub fn clamp_to_now(&mut self, now: Timestamp) {
        for moment in &mut self.moments {
            *moment = now.min(*moment);
        }
    }

    fn since(&self, start: Timestamp) -> &[Timestamp] {
        &self.moments[self.moments.partition_point(|m| *m <= start)..]
    }

    fn forget(&mut self, rows: &[Limit], more: usize, now: Timestamp) {
        let needed = rows.iter().map(|row| row.rule.looks_at()).max().unwrap_or(0) + more;
        let old = self.moments.partition_point(|m| *m <= now - DAY);
        let beyond = self.moments.len().saturating_sub(needed.max(1));
        self.moments.drain(..old.max(beyond));
    }
}

impl Rule {
    /// How many of the latest moments the rule needs.
    fn looks_at(self) -> usize {
        match self {
            Self::Escalating(pauses) => pauses.len(),
            Self::Window { most, .. } => most,
            Self::Lock { .. } => 1,
            Self::Rate { .. } | Self::Share { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Id;

    const PHONE: Purpose = Purpose::PhoneVerification;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
    }

    fn seconds(length: Duration) -> i64 {
        i64::try_from(length.as_secs()).unwrap()
    }

    /// The limits with none but these rows for sends.
    fn only(rows: &[&str]) -> Limits {
        let mut limits = Limits::default();
        limits.sends.retain(|row| rows.contains(&row.name));
        limits
    }

    fn send(
        log: &mut SlidingWindow,
        limits: &Limits,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Timestamp, LimitExceeded> {
        match log.refusal(limits, &limits.sends, purpose, now) {
            Some(exceeded) => Err(exceeded),
            None => Ok(log.count(&limits.sends, now)),
        }
    }

    #[test]
    fn pauses_grow_and_start_again_after_a_day_or_a_right_code() {
        let limits = only(&["send_pause"]);
        let mut log = SlidingWindow::default();
        let mut now = 0;
        for pause in [60, 120, 300, 900, 900, 900] {
            assert!(send(&mut log, &limits, PHONE, at(now)).is_ok());
            let refused = send(&mut log, &limits, PHONE, at(now + pause - 1)).unwrap_err();
            assert_eq!(refused.limit, "send_pause");
            assert_eq!(refused.next_attempt_at, at(now + pause));
            now += pause;
        }
        let mut right = log.clone();
        right.restart();
        assert!(send(&mut right, &limits, PHONE, at(now)).is_ok());
        let refused = send(&mut right, &limits, PHONE, at(now + 1)).unwrap_err();
        assert_eq!(refused.next_attempt_at, at(now + 60));

        let tomorrow = now + seconds(DAY);
        assert!(send(&mut log, &limits, PHONE, at(tomorrow)).is_ok());
        let refused = send(&mut log, &limits, PHONE, at(tomorrow)).unwrap_err();
        assert_eq!(refused.next_attempt_at, at(tomorrow + 60));
    }

    #[test]
    fn a_refusal_does_not_lengthen_the_wait() {
        let limits = only(&["send_pause"]);
        let mut log = SlidingWindow::default();
        send(&mut log, &limits, PHONE, at(0)).unwrap();
        let before = log.clone();
        for second in 1..60 {
            assert!(send(&mut log, &limits, PHONE, at(second)).is_err());
        }
        assert_eq!(log, before);
        assert!(send(&mut log, &limits, PHONE, at(60)).is_ok());
    }

    #[test]
    fn a_clock_set_back_makes_the_wait_longer_never_shorter() {
        let limits = only(&["send_pause"]);
        let mut log = SlidingWindow::default();
        send(&mut log, &limits, PHONE, at(0)).unwrap();
        for step in [-7200, -1, 0, 59] {
            let refused = send(&mut log, &limits, PHONE, at(step)).unwrap_err();
            assert_eq!(refused.next_attempt_at, at(60));
        }
    }

    #[test]
    fn five_an_hour_and_ten_a_day_and_four_of_them_for_person_requests() {
        let limits = Limits::default();
        let request = Purpose::PersonRequest(Id::from_bytes([1; 16]));
        let mut log = SlidingWindow::default();
        // As fast as the pauses allow, phone verifications only.
        let mut sent = Vec::new();
        for second in 0..86_400 {
            sent.extend(send(&mut log, &limits, PHONE, at(second)).ok());
        }
        assert_eq!(sent, [0, 60, 180, 480, 1380, 3600].map(at));
        let refused = send(&mut log, &limits, PHONE, at(86_399)).unwrap_err();
        assert_eq!((refused.limit, refused.next_attempt_at), ("sends_per_day", at(86_400)));
        for pause in 0..4 {
            assert!(send(&mut log, &limits, request, at(80_000 + pause * 900)).is_ok());
        }
        let refused = send(&mut log, &limits, request, at(83_600)).unwrap_err();
        assert_eq!((refused.limit, refused.next_attempt_at), ("sends_per_day", at(86_400)));
    }

    proptest! {
        /// For any jumps of the clock: no period of the length of a `Rule::Window` contains more than `most` counts.
        #[test]
        fn no_window_overflows(
            most in 1_usize..6,
            length in 1_u64..100,
            steps in prop::collection::vec(-50_i64..200, 1..200),
        ) {
            let rule = Rule::Window { most, length: Duration::from_secs(length) };
            let mut limits = only(&["sends_per_hour"]);
            limits.sends[0].rule = rule;
            let mut log = SlidingWindow::default();
            let mut counted = Vec::new();
            let mut now = 0;
            for step in steps {
                now += step;
                match send(&mut log, &limits, PHONE, at(now)) {
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
            let mut log = SlidingWindow::default();
            let mut now = at(0);
            for step in steps {
                now = now + Duration::from_secs(step.unsigned_abs());
                if let Err(refused) = send(&mut log, &limits, PHONE, now) {
                    now = refused.next_attempt_at;
                    prop_assert!(send(&mut log, &limits, PHONE, now).is_ok());
                }
                prop_assert!(log.moments.len() <= 10);
            }
        }
    }
}
