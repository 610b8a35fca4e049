use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// The state of one budget: the generic cell rate algorithm (GCRA, ITU-T I.371, annex A).
///
/// A unit comes back every emission interval, `period / burst`. So `burst` units can be spent at once, and after that
/// as many as have come back meanwhile.
///
/// Time: the budget is judged at the later of `now` and `spent_at`. If the clock is set back, the debt is that of
/// `spent_at` until the clock catches up; [`Rate::clamp_to_now`] makes it decrease from `now` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// When the whole budget is back: GCRA's theoretical arrival time.
    full_at: Timestamp,
    /// Whether the budget has reached the low-water mark, and less than half of that has come back since.
    is_low: bool,
    /// The time of the last [`Rate::spend`] or [`Rate::clamp_to_now`]. Records without it have [`NOT_KNOWN`].
    spent_at: Timestamp,
}

const NOT_KNOWN: Timestamp = Timestamp::from_micros(0);

/// The parameters of GCRA for one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Size of the budget: this many units can be spent at once.
    pub burst: u32,
    /// Time in which an empty budget refills completely.
    pub period: Duration,
    /// The budget runs low when this many units are spent and not back, at most `burst`. [`Rate::spend`] reports it.
    pub low_water: u32,
}

impl Budget {
    /// Time in which one unit comes back. It is rounded up to microseconds: no more comes back than is configured.
    fn emission_interval(self) -> Duration {
        let burst = u128::from(self.burst.max(1));
        micros(self.period.as_micros().div_ceil(burst))
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self::of_old(Timestamp::from_micros(0), false)
    }
}

impl Rate {
    /// A record of an earlier version, which has no `spent_at`.
    pub fn of_old(full_at: Timestamp, is_low: bool) -> Self {
        Self { full_at, is_low, spent_at: NOT_KNOWN }
    }

    /// When one more unit can be spent, if only `usable` of the budget's units can be. A time up to `now` means at
    /// once.
    pub fn allows_at(&self, budget: Budget, usable: u32, now: Timestamp) -> Timestamp {
        let interval = budget.emission_interval();
        let wanted = self.debt(budget, now) + interval;
        now + wanted.saturating_sub(interval * usable.clamp(1, budget.burst))
    }

    /// Spends one unit, even if none is left; the debt never exceeds the whole budget. Returns whether the budget runs
    /// low with this unit. It reports that again only after half of the low-water mark has come back.
    pub fn spend(&mut self, budget: Budget, now: Timestamp) -> bool {
        let was_low = self.low_until(budget, now).is_some();
        let interval = budget.emission_interval();
        let debt = (self.debt(budget, now) + interval).min(interval * budget.burst);
        (self.full_at, self.spent_at) = (now + debt, now);
        self.is_low = was_low || debt + interval > interval * budget.low_water;
        self.is_low && !was_low
    }

    /// Gives a unit back. `full_at` is the value of the record right after the unit was spent. The part of the unit
    /// that had come back by `spent_at` may be spent already, so only the other part is given back.
    pub fn give_back(&mut self, budget: Budget, full_at: Timestamp, now: Timestamp) {
        let left = full_at.since(self.spent_at).min(budget.emission_interval());
        let debt = self.debt(budget, now).saturating_sub(left);
        self.full_at = now.max(self.spent_at) + debt;
    }

    /// How many units are spent and not back at `now`, a part counted as one.
    pub fn spent(&self, budget: Budget, now: Timestamp) -> u32 {
        let interval = budget.emission_interval().as_micros().max(1);
        let spent = self.debt(budget, now).as_micros().div_ceil(interval);
        u32::try_from(spent).unwrap_or(u32::MAX)
    }

    /// Until when the budget counts as low; `None` if it does not.
    pub fn low_until(&self, budget: Budget, now: Timestamp) -> Option<Timestamp> {
        let half = budget.emission_interval() * budget.low_water / 2;
        let over = self.debt(budget, now).saturating_sub(half);
        (self.is_low && !over.is_zero()).then(|| now + over)
    }

    /// After a clock was set back: the debt of `spent_at` becomes a debt as of `now`. A record without `spent_at` that
    /// owes more than the whole budget owes `bound` at most. `None` if nothing changes.
    pub fn clamp_to_now(&self, budget: Budget, bound: Duration, now: Timestamp) -> Option<Self> {
        let whole = budget.emission_interval() * budget.burst;
        let debt = if self.spent_at > now {
            self.debt(budget, now)
        } else if self.full_at <= now + whole {
            return None;
        } else if self.spent_at == NOT_KNOWN {
            bound.min(whole)
        } else {
            // The limit was lowered since: the debt is the whole of the smaller budget.
            whole
        };
        Some(Self { full_at: now + debt, spent_at: now, ..*self })
    }

    /// Whether the low-water mark was reached, even if half of it has come back since.
    pub fn was_low(&self) -> bool {
        self.is_low
    }

    /// When the budget is full again; an expired record equals a new one, so the sweep removes it.
    pub fn keep_until(&self) -> Timestamp {
        self.full_at
    }

    fn debt(&self, budget: Budget, now: Timestamp) -> Duration {
        self.full_at.since(now.max(self.spent_at)).min(budget.emission_interval() * budget.burst)
    }
}

fn micros(count: u128) -> Duration {
    Duration::from_micros(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
    }

    fn budget(burst: u32, seconds: u64, low_water: u32) -> Budget {
        Budget { burst, period: Duration::from_secs(seconds), low_water }
    }

    /// Spends one unit if the budget allows it at `now`.
    fn ask(rate: &mut Rate, budget: Budget, usable: u32, now: Timestamp) -> bool {
        let allowed = rate.allows_at(budget, usable, now) <= now;
        if allowed {
            rate.spend(budget, now);
        }
        allowed
    }

    #[test]
    fn the_whole_at_once_and_then_one_by_one() {
        let budget = budget(20, 600, 20);
        let mut rate = Rate::default();
        for _ in 0..20 {
            assert!(ask(&mut rate, budget, 20, at(0)));
        }
        assert_eq!(rate.allows_at(budget, 20, at(0)), at(30));
        assert!(!ask(&mut rate, budget, 20, at(29)));
        assert!(ask(&mut rate, budget, 20, at(30)));
        assert!(!ask(&mut rate, budget, 20, at(30)));
        for _ in 0..20 {
            assert!(ask(&mut rate, budget, 20, at(630)));
        }
        assert!(!ask(&mut rate, budget, 20, at(630)));
    }

    #[test]
    fn what_is_kept_is_left_by_those_it_is_kept_from() {
        let budget = budget(10, 100, 6);
        let mut rate = Rate::default();
        let of_twenty =
            |rate: &mut Rate, usable| (0..20).filter(|_| ask(rate, budget, usable, at(0))).count();
        assert_eq!(of_twenty(&mut rate, 6), 6);
        assert_eq!(of_twenty(&mut rate, 10), 4);
        assert_eq!(rate.allows_at(budget, 6, at(0)), at(50));
        assert_eq!(rate.allows_at(budget, 10, at(0)), at(10));
    }

    #[test]
    fn it_runs_low_once_until_half_has_come_back() {
        let budget = budget(10, 100, 4);
        let mut rate = Rate::default();
        let lows = |rate: &mut Rate, now| (0..6).filter(|_| rate.spend(budget, now)).count();
        assert_eq!(rate.low_until(budget, at(0)), None);
        assert_eq!(lows(&mut rate, at(0)), 1);
        assert_eq!(rate.low_until(budget, at(0)), Some(at(40)));
        assert_eq!(lows(&mut rate, at(39)), 0);
        // 21 and 60 seconds were owed: 61 later it is half of what made it low.
        assert_eq!(rate.low_until(budget, at(100)), None);
        assert_eq!(lows(&mut rate, at(101)), 1);
    }

    #[test]
    fn what_is_given_back_can_be_spent_again_and_never_more_than_that() {
        let budget = budget(3, 30, 3);
        let mut rate = Rate::default();
        (0..3).for_each(|_| assert!(ask(&mut rate, budget, 3, at(0))));
        assert!(!ask(&mut rate, budget, 3, at(0)));
        rate.give_back(budget, rate.keep_until(), at(0));
        assert!(ask(&mut rate, budget, 3, at(0)) && !ask(&mut rate, budget, 3, at(0)));
        for _ in 0..9 {
            rate.give_back(budget, rate.keep_until(), at(20));
        }
        assert_eq!((0..9).filter(|_| ask(&mut rate, budget, 3, at(20))).count(), 3);
    }

    #[test]
    fn what_has_come_back_by_itself_is_not_given_back_once_more() {
        let budget = budget(3, 30, 3);
        let mut rate = Rate::default();
        assert!(ask(&mut rate, budget, 3, at(0)));
        let full_at = rate.keep_until();
        (0..3).for_each(|_| assert!(ask(&mut rate, budget, 3, at(10))));
        rate.give_back(budget, full_at, at(10));
        assert!(!ask(&mut rate, budget, 3, at(10)), "three are spent within no time");
    }

    #[test]
    fn more_than_the_whole_is_never_owed() {
        let budget = budget(10, 100, 10);
        let mut rate = Rate::default();
        for _ in 0..1000 {
            rate.spend(budget, at(0));
        }
        assert_eq!(rate.keep_until(), at(100));
    }

    #[test]
    fn a_clock_set_back_a_day_costs_what_was_owed_and_no_more() {
        let budget = budget(10, 100, 10);
        let mut rate = Rate::default();
        for _ in 0..3 {
            rate.spend(budget, at(86_400));
        }
        assert_eq!(rate.allows_at(budget, 3, at(0)), at(10));
        let clamped = rate.clamp_to_now(budget, Duration::ZERO, at(0)).unwrap();
        assert_eq!(clamped.allows_at(budget, 3, at(9)), at(10));
        assert_eq!(clamped.allows_at(budget, 3, at(10)), at(10));
        assert_eq!(clamped.keep_until(), at(30));
        assert_eq!(clamped.clamp_to_now(budget, Duration::ZERO, at(0)), None);
    }

    #[test]
    fn an_old_record_s_debt_that_cannot_be_is_bounded() {
        let budget = budget(10, 100, 10);
        let old = Rate::of_old(at(3600), false);
        let clamped = |bound| old.clamp_to_now(budget, bound, at(0)).unwrap();
        assert_eq!(clamped(Duration::ZERO).keep_until(), at(0));
        assert_eq!(clamped(Duration::from_mins(1)).keep_until(), at(60));
        assert_eq!(clamped(Duration::MAX).keep_until(), at(100));
        let possible = Rate::of_old(at(100), false);
        assert_eq!(possible.clamp_to_now(budget, Duration::ZERO, at(0)), None, "it may be");
    }

    proptest! {
        /// However it is asked, the budget holds: never more than the whole and what has come back since.
        #[test]
        fn no_stretch_gets_more_than_the_whole_and_what_came_back(
            most in 1_u32..30,
            seconds in 1_u64..1000,
            steps in prop::collection::vec((0_u64..2_000_000, 1_u32..30), 1..300),
        ) {
            let budget = budget(most, seconds, most);
            let interval = budget.emission_interval();
            let mut rate = Rate::default();
            let mut now = at(0);
            let mut spent = Vec::new();
            for (step, usable) in steps {
                now = now + Duration::from_micros(step);
                let next = rate.allows_at(budget, usable, now);
                if ask(&mut rate, budget, usable, now) {
                    spent.push(now);
                } else {
                    // Waiting as told is enough, and a moment less is not.
                    let early = Timestamp::from_micros(next.as_micros() - 1);
                    prop_assert!(rate.allows_at(budget, usable, early) > early);
                    prop_assert!(rate.allows_at(budget, usable, next) <= next);
                }
            }
            for (i, first) in spent.iter().enumerate() {
                for (j, last) in spent.iter().enumerate().skip(i) {
                    let back = last.since(*first).as_micros() / interval.as_micros();
                    prop_assert!((j - i) as u128 <= u128::from(most) + back);
                }
            }
        }

        /// For any `give_back`, however late: the units that are spent and not given back never exceed `burst` and what came
        /// back meanwhile.
        #[test]
        fn what_is_given_back_makes_room_for_no_more_than_was_spent(
            most in 1_u32..10,
            seconds in 1_u64..100,
            steps in prop::collection::vec((0_u64..20_000_000, any::<Option<u8>>()), 1..200),
        ) {
            let budget = budget(most, seconds, most);
            let mut rate = Rate::default();
            let (mut now, mut longest) = (at(0), Duration::ZERO);
            let mut spent: Vec<(Timestamp, Timestamp)> = Vec::new();
            for (step, which) in steps {
                now = now + Duration::from_micros(step);
                match which.map(usize::from) {
                    Some(which) if which < spent.len() => {
                        let (moment, full_at) = spent.swap_remove(which);
                        longest = longest.max(now.since(moment));
                        rate.give_back(budget, full_at, now);
                    }
                    _ if ask(&mut rate, budget, most, now) => spent.push((now, rate.keep_until())),
                    _ => {}
                }
                let mut moments: Vec<_> = spent.iter().map(|(moment, _)| *moment).collect();
                moments.sort_unstable();
                for (count, first) in (1_u128..).zip(moments.iter().rev()) {
                    let back = (now.since(*first) + longest).as_micros();
                    prop_assert!(count <= u128::from(most) + back / budget.emission_interval().as_micros());
                }
            }
        }

        /// However far a clock is set back, and however often: what is owed at a start is what was owed.
        #[test]
        fn a_start_with_a_clock_set_back_forgives_nothing_and_adds_nothing(
            most in 1_u32..30, spends in 1_u32..40, backs in prop::collection::vec(0_i64..100_000, 1..4),
        ) {
            let budget = budget(most, 600, most);
            let mut rate = Rate::default();
            for _ in 0..spends {
                rate.spend(budget, at(0));
            }
            let (owed, mut now) = (rate.keep_until().since(at(0)), 0);
            for back in backs {
                now -= back;
                rate = rate.clamp_to_now(budget, Duration::ZERO, at(now)).unwrap_or(rate);
                prop_assert_eq!(rate.keep_until().since(at(now)), owed);
            }
        }

        /// Setting the clock back never makes a wait shorter than it would have been.
        #[test]
        fn a_clock_set_back_never_shortens_a_wait(
            most in 1_u32..30, spends in 1_usize..40, back in 0_i64..100_000,
        ) {
            let budget = budget(most, 600, most);
            let mut rate = Rate::default();
            for _ in 0..spends {
                rate.spend(budget, at(0));
            }
            let wait = rate.allows_at(budget, most, at(0)).since(at(0));
            prop_assert!(rate.allows_at(budget, most, at(-back)).since(at(-back)) >= wait);
        }
    }
}
