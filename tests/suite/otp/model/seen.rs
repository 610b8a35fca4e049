//! What was reached: a run that never meets a lock proves nothing about locks.

use std::collections::BTreeMap;
use std::sync::Mutex;

use esoz_otp::domain::{Refusal, SpentReason};

#[derive(Default)]
pub(super) struct Seen(Mutex<BTreeMap<&'static str, u64>>);

/// Everything that a run must come to.
const ALL: [&str; 42] = [
    "send_pause",
    "sends_per_hour",
    "sends_per_day",
    "sends_per_range",
    "sends_per_client",
    "sends_per_node",
    "client_share_of_node",
    "too_many_guesses",
    "locked",
    "wrong_guesses_per_hour",
    "guesses_per_client",
    "no code",
    "wrong_code",
    "expired",
    "attempts_exhausted",
    "already_used",
    "the request is not new",
    "the request is used",
    "a code is sent without a token",
    "a code is sent for a token",
    "a code is sent for a request",
    "a ready code is sent, in one write",
    "a code is hashed and sent, in two writes",
    "a newer code takes the place of one",
    "a code is used",
    "a request is approved",
    "a code has no attempt left",
    "an old code is a wrong guess",
    "a code for something else is a wrong guess",
    "a code from the future is expired",
    "a guess is given back",
    "a right code unlocks a phone",
    "an operator unlocks a phone",
    "an alarm rises",
    "an alarm ends",
    "under alarm a try is a code's last",
    "under alarm a right code passes",
    "a send that never left is given back",
    "no more sends are given back",
    "a verification is swept",
    "the clock is set back",
    "a restart",
];

impl Seen {
    pub(super) fn note(&self, what: &'static str) {
        assert!(ALL.contains(&what), "{what} is not in the table");
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }

    pub(super) fn note_if(&self, is_so: bool, what: &'static str) {
        if is_so {
            self.note(what);
        }
    }

    pub(super) fn note_refusal(&self, refusal: &Refusal) {
        self.note(match refusal {
            Refusal::SendLimited { limit, .. } | Refusal::GuessLimited { limit, .. } => limit,
            Refusal::NotFound => "no code",
            Refusal::CodeWrong => "wrong_code",
            Refusal::CodeExpired => "expired",
            Refusal::CodeSpent(SpentReason::AttemptsExhausted) => "attempts_exhausted",
            Refusal::CodeSpent(SpentReason::AlreadyUsed) => "already_used",
            Refusal::InvalidTransition { already_used: false } => "the request is not new",
            Refusal::InvalidTransition { already_used: true } => "the request is used",
            Refusal::Busy => "a guess is given back",
            other => panic!("{other:?} to one call after the other"),
        });
    }

    /// Fails if something was not reached.
    pub(super) fn is_everything(&self) {
        let seen = self.0.lock().unwrap();
        let missing: Vec<_> = ALL.iter().filter(|what| !seen.contains_key(**what)).collect();
        assert!(missing.is_empty(), "never reached: {missing:?}\n{seen:#?}");
    }

    pub(super) fn print(&self) {
        for (what, times) in &*self.0.lock().unwrap() {
            println!("{times:>9}  {what}");
        }
    }
}
