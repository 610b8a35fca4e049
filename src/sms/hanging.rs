//! Notices when messages that hang leave too few places to others.
//!
//! A message that hangs holds its place for the time-out. So the places that are held are as many as have timed out within
//! the last time-out. While those are half of all places at most, others find one at once. When there are more (and more
//! than [`FEW`]), the log says so, and for which starts of numbers, at most once in [`PAUSE`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::domain::{Phone, Timestamp};

/// So few messages are never a crowd.
const FEW: usize = 2;

/// The time between two lines of the log.
const PAUSE: Duration = Duration::from_mins(1);

/// The latest time-outs of first tries. Second tries have places of their own.
#[derive(Debug)]
pub(super) struct Hanging {
    timeout: Duration,
    parallel: usize,
    late: VecDeque<(Timestamp, Phone)>,
    told_at: Option<Timestamp>,
}

/// Messages that hold more than half of the places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crowd {
    /// Their number.
    pub(super) messages: usize,
    /// Their numbers' starts with counts, the most first: `+38067 (5), +38099 (4)`.
    pub(super) starts: String,
}

impl Hanging {
    pub(super) fn new(timeout: Duration, parallel: usize) -> Self {
        Self { timeout, parallel, late: VecDeque::new(), told_at: None }
    }

    /// Counts a time-out. Returns the crowd if the log has to report it.
    pub(super) fn note(&mut self, phone: Phone, now: Timestamp) -> Option<Crowd> {
        self.late.push_back((now, phone));
        let is_over = |(at, _): &(Timestamp, Phone)| now.since(*at) >= self.timeout;
        while self.late.front().is_some_and(is_over) {
            self.late.pop_front();
        }
        let was_told = self.told_at.is_some_and(|at| now.since(at) < PAUSE);
        if self.late.len() <= FEW.max(self.parallel / 2) || was_told {
            return None;
        }
        self.told_at = Some(now);
        Some(Crowd { messages: self.late.len(), starts: self.starts() })
    }

    fn starts(&self) -> String {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for (_, phone) in &self.late {
            *counts.entry(phone.start()).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let each = counts.iter().map(|(start, count)| format!("+380{start:02} ({count})"));
        each.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn phone(number: u32) -> Phone {
        Phone::from_national(number).unwrap()
    }

    fn hanging() -> Hanging {
        Hanging::new(Duration::from_secs(5), 16)
    }

    #[test]
    fn up_to_half_of_the_places_is_no_crowd_however_long_it_lasts() {
        let mut hanging = hanging();
        for second in 0..600 {
            assert_eq!(hanging.note(phone(670_000_001), at(second)), None);
        }
        let mut hanging = self::hanging();
        for number in 0..8 {
            assert_eq!(hanging.note(phone(number), at(0)), None);
        }
        let mut single = Hanging::new(Duration::from_secs(5), 1);
        let told = [0, 1, 2].map(|second| single.note(phone(1), at(second)).is_some());
        assert_eq!(told, [false, false, true]);
    }

    #[test]
    fn a_crowd_is_told_of_once_a_minute_with_the_starts_of_its_numbers_and_nothing_more_of_them() {
        let mut hanging = hanging();
        let number = |i: u32| phone(if i.is_multiple_of(3) { 991_234_567 } else { 507_654_321 });
        let told: Vec<_> = (0..900).map(|i| hanging.note(number(i), at((i / 3).into()))).collect();
        let told: Vec<_> =
            told.iter().enumerate().filter_map(|(i, crowd)| Some((i, crowd.clone()?))).collect();
        assert_eq!(told.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [8, 186, 366, 546, 726]);
        let starts = "+38050 (6), +38099 (3)".to_owned();
        assert_eq!(told[0].1, Crowd { messages: 9, starts });
        assert!(told.iter().all(|(_, crowd)| !crowd.starts.contains("1234567")), "{told:?}");
    }
}
