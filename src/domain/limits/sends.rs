use serde::{Deserialize, Serialize};

use super::sliding_window::DAY;
use super::{LimitExceeded, Limits, Rule, SlidingWindow, WindowUse};
use crate::domain::{Purpose, Timestamp};

/// Most sends to one phone that [`Sends::give_back`] returns in 24 hours.
pub const GIVEN_BACK_A_DAY: usize = 5;

/// The sends to one phone, judged by `Limits::sends`.
///
/// A send of a message that never left the node can be given back: windows stop counting it. Pauses ([`Rule::Escalating`])
/// still count it, so that an unreachable number is no way around them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sends {
    /// All sends, those that were given back included.
    counted: SlidingWindow,
    /// The moments of sends that were given back. Two sends can have the same moment; each entry stands for one of
    /// them.
    given_back: Vec<Timestamp>,
}

impl Sends {
    /// The limit that refuses one more send for this purpose. If several do, the one with the latest `next_attempt_at`.
    pub fn refusal(
        &self,
        limits: &Limits,
        purpose: Purpose,
        now: Timestamp,
    ) -> Option<LimitExceeded> {
        let as_of = self.counted.as_of(now);
        let left = self.counted.without(&self.given_back);
        let (pauses, windows): (Vec<_>, Vec<_>) =
            limits.sends.iter().partition(|row| matches!(row.rule, Rule::Escalating(_)));
        let refusals = [
            self.counted.refusal(limits, pauses, purpose, now),
            left.refusal(limits, windows, purpose, as_of),
        ];
        refusals.into_iter().flatten().max_by_key(|verdict| verdict.next_attempt_at)
    }

    /// How much of each window is used up, without the sends that were given back.
    pub fn windows(&self, limits: &Limits, now: Timestamp) -> Vec<WindowUse> {
        let as_of = self.counted.as_of(now);
        self.counted.without(&self.given_back).windows(&limits.sends, as_of)
    }

    /// Counts one send and returns the moment that it is counted at: [`Sends::give_back`] expects it.
    pub fn count(&mut self, limits: &Limits, now: Timestamp) -> Timestamp {
        // Two days that overlap can each have given back `GIVEN_BACK_A_DAY` sends: the moments of all of them have to
        // be remembered.
        let moment = self.counted.count_and_keep(&limits.sends, 2 * GIVEN_BACK_A_DAY, now);
        let counted = &self.counted;
        self.given_back.retain(|given| *given > moment - DAY && counted.count_at(*given) > 0);
        moment
    }

    /// Gives back the send that was counted at `moment`, because its message never left. Returns `false` if it was
    /// given back before, is forgotten, or [`GIVEN_BACK_A_DAY`] sends of the day before it were given back.
    pub fn give_back(&mut self, moment: Timestamp) -> bool {
        let counted = self.counted.count_at(moment);
        let given = self.given_back.iter().filter(|given| **given == moment).count();
        let of_the_day = self.given_back.iter().filter(|given| **given > moment - DAY).count();
        let may = counted > given && of_the_day < GIVEN_BACK_A_DAY;
        if may {
            self.given_back.push(moment);
        }
        may
    }

    /// A right code was given: the pauses start again with the first.
    pub fn restart(&mut self) {
        self.counted.restart();
    }

    /// After a clock was set back: moments after `now` become `now`. The phone then waits as long as usual, not as long
    /// as the clock was ahead.
    pub fn clamp_to_now(&mut self, now: Timestamp) {
        self.counted.clamp_to_now(now);
        for moment in &mut self.given_back {
            *moment = now.min(*moment);
        }
    }

    /// When no rule counts any of these moments: the sweep can remove the record.
    pub fn keep_until(&self) -> Timestamp {
        self.counted.keep_until()
    }
}

/// A record of an earlier version, which had only the window.
impl From<SlidingWindow> for Sends {
    fn from(counted: SlidingWindow) -> Self {
        Self { counted, given_back: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::Id;

    const PHONE: Purpose = Purpose::PhoneVerification;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
    }

    fn send(
        sends: &mut Sends,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Timestamp, LimitExceeded> {
        match sends.refusal(limits, PHONE, now) {
            Some(exceeded) => Err(exceeded),
            None => Ok(sends.count(limits, now)),
        }
    }

    #[test]
    fn five_sends_into_an_outage_leave_the_hour_open_and_the_pause_as_it_is() {
        let limits = Limits::default();
        let mut sends = Sends::default();
        let mut now = 0;
        for pause in [0, 60, 120, 300, 900] {
            now += pause;
            let counted = send(&mut sends, &limits, at(now)).unwrap();
            assert!(sends.give_back(counted));
        }
        let refused = send(&mut sends, &limits, at(now + 899)).unwrap_err();
        assert_eq!((refused.limit, refused.next_attempt_at), ("send_pause", at(now + 900)));
        // Five are given back in a day, and then an hour has five as ever.
        for _ in 0..4 {
            now += 900;
            let counted = send(&mut sends, &limits, at(now)).unwrap();
            assert!(!sends.give_back(counted));
        }
    }

    #[test]
    fn a_send_is_given_back_once_and_none_that_was_not_counted() {
        let limits = Limits::default();
        let mut sends = Sends::default();
        let first = send(&mut sends, &limits, at(0)).unwrap();
        assert!(!sends.give_back(at(1)));
        assert!(sends.give_back(first) && !sends.give_back(first));
        sends.restart();
        // Of two that were counted at one moment each can be given back.
        let same = [(); 2].map(|()| sends.count(&limits, at(9)));
        assert_eq!(same, [at(9); 2]);
        assert_eq!([(); 3].map(|()| sends.give_back(at(9))), [true, true, false]);
        let later = sends.count(&limits, at(9 + 24 * 3600));
        assert!(!sends.give_back(at(9)), "forgotten");
        assert!(sends.give_back(later));
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Later(i64),
        Send { leaves: bool },
    }

    proptest! {
        /// For any `give_back`: no window contains more sent messages than it allows, and no pause gets shorter.
        #[test]
        fn what_has_left_keeps_to_the_windows_and_all_to_the_pauses(
            most in 1_usize..6,
            steps in prop::collection::vec(prop_oneof![
                (-50_i64..4000).prop_map(Step::Later),
                any::<bool>().prop_map(|leaves| Step::Send { leaves }),
            ], 1..300),
        ) {
            let hour = Rule::Window { most, length: Duration::from_hours(1) };
            let limits = Limits::default().with("sends_per_hour", hour).unwrap();
            let mut sends = Sends::default();
            let mut all = SlidingWindow::default();
            let (mut left, mut now) = (Vec::new(), 0);
            for step in steps {
                let leaves = match step {
                    Step::Later(seconds) => { now += seconds; continue }
                    Step::Send { leaves } => leaves,
                };
                let pause = &limits.sends[..1];
                let is_paused = all.refusal(&limits, pause, PHONE, at(now)).is_some();
                let Ok(counted) = send(&mut sends, &limits, at(now)) else { continue };
                prop_assert!(!is_paused);
                all.count(&limits.sends, at(now));
                if leaves {
                    left.push(counted);
                } else {
                    sends.give_back(counted);
                }
            }
            for (window, most) in [(Duration::from_hours(1), most), (DAY, 6)] {
                for (i, first) in left.iter().enumerate() {
                    let inside = left[i..].iter().filter(|m| **m < *first + window);
                    prop_assert!(inside.count() <= most);
                }
            }
        }
    }

    #[test]
    fn requests_have_their_share_of_the_day_beside_what_is_given_back() {
        let limits = Limits::default();
        let request = Purpose::PersonRequest(Id::from_bytes([1; 16]));
        let mut sends = Sends::default();
        for number in 0..11 {
            let counted = sends.count(&limits, at(number * 3600));
            assert_eq!(sends.give_back(counted), number < 5);
        }
        let now = at(11 * 3600);
        assert_eq!(sends.refusal(&limits, PHONE, now).unwrap().limit, "sends_per_day");
        assert_eq!(sends.refusal(&limits, request, now), None);
    }
}
