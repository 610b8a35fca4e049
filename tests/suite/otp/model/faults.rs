//! Faults planted into the real one, each of which the model, the invariants or both must find.

use std::cell::RefCell;
use std::time::Duration;

use esoz_otp::config::Config;
use esoz_otp::domain::limits::{Limits, Sends, WrongGuesses};
use esoz_otp::domain::{Timestamp, Verification};
use esoz_otp::store::schema::{
    GUESSES, LIVE_CODES, LiveCode, RATES, SENDERS, SENDS, VERIFICATIONS,
};
use esoz_otp::store::{Priority, Record, Store, StoreError, Table, TableKey};

use super::numbers::{
    NARROW_BUDGETS, NARROW_CLIENTS, NARROW_GUESSES, NARROW_PHONES, Numbers, SOON_ALARMED,
    SOON_LOCKED,
};
use super::rules::Place;
use super::steps::Guess;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    OneSendMoreAnHour,
    OneSendMoreOfTheRange,
    NoShareIsKept,
    LadderGoesOn,
    RestartForgetsSends,
    RestartForgetsBudgets,
    OneGuessMoreAnHour,
    LockedOneLater,
    WrongGuessIsFree,
    RightCodeStaysAGuess,
    RestartForgetsGuesses,
    SweepTakesLocks,
    AlarmOneLater,
    CodeLivesLonger,
    AttemptIsFree,
    RightCodeCanBeUsedAgain,
    OldCodeStaysGood,
    AnyPurposeWillDo,
    ClockGoesSlow,
    WhatLeftIsGivenBack,
    UnsentStaysCounted,
    OneGuessMoreOfTheClient,
    NobodyElseSends,
}

/// Who finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finder {
    /// What answers it gives is all that is wrong.
    Model,
    /// The invariants do so without the model, too.
    Both,
}

/// Every fault, the table under which it soon shows, and who finds it.
pub(super) const ALL: [(Fault, usize, Finder); 23] = [
    (Fault::OneSendMoreAnHour, NARROW_PHONES, Finder::Both),
    (Fault::OneSendMoreOfTheRange, NARROW_BUDGETS, Finder::Both),
    (Fault::NoShareIsKept, NARROW_BUDGETS, Finder::Both),
    (Fault::LadderGoesOn, NARROW_PHONES, Finder::Model),
    (Fault::RestartForgetsSends, NARROW_PHONES, Finder::Both),
    (Fault::RestartForgetsBudgets, NARROW_BUDGETS, Finder::Both),
    (Fault::OneGuessMoreAnHour, NARROW_GUESSES, Finder::Both),
    (Fault::LockedOneLater, SOON_LOCKED, Finder::Both),
    (Fault::WrongGuessIsFree, NARROW_GUESSES, Finder::Both),
    (Fault::RightCodeStaysAGuess, NARROW_GUESSES, Finder::Model),
    (Fault::RestartForgetsGuesses, SOON_LOCKED, Finder::Both),
    (Fault::SweepTakesLocks, SOON_LOCKED, Finder::Both),
    (Fault::AlarmOneLater, SOON_ALARMED, Finder::Model),
    (Fault::CodeLivesLonger, SOON_ALARMED, Finder::Model),
    (Fault::AttemptIsFree, SOON_LOCKED, Finder::Both),
    (Fault::RightCodeCanBeUsedAgain, SOON_LOCKED, Finder::Both),
    (Fault::OldCodeStaysGood, SOON_LOCKED, Finder::Both),
    (Fault::AnyPurposeWillDo, SOON_LOCKED, Finder::Both),
    (Fault::ClockGoesSlow, NARROW_PHONES, Finder::Model),
    (Fault::WhatLeftIsGivenBack, NARROW_PHONES, Finder::Both),
    (Fault::UnsentStaysCounted, NARROW_PHONES, Finder::Model),
    (Fault::OneGuessMoreOfTheClient, NARROW_CLIENTS, Finder::Both),
    (Fault::NobodyElseSends, NARROW_BUDGETS, Finder::Both),
];

/// A fault, or none; and who is to find it.
#[derive(Default)]
pub(super) struct Planted {
    fault: Option<Fault>,
    is_model_deaf: bool,
    before: RefCell<Before>,
}

/// What was stored before a call.
#[derive(Default)]
struct Before {
    sends: Option<Sends>,
    guesses: Option<WrongGuesses>,
    live: Option<LiveCode>,
    verification: Option<Verification>,
}

impl Planted {
    pub(super) fn one(fault: Fault, is_model_deaf: bool) -> Self {
        Self { fault: Some(fault), is_model_deaf, before: RefCell::default() }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Whether only the invariants look.
    pub(super) fn is_model_deaf(&self) -> bool {
        self.is_model_deaf
    }

    pub(super) fn numbers(&self, mut numbers: Numbers) -> Numbers {
        let row = match self.fault {
            Some(Fault::OneSendMoreAnHour) => &mut numbers.per_hour,
            Some(Fault::OneSendMoreOfTheRange) => &mut numbers.per_range,
            Some(Fault::OneGuessMoreAnHour) => &mut numbers.guesses,
            Some(Fault::LockedOneLater) => &mut numbers.lock,
            Some(Fault::AlarmOneLater) => &mut numbers.wrong_guesses,
            Some(Fault::OneGuessMoreOfTheClient) => &mut numbers.client_guesses,
            _ => return numbers,
        };
        *row = row.more();
        numbers
    }

    pub(super) fn config(&self, mut config: Config) -> Config {
        if self.is(Fault::NoShareIsKept) {
            config.limits.kept_percent = 0;
        }
        if self.is(Fault::CodeLivesLonger) {
            config.otp.rules.life += Duration::from_secs(1);
        }
        config
    }

    /// What time the real one is told.
    pub(super) fn told(&self, now: Timestamp) -> Timestamp {
        if self.is(Fault::ClockGoesSlow) { now - Duration::from_micros(1) } else { now }
    }

    /// What is shown to the real one.
    pub(super) fn shown(&self, guess: Guess, right: impl Fn() -> String, text: &str) -> String {
        if self.is(Fault::AnyPurposeWillDo) && guess == Guess::Foreign {
            right()
        } else {
            text.to_owned()
        }
    }

    pub(super) fn before(&self, store: &Store, (phone, purpose): Place) {
        if self.fault.is_none() {
            return;
        }
        let live = store.get(LIVE_CODES, &(phone, purpose)).unwrap();
        *self.before.borrow_mut() = Before {
            sends: store.get(SENDS, &phone).unwrap(),
            guesses: store.get(GUESSES, &phone).unwrap(),
            verification: live
                .and_then(|live| store.get(VERIFICATIONS, &live.verification_id).unwrap()),
            live,
        };
    }

    pub(super) fn after_send(&self, store: &Store, place: Place, now: Timestamp, limits: &Limits) {
        let before = self.before.borrow();
        if self.is(Fault::OldCodeStaysGood) {
            before.put_back_verification(store);
            put_back(store, LIVE_CODES, place, before.live.as_ref());
        }
        if self.is(Fault::WhatLeftIsGivenBack) {
            let mut sends = store.get(SENDS, &place.0).unwrap().unwrap_or_default();
            sends.give_back(now);
            put(store, SENDS, place.0, sends);
        }
        if self.is(Fault::NobodyElseSends) {
            forget(store, SENDERS);
        }
        if self.is(Fault::UnsentStaysCounted) {
            let mut sends = before.sends.clone().unwrap_or_default();
            sends.count(limits, now);
            put(store, SENDS, place.0, sends);
        }
    }

    pub(super) fn after_success(&self, store: &Store, (phone, _): Place) {
        let before = self.before.borrow();
        if self.is(Fault::LadderGoesOn) {
            put_back(store, SENDS, phone, before.sends.as_ref());
        }
        if self.is(Fault::RightCodeStaysAGuess) {
            put_back(store, GUESSES, phone, before.guesses.as_ref());
        }
        if self.is(Fault::RightCodeCanBeUsedAgain) {
            before.put_back_verification(store);
        }
    }

    pub(super) fn after_failure(&self, store: &Store, (phone, _): Place) {
        let before = self.before.borrow();
        if self.is(Fault::WrongGuessIsFree) {
            let guesses = before.guesses.clone().unwrap_or_default();
            put_back(store, GUESSES, phone, Some(&guesses));
        }
        if self.is(Fault::AttemptIsFree) {
            before.put_back_verification(store);
        }
    }

    pub(super) fn after_restart(&self, store: &Store) {
        match self.fault {
            Some(Fault::RestartForgetsSends) => forget(store, SENDS),
            Some(Fault::RestartForgetsGuesses) => forget(store, GUESSES),
            Some(Fault::RestartForgetsBudgets) => forget(store, RATES),
            _ => {}
        }
    }

    pub(super) fn after_sweep(&self, store: &Store) {
        if self.is(Fault::SweepTakesLocks) {
            forget(store, GUESSES);
        }
    }
}

impl Before {
    fn put_back_verification(&self, store: &Store) {
        let Some(old) = &self.verification else { return };
        put(store, VERIFICATIONS, old.id, old.clone());
    }
}

fn put_back<K: TableKey + Send + 'static, V: Record + Clone + Send + 'static>(
    store: &Store,
    table: Table<K, V>,
    key: K,
    old: Option<&V>,
) {
    if let Some(old) = old {
        put(store, table, key, old.clone());
    }
}

/// Behind the back of everybody.
pub(super) fn put<K: TableKey + Send + 'static, V: Record + Send + 'static>(
    store: &Store,
    table: Table<K, V>,
    key: K,
    value: V,
) {
    let done: Result<(), StoreError> =
        store.write_blocking(Priority::Normal, move |write| write.put(table, &key, &value));
    done.unwrap();
}

fn forget<K: TableKey + Send + 'static, V: Record>(store: &Store, table: Table<K, V>) {
    let all = store.page(table, None, usize::MAX).unwrap();
    let keys: Vec<_> = all.into_iter().map(|(key, _)| key).collect();
    let done: Result<(), StoreError> = store.write_blocking(Priority::Normal, move |write| {
        for key in &keys {
            write.remove(table, key);
        }
        Ok(())
    });
    done.unwrap();
}
