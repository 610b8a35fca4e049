//! What may happen, in any order.

use std::fmt;
use std::time::Duration;

use esoz_otp::domain::{ClientId, Id, Phone, Timestamp};
use proptest::prelude::*;

use super::numbers::TABLES;

/// Two phones of one range, and one of another.
pub(super) const PHONES: [&str; 3] = ["+380671000001", "+380671000002", "+380501000001"];

/// Requests, by what they are for: two of one phone, one of another; and the clinic that makes them.
pub(super) const REQUESTS: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 1)];

/// So many callers: nobody, and two clinics.
const CALLERS: usize = 3;

/// A code is for a phone, or for the request that is open for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    Phone(usize),
    Request(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Send {
        to: For,
        by: usize,
    },
    Try {
        at: For,
        guess: Guess,
        times: usize,
    },
    /// A try whose caller hangs up before its turn comes.
    HangUp {
        at: For,
        guess: Guess,
    },
    /// A code is asked for, and tried at once.
    SendAndTry {
        at: For,
        by: usize,
        guess: Guess,
        times: usize,
    },
    Clock(Tick),
    /// Closed, and opened again.
    Restart,
    Sweep,
    /// The clinic makes another request in the place of this one.
    NewRequest(usize),
    /// An operator takes back a phone's wrong guesses.
    Unlock(usize),
    /// The gateway refuses messages, or takes them again.
    Gateway {
        refuses: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    Right,
    Wrong,
    /// The one that was right before the last was sent.
    Old,
    /// One that is right for something else.
    Foreign,
}

/// Where the clock is put.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tick {
    On(Duration),
    Back(Duration),
    /// To when the last refusal said that it is over.
    AsTold(Edge),
    /// To the end of a code.
    End(For, Edge),
    /// To as long before a code's issue as clocks may drift.
    Drift(For, Edge),
}

/// A moment, or the one before or behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge(i64);

/// A sequence, and what it happens to.
#[derive(Clone)]
pub(super) struct Sequence {
    pub(super) table: usize,
    /// How many codes are made ahead of need.
    pub(super) ready: usize,
    pub(super) steps: Vec<Step>,
}

/// Any under any of the tables.
pub(super) fn sequences() -> impl Strategy<Value = Sequence> {
    (0..TABLES.len()).prop_flat_map(sequences_under)
}

pub(super) fn sequences_under(table: usize) -> impl Strategy<Value = Sequence> {
    let steps = prop::collection::vec(step(), 1..90);
    let ready = prop_oneof![Just(0_usize), Just(3)];
    (ready, steps).prop_map(move |(ready, steps)| Sequence { table, ready, steps })
}

fn step() -> impl Strategy<Value = Step> {
    let sends = || (place(), 0..CALLERS);
    let tries = (place(), guess(), 1_usize..4);
    prop_oneof![
        24 => sends().prop_map(|(to, by)| Step::Send { to, by }),
        28 => tries.prop_map(|(at, guess, times)| Step::Try { at, guess, times }),
        6 => (place(), guess()).prop_map(|(at, guess)| Step::HangUp { at, guess }),
        6 => sends().prop_map(|(at, by)| Step::SendAndTry { at, by, guess: Guess::Right, times: 1 }),
        12 => sends().prop_map(|(at, by)| Step::SendAndTry { at, by, guess: Guess::Wrong, times: 3 }),
        22 => tick().prop_map(Step::Clock),
        2 => Just(Step::Restart),
        2 => Just(Step::Sweep),
        5 => (0..REQUESTS.len()).prop_map(Step::NewRequest),
        3 => unlock(),
        4 => prop_oneof![1 => Just(true), 2 => Just(false)]
            .prop_map(|refuses| Step::Gateway { refuses }),
    ]
}

/// The phone that everybody guesses at is the one that is locked.
fn unlock() -> impl Strategy<Value = Step> {
    prop_oneof![3 => Just(0), 1 => 1..PHONES.len()].prop_map(Step::Unlock)
}

fn place() -> impl Strategy<Value = For> {
    prop_oneof![
        5 => Just(For::Phone(0)),
        1 => Just(For::Phone(1)),
        1 => Just(For::Phone(2)),
        3 => Just(For::Request(0)),
        1 => Just(For::Request(1)),
        1 => Just(For::Request(2)),
    ]
}

fn guess() -> impl Strategy<Value = Guess> {
    prop_oneof![
        7 => Just(Guess::Wrong),
        1 => Just(Guess::Right),
        1 => Just(Guess::Old),
        1 => Just(Guess::Foreign),
    ]
}

/// Mostly small and to the point, now and then beyond what makes sense.
fn tick() -> impl Strategy<Value = Tick> {
    let seconds = prop_oneof![
        8 => 1_u64..150,
        3 => 150_u64..7200,
        2 => 7200_u64..100_000,
        1 => 100_000_u64..4_000_000,
    ];
    let back = prop_oneof![8 => 1_u64..10, 4 => 10_u64..7200, 1 => 7200_u64..4_000_000];
    let edge = || prop_oneof![8 => Just(0), 1 => Just(-1), 1 => Just(1)].prop_map(Edge);
    prop_oneof![
        12 => seconds.prop_map(|seconds| Tick::On(Duration::from_secs(seconds))),
        4 => back.prop_map(|seconds| Tick::Back(Duration::from_secs(seconds))),
        24 => edge().prop_map(Tick::AsTold),
        2 => (place(), edge()).prop_map(|(place, edge)| Tick::End(place, edge)),
        2 => (place(), edge()).prop_map(|(place, edge)| Tick::Drift(place, edge)),
        1 => (1_u64..40).prop_map(|years| Tick::On(Duration::from_hours(years * 365 * 24))),
        1 => (1_u64..40).prop_map(|years| Tick::Back(Duration::from_hours(years * 365 * 24))),
    ]
}

/// Nobody, or a clinic.
pub(super) fn client(caller: usize) -> Option<ClientId> {
    (caller > 0).then(|| Id::from_bytes([u8::try_from(caller).unwrap(); 16]))
}

pub(super) fn phone(number: usize) -> Phone {
    Phone::parse(PHONES[number]).unwrap()
}

impl Edge {
    pub(super) fn of(self, moment: Timestamp) -> Timestamp {
        Timestamp::from_micros(moment.as_micros() + self.0)
    }
}

/// A step a line.
impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}, {} codes ready", self.table, self.ready)?;
        self.steps
            .iter()
            .enumerate()
            .try_for_each(|(number, step)| write!(f, "\n{number}: {step:?}"))
    }
}
