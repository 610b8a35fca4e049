//! What must hold whatever the model says, checked on what the real one was seen to do and on what it has stored.
//!
//! Time is counted here as the sum of all steps forward. A clock that is set back gains nobody anything: within the
//! length of a window there is never more in it, whatever the clock said meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use esoz_otp::domain::limits::BudgetOwner;
use esoz_otp::domain::{ClientId, Phone, Purpose, Verification, VerificationId};

use super::calls::Asked;
use super::numbers::{ATTEMPTS, GIVEN_BACK, Numbers, Row, YEAR};
use super::rules::Place;

/// What is wrong.
pub(super) type Found = Result<(), String>;

pub(super) struct Ledger {
    numbers: Numbers,
    elapsed: Duration,
    pub(super) sends: Vec<Send>,
    pub(super) guesses: BTreeMap<Phone, Guesses>,
    /// How often each was compared with.
    tries: BTreeMap<VerificationId, u8>,
    pub(super) used: BTreeSet<VerificationId>,
    /// How often an operator took wrong guesses back, and how many those were.
    pub(super) unlocks: usize,
    pub(super) wrong: usize,
    pub(super) kept: BTreeMap<VerificationId, Verification>,
    /// The wrong guesses of each client, those at nothing included.
    wrong_by: BTreeMap<Option<ClientId>, Vec<Duration>>,
}

pub(super) struct Send {
    at: Duration,
    pub(super) place: Place,
    by: Option<ClientId>,
    pub(super) id: VerificationId,
    code: String,
    /// Whether a gateway took the message.
    has_left: bool,
    /// Whether other clients have sent lately.
    is_shared: bool,
}

#[derive(Default)]
pub(super) struct Guesses {
    pub(super) wrong: Vec<Duration>,
    in_a_row: u32,
    last: Option<Duration>,
}

impl Ledger {
    pub(super) fn new(&numbers: &Numbers) -> Self {
        let (elapsed, sends, guesses, tries, used, kept) = Default::default();
        let (unlocks, wrong, wrong_by) = (0, 0, BTreeMap::new());
        Self { numbers, elapsed, sends, guesses, tries, used, unlocks, wrong, kept, wrong_by }
    }

    fn since(&self, then: Duration) -> Duration {
        self.elapsed.saturating_sub(then)
    }

    pub(super) fn forward(&mut self, length: Duration) {
        self.elapsed += length;
    }

    /// The codes that were sent for this, oldest first.
    pub(super) fn codes(
        &self,
        is_wanted: impl Fn(Place) -> bool,
    ) -> impl DoubleEndedIterator<Item = &str> {
        self.sends.iter().filter(move |send| is_wanted(send.place)).map(|send| send.code.as_str())
    }

    /// How many wrong guesses the phone has had since a right one.
    pub(super) fn in_a_row(&self, phone: Phone) -> u32 {
        self.guesses.get(&phone).map_or(0, |guesses| guesses.in_a_row)
    }

    /// A message has come, and has left or was refused.
    pub(super) fn sent(
        &mut self,
        (place, by, is_shared): Asked,
        id: VerificationId,
        code: &str,
        has_left: bool,
    ) -> Found {
        let (at, code) = (self.elapsed, code.to_owned());
        self.sends.push(Send { at, place, by, id, code, has_left, is_shared });
        let n = self.numbers;
        for (what, row) in [("an hour", n.per_hour), ("a day", n.per_day)] {
            self.window(row, place)
                .map_err(|count| format!("{count} sends to a phone within {what}"))?;
        }
        let (phone, range) = (place.0, BudgetOwner::Range(place.0.range()));
        let of_range = |send: &Send| BudgetOwner::Range(send.place.0.range()) == range;
        self.budget(n.per_range, of_range)
            .map_err(|count| format!("{count} sends to the range of {phone}"))?;
        self.budget(n.per_client, |send| send.by == by)
            .map_err(|count| format!("{count} sends by {by:?}"))?;
        self.budget(n.client_share(), |send| send.by == by && send.is_shared)
            .map_err(|count| format!("{count} sends by {by:?}, beside others"))?;
        self.budget(n.per_node, |_| true).map_err(|count| format!("{count} sends in all"))
    }

    /// A guess by this client was counted as a wrong one, or not: since any of them there are never more than the whole
    /// budget and what has come back since.
    pub(super) fn tried(&mut self, by: Option<ClientId>, is_wrong: bool) -> Found {
        if !is_wrong {
            return Ok(());
        }
        let wrong = self.wrong_by.entry(by).or_default();
        wrong.push(self.elapsed);
        let row = self.numbers.client_guesses;
        for (count, at) in (1_u128..).zip(wrong.iter().rev()) {
            let back = self.elapsed.saturating_sub(*at).as_micros() / row.piece().as_micros();
            if count > u128::from(row.whole) + back {
                return Err(format!("{count} wrong guesses by {by:?}"));
            }
        }
        Ok(())
    }

    /// Phones exactly: within the length before now. What never left may be given back, but not more of it than that.
    fn window(&self, row: Row, (phone, _): Place) -> Result<(), usize> {
        let inside = |send: &&Send| send.place.0 == phone && send.at + row.length > self.elapsed;
        let (inside, unsent): (Vec<_>, Vec<_>) =
            self.sends.iter().filter(inside).partition(|send| send.has_left);
        is_at_most(inside.len() + unsent.len(), row.whole + GIVEN_BACK)?;
        let verifications = inside.iter().filter(|send| send.is_verification()).count();
        is_at_most(inside.len(), row.whole)?;
        is_at_most(verifications, row.of_verifications)
    }

    /// Budgets: since any send, no more than the whole and what has come back since.
    fn budget(&self, row: Row, is_of_it: impl Fn(&Send) -> bool) -> Result<(), usize> {
        let (mut count, mut verifications) = (0, 0);
        for send in self.sends.iter().rev().filter(|send| is_of_it(send)) {
            count += 1;
            verifications += usize::from(send.is_verification());
            let back = self.since(send.at).as_micros() / row.piece().as_micros();
            let back = u32::try_from(back).unwrap_or(u32::MAX);
            is_at_most(count, row.whole.saturating_add(back))?;
            is_at_most(verifications, row.of_verifications.saturating_add(back))?;
        }
        Ok(())
    }

    /// A guess has been compared.
    pub(super) fn judged(
        &mut self,
        place: Place,
        guess: &str,
        right: Option<VerificationId>,
    ) -> Found {
        let n = self.numbers;
        let newest = self.sends.iter().rfind(|send| send.place == place);
        let newest = newest.ok_or("a guess was compared with nothing")?;
        let tries = self.tries.entry(newest.id).or_default();
        *tries += 1;
        if *tries > ATTEMPTS {
            return Err(format!("{} was tried {tries} times", newest.id));
        }
        let guesses = self.guesses.entry(place.0).or_default();
        let since_last =
            guesses.last.map_or(Duration::MAX, |last| self.elapsed.saturating_sub(last));
        if guesses.in_a_row >= n.lock.whole && since_last < n.lock.length {
            return Err(format!("{} is locked, and was tried again after {since_last:?}", place.0));
        }
        guesses.last = Some(self.elapsed);
        let inside =
            guesses.wrong.iter().filter(|at| **at + n.guesses.length > self.elapsed).count();
        is_at_most(inside + 1, n.guesses.whole)
            .map_err(|count| format!("{count} guesses an hour"))?;
        let Some(id) = right else {
            guesses.wrong.push(self.elapsed);
            guesses.in_a_row += 1;
            return Ok(());
        };
        guesses.in_a_row = 0;
        if !self.used.insert(id) {
            return Err(format!("{id} was right twice"));
        }
        let is_newest = newest.id == id && newest.code == guess;
        if is_newest { Ok(()) } else { Err(format!("{id} was right by another code than its own")) }
    }

    /// The sweep has taken these rows of wrong guesses. That takes a year.
    pub(super) fn forgotten(&mut self, phones: &[Phone]) -> Found {
        for phone in phones {
            let Some(guesses) = self.guesses.get_mut(phone) else { continue };
            let last = guesses.last.unwrap_or_default();
            if self.elapsed.saturating_sub(last) < YEAR {
                return Err(format!("the wrong guesses of {phone} are forgotten too soon"));
            }
            guesses.in_a_row = 0;
        }
        Ok(())
    }

    /// An operator has taken back the wrong guesses; this is how many came in a row.
    pub(super) fn unlocked(&mut self, phone: Phone) -> u32 {
        self.unlocks += 1;
        let guesses = self.guesses.remove(&phone).unwrap_or_default();
        self.wrong += guesses.wrong.len();
        guesses.in_a_row
    }
}

impl Send {
    fn is_verification(&self) -> bool {
        self.place.1 == Purpose::PhoneVerification
    }
}

fn is_at_most(count: usize, most: u32) -> Result<(), usize> {
    if count <= most as usize { Ok(()) } else { Err(count) }
}
