use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;

use super::super::circuit_breaker::{CallFailure, CallPermit, CircuitBreaker, Try};
use super::*;
use crate::domain::{Phone, Timestamp};

const MANY: Tries = Tries { first: 1000, second: 1000 };

fn lanes(parallel: usize, first: usize, second: usize) -> Lanes {
    Lanes { parallel, first, second }
}

#[test]
fn first_tries_get_all_places_but_the_quarter_that_second_tries_wait_for() {
    let claims = |lanes: Lanes, first, second| {
        let claims = lanes.claims(Tries { first, second }, Admission::Open, Admission::Open);
        (claims.first, claims.second)
    };
    assert_eq!(claims(lanes(16, 0, 0), 100, 0), (16, 0));
    assert_eq!(claims(lanes(16, 0, 0), 100, 1), (15, 1));
    assert_eq!(claims(lanes(16, 0, 0), 100, 100), (12, 4));
    assert_eq!(claims(lanes(16, 0, 0), 0, 100), (0, 4), "the others stay for those that come");
    assert_eq!(claims(lanes(16, 15, 0), 100, 100), (0, 1), "until they have their quarter");
    assert_eq!(claims(lanes(16, 11, 4), 100, 100), (1, 0));
    assert_eq!(claims(lanes(2, 0, 0), 100, 100), (1, 1));
    assert_eq!(claims(lanes(1, 0, 0), 100, 100), (1, 0), "a single place can't be shared");
    assert_eq!(claims(lanes(1, 0, 0), 0, 100), (0, 1));
}

#[test]
fn a_trial_is_one_message_and_a_first_try_if_there_is_one() {
    let one = |due| lanes(16, 0, 0).claims(due, Admission::Probe, Admission::Probe);
    assert_eq!(one(MANY), Tries { first: 1, second: 0 });
    assert_eq!(one(Tries { first: 0, ..MANY }), Tries { first: 0, second: 1 });
    let hangs = lanes(16, 0, 0).claims(MANY, Admission::Open, Admission::Probe);
    assert_eq!(hangs, Tries { first: 15, second: 0 });
    let nobody = Admission::Blocked(Timestamp::from_micros(0));
    let hangs = lanes(16, 0, 0).claims(MANY, Admission::Open, nobody);
    assert_eq!(hangs, Tries { first: 16, second: 0 });
}

proptest! {
    #[test]
    fn no_more_messages_are_claimed_than_there_are_places(
        parallel in 1_usize..=64, first in 0_usize..=64, second in 0_usize..=16,
        due_first in 0_usize..100, due_second in 0_usize..100,
    ) {
        let quarter = (parallel / 4).max(1);
        let lanes = lanes(parallel, first, second.min(quarter).min(parallel));
        prop_assume!(lanes.first + lanes.second <= parallel);
        let due = Tries { first: due_first, second: due_second };
        let claims = lanes.claims(due, Admission::Open, Admission::Open);
        prop_assert!(claims.first + claims.second <= lanes.free());
        prop_assert!(claims.first <= due_first && claims.second <= due_second);
        prop_assert!(lanes.second + claims.second <= quarter);
        let is_full = claims.first + claims.second == lanes.free();
        prop_assert!(is_full || claims.first == due_first, "no place is kept from a first try");
    }
}

const TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
const PARALLEL: usize = 16;

/// A driver that takes some messages at once and hangs for the others, and what waits for it. Time is told.
struct SimulatedNode {
    breaker: CircuitBreaker,
    /// When each came, and whether it hangs.
    first: VecDeque<(Timestamp, SimulatedMessage)>,
    second: VecDeque<(Timestamp, SimulatedMessage)>,
    with_driver: Vec<(Timestamp, Try, CallPermit, SimulatedMessage)>,
    worst: Duration,
}

#[derive(Clone, Copy)]
struct SimulatedMessage {
    phone: Phone,
    hangs: bool,
}

impl SimulatedNode {
    fn new() -> Self {
        Self {
            breaker: CircuitBreaker::new(TIMEOUT),
            first: VecDeque::new(),
            second: VecDeque::new(),
            with_driver: Vec::new(),
            worst: Duration::ZERO,
        }
    }

    fn step(&mut self, now: Timestamp) {
        let is_over = |(began, ..): &(Timestamp, Try, CallPermit, SimulatedMessage)| {
            now.since(*began) >= TIMEOUT
        };
        for (_, kind, pass, message) in self.with_driver.extract_if(.., |call| is_over(call)) {
            self.breaker.fail(pass, CallFailure::Hang, message.phone, now);
            if kind == Try::First {
                self.second.push_back((now, message));
            }
        }
        let of_kind = |kind| self.with_driver.iter().filter(|call| call.1 == kind).count();
        let lanes = lanes(PARALLEL, of_kind(Try::First), of_kind(Try::Second));
        let due = Tries { first: self.first.len(), second: self.second.len() };
        let [first, second] =
            [Try::First, Try::Second].map(|kind| self.breaker.admission(kind, now));
        let claims = lanes.claims(due, first, second);
        for _ in 0..claims.first {
            let (came, message) = self.first.pop_front().unwrap();
            self.call(came, Try::First, message, now);
        }
        for _ in 0..claims.second {
            let (came, message) = self.second.pop_front().unwrap();
            self.call(came, Try::Second, message, now);
        }
    }

    fn call(&mut self, came: Timestamp, kind: Try, message: SimulatedMessage, now: Timestamp) {
        match (self.breaker.admit(kind, true, now), message.hangs) {
            (Some(pass), true) => self.with_driver.push((now, kind, pass, message)),
            (Some(_), false) => {
                self.breaker.succeed(now);
                self.worst = self.worst.max(now.since(came));
            }
            (None, _) if kind == Try::First => self.first.push_front((came, message)),
            (None, _) => self.second.push_back((came, message)),
        }
    }

    /// A message that is waiting already makes the worst wait worse.
    fn worst(&self, now: Timestamp) -> Duration {
        let waits = self.first.iter().filter(|(_, message)| !message.hangs);
        waits.map(|(came, _)| now.since(*came)).fold(self.worst, Duration::max)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// However messages come: while those that hang hold half of the places at most, the others leave within one pause
    /// and one time-out.
    #[test]
    fn a_good_message_does_not_wait_for_those_that_hang(
        arrivals in proptest::collection::vec((0_usize..=8, 0_usize..=2), 20..200),
    ) {
        let mut node = SimulatedNode::new();
        let mut hung: Vec<usize> = Vec::new();
        let mut number = 0;
        for (second, (hanging, good)) in (0..).zip(arrivals) {
            let now = Timestamp::from_micros(second * 1_000_000);
            let of_late: usize = hung.iter().rev().take(4).sum();
            hung.push(hanging.min(PARALLEL / 2 - of_late));
            let hanging = hung.last().map_or(0, |last| *last);
            for hangs in [vec![true; hanging], vec![false; good]].concat() {
                number += 1;
                let phone = Phone::from_national(number).unwrap();
                node.first.push_back((now, SimulatedMessage { phone, hangs }));
            }
            node.step(now);
            let worst = node.worst(now);
            prop_assert!(worst <= TIMEOUT + LONGEST_PAUSE, "{worst:?} at {second} s");
        }
    }
}
