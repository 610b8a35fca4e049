use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// A budget that fills up evenly: what is spent comes back piece by piece, one piece each `length / most`. (The
/// "generic cell rate algorithm" of ITU-T I.371.) So `most` may be spent at once, and right after that as many as have
/// come back meanwhile.
///
/// Time: it is judged at the later of now and when it was last spent from, so what is owed after a clock was set back is
/// what was owed then; [`Rate::settle`] makes that come back from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// When everything has come back.
    full_at: Timestamp,
    /// It has run low, and not half of it has come back since.
    is_low: bool,
    /// When it was last spent from, or settled. Records of before this was kept have [`NOT_KNOWN`].
    spent_at: Timestamp,
}

const NOT_KNOWN: Timestamp = Timestamp::from_micros(0);

/// What a [`Rate`] is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The whole of it.
    pub most: u32,
    /// In what length of time the whole of it comes back.
    pub length: Duration,
    /// When so many are spent that not one more of them is left it has run low: at most `most`.
    pub low_at: u32,
}

impl Budget {
    /// In what time one piece comes back: rounded up, so that never more comes back than is configured.
    fn piece(self) -> Duration {
        let most = u128::from(self.most.max(1));
        micros(self.length.as_micros().div_ceil(most))
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self::of_old(Timestamp::from_micros(0), false)
    }
}

impl Rate {
    /// As it was kept when nothing said when it was last spent from.
    pub fn of_old(full_at: Timestamp, is_low: bool) -> Self {
        Self { full_at, is_low, spent_at: NOT_KNOWN }
    }

    /// When one more may be spent by somebody who may use up `usable` of the budget: at once when that is not later
    /// than `now`.
    pub fn allows_at(&self, budget: Budget, usable: u32, now: Timestamp) -> Timestamp {
        let piece = budget.piece();
        let wanted = self.debt(budget, now) + piece;
        now + wanted.saturating_sub(piece * usable.clamp(1, budget.most))
    }

    /// Spends one, whether it is there or not; the debt never grows beyond the whole budget. Says whether the budget has
    /// just run low: once, until half of what that leaves has come back.
    pub fn spend(&mut self, budget: Budget, now: Timestamp) -> bool {
        let was_low = self.low_until(budget, now).is_some();
        let piece = budget.piece();
        let debt = (self.debt(budget, now) + piece).min(piece * budget.most);
        (self.full_at, self.spent_at) = (now + debt, now);
        self.is_low = was_low || debt + piece > piece * budget.low_at;
        self.is_low && !was_low
    }

    /// Takes one back that was spent, when it would have been full again at `full_at` right after that. What has come back of
    /// it by the last time that something was spent may be spent already, and is not given back once more.
    pub fn give_back(&mut self, budget: Budget, full_at: Timestamp, now: Timestamp) {
        let left = full_at.since(self.spent_at).min(budget.piece());
        let debt = self.debt(budget, now).saturating_sub(left);
        self.full_at = now.max(self.spent_at) + debt;
    }

    /// Until when it counts as low, if it does.
    pub fn low_until(&self, budget: Budget, now: Timestamp) -> Option<Timestamp> {
        let half = budget.piece() * budget.low_at / 2;
        let over = self.debt(budget, now).saturating_sub(half);
        (self.is_low && !over.is_zero()).then(|| now + over)
    }

    /// After a clock was set back: what was owed when it was last spent from is owed as of now. Where that is not known, a
    /// debt of more than the whole can't be, and counts as `bound`. `None` when nothing has to change.
    pub fn settle(&self, budget: Budget, bound: Duration, now: Timestamp) -> Option<Self> {
        let whole = budget.piece() * budget.most;
        let debt = if self.spent_at > now {
            self.debt(budget, now)
        } else if self.full_at <= now + whole {
            return None;
        } else if self.spent_at == NOT_KNOWN {
            bound.min(whole)
        } else {
            // The whole is a smaller one than it was.
            whole
        };
        Some(Self { full_at: now + debt, spent_at: now, ..*self })
    }

    /// Whether it has run low; half of it may have come back since.
    pub fn was_low(&self) -> bool {
        self.is_low
    }

    /// When it is full again, and need not be kept.
    pub fn keep_until(&self) -> Timestamp {
        self.full_at
    }

    fn debt(&self, budget: Budget, now: Timestamp) -> Duration {
        self.full_at.since(now.max(self.spent_at)).min(budget.piece() * budget.most)
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

    fn budget(most: u32, seconds: u64, low_at: u32) -> Budget {
        Budget { most, length: Duration::from_secs(seconds), low_at }
    }

    /// Spends if it may, as whoever asks does.
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
        let settled = rate.settle(budget, Duration::ZERO, at(0)).unwrap();
        assert_eq!(settled.allows_at(budget, 3, at(9)), at(10));
        assert_eq!(settled.allows_at(budget, 3, at(10)), at(10));
        assert_eq!(settled.keep_until(), at(30));
        assert_eq!(settled.settle(budget, Duration::ZERO, at(0)), None);
    }

    #[test]
    fn an_old_record_s_debt_that_cannot_be_is_bounded() {
        let budget = budget(10, 100, 10);
        let old = Rate::of_old(at(3600), false);
        let settled = |bound| old.settle(budget, bound, at(0)).unwrap();
        assert_eq!(settled(Duration::ZERO).keep_until(), at(0));
        assert_eq!(settled(Duration::from_mins(1)).keep_until(), at(60));
        assert_eq!(settled(Duration::MAX).keep_until(), at(100));
        let possible = Rate::of_old(at(100), false);
        assert_eq!(possible.settle(budget, Duration::ZERO, at(0)), None, "it may be");
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
            let piece = budget.piece();
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
                    let back = last.since(*first).as_micros() / piece.as_micros();
                    prop_assert!((j - i) as u128 <= u128::from(most) + back);
                }
            }
        }

        /// Whichever are given back, and however late: of those that are not there are never more than the whole and what came
        /// back, that of the time included which the longest was kept.
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
                    prop_assert!(count <= u128::from(most) + back / budget.piece().as_micros());
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
                rate = rate.settle(budget, Duration::ZERO, at(now)).unwrap_or(rate);
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
