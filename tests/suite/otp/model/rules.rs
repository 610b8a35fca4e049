//! What src/otp/README.md says of codes and limits, said once more as plainly as can be: one call after the other, all of it in
//! memory. Whoever is refused for limits is told all that refuse, and until when each of them does.

use std::collections::BTreeMap;

use esoz_otp::domain::limits::BudgetOwner;
use esoz_otp::domain::{ClientId, PersonRequestId, Phone, Purpose, Refusal, Timestamp};

use super::counts::{Budget, Code, Tally};
use super::numbers::{DAY, GIVEN_BACK, KEPT, LEAST_TO_LOCK, Numbers, REQUEST_LIFE, YEAR};

pub(super) type Place = (Phone, Purpose);
pub(super) type Waits = Vec<(&'static str, Timestamp)>;
#[derive(Debug)]
pub(super) enum No {
    Refused(Refusal),
    Wait(Waits),
}
pub(super) struct Model {
    pub(super) numbers: Numbers,
    pub(super) now: Timestamp,
    pub(super) codes: BTreeMap<Place, Code>,
    /// When each was made, and whether it is approved.
    pub(super) requests: BTreeMap<PersonRequestId, (Timestamp, bool)>,
    pub(super) sends: BTreeMap<Phone, Tally>,
    pub(super) guesses: BTreeMap<Phone, Tally>,
    pub(super) budgets: BTreeMap<(&'static str, BudgetOwner), Budget>,
    /// The client that sent last, and the other one before it; the last one last.
    senders: Vec<(Option<ClientId>, Timestamp)>,
}
const ALARM: (&str, BudgetOwner) = ("wrong_guesses_per_hour", BudgetOwner::Node);
const SHARE: &str = "client_share_of_node";
const GUESSES: &str = "guesses_per_client";

impl Model {
    pub(super) fn new(&numbers: &Numbers, now: Timestamp) -> Self {
        let (codes, requests, sends, guesses, budgets, senders) = Default::default();
        Self { numbers, now, codes, requests, sends, guesses, budgets, senders }
    }

    pub(super) fn send(&mut self, (phone, purpose): Place, by: Option<ClientId>) -> Result<(), No> {
        let (now, n) = (self.now, self.numbers);
        self.must_be_new(purpose)?;
        let alarm = self.alarm_until().filter(|_| by.is_none());
        let is_alone = !self.others_send(by);
        let sends = self.sends.entry(phone).or_default();
        let budgets = [
            (("sends_per_range", BudgetOwner::Range(phone.range())), n.per_range),
            (("sends_per_client", BudgetOwner::Client(by)), n.per_client),
            (("sends_per_node", BudgetOwner::Node), n.per_node),
            ((SHARE, BudgetOwner::Client(by)), n.client_share()),
        ];
        let (hour, day) = (n.per_hour.share(purpose), n.per_day.share(purpose));
        let mut waits = vec![
            ("send_pause", sends.pause(n.pauses, now)),
            ("sends_per_hour", sends.until(hour, n.per_hour.length, now)),
            ("sends_per_day", sends.until(day, n.per_day.length, now)),
            (ALARM.0, alarm),
        ];
        for (key, row) in budgets {
            let budget = self.budgets.entry(key).or_insert_with(Budget::full);
            let until = budget.until(row, row.share(purpose), now);
            waits.push((key.0, until.filter(|_| key.0 != SHARE || !is_alone)));
        }
        none_of(waits)?;
        self.note_sender(by);
        let sends = self.sends.entry(phone).or_default();
        sends.count(n.per_day.whole + 2 * GIVEN_BACK, now);
        for (key, row) in budgets {
            self.budgets.entry(key).and_modify(|budget| budget.spend(row, now));
        }
        self.codes.insert((phone, purpose), Code::issued(now));
        Ok(())
    }

    /// Whether another client than this has sent within a day.
    pub(super) fn others_send(&self, by: Option<ClientId>) -> bool {
        let is_lately = |at: Timestamp| at.since(self.now).max(self.now.since(at)) < DAY;
        self.senders.iter().any(|(client, at)| *client != by && is_lately(*at))
    }

    fn note_sender(&mut self, by: Option<ClientId>) {
        self.senders.retain(|(client, _)| *client != by);
        self.senders.push((by, self.now));
        let beyond = self.senders.len().saturating_sub(2);
        self.senders.drain(..beyond);
    }

    pub(super) fn complete(
        &mut self,
        place: Place,
        by: Option<ClientId>,
        guess: &str,
    ) -> Result<(), No> {
        let (now, n, (phone, purpose)) = (self.now, self.numbers, place);
        self.must_be_new(purpose)?;
        self.pay(place, by).map_err(|no| match (no, purpose) {
            (No::Refused(Refusal::NotFound), Purpose::PersonRequest(_)) => {
                No::Refused(Refusal::CodeWrong)
            }
            (no, _) => no,
        })?;
        if !self.codes.get_mut(&place).is_some_and(|code| code.is_right(guess)) {
            let budget = self.budgets.entry(ALARM).or_insert_with(Budget::full);
            budget.spend(n.wrong_guesses, now);
            return Err(No::Refused(Refusal::CodeWrong));
        }
        self.guesses.entry(phone).and_modify(Tally::forgive);
        self.give_back_to_client(by);
        self.sends.entry(phone).and_modify(|sends| sends.in_a_row = 0);
        if let Purpose::PersonRequest(id) = purpose {
            self.requests.entry(id).and_modify(|request| request.1 = true);
        }
        Ok(())
    }

    /// What is paid for and not compared costs nothing.
    pub(super) fn hang_up(&mut self, place: Place, by: Option<ClientId>) -> Result<(), No> {
        let had = self.codes.get(&place).map(|code| code.left);
        self.pay(place, by)?;
        self.codes.entry(place).and_modify(|code| code.left = had.unwrap_or_default());
        self.guesses.entry(place.0).and_modify(Tally::take_back);
        self.give_back_to_client(by);
        Err(No::Refused(Refusal::Busy))
    }

    fn give_back_to_client(&mut self, by: Option<ClientId>) {
        let (now, row) = (self.now, self.numbers.client_guesses);
        let of_client = self.budgets.entry((GUESSES, BudgetOwner::Client(by)));
        of_client.and_modify(|budget| budget.give_back(row, now));
    }

    /// What a guess costs before it is compared.
    fn pay(&mut self, place: Place, by: Option<ClientId>) -> Result<(), No> {
        let (now, n, (phone, _)) = (self.now, self.numbers, place);
        let is_alarm = self.alarm_until().is_some();
        let of_client = self.budgets.entry((GUESSES, BudgetOwner::Client(by)));
        let of_client = of_client.or_insert_with(Budget::full);
        let client = (GUESSES, of_client.until(n.client_guesses, n.client_guesses.whole, now));
        let Some(code) = self.codes.get_mut(&place) else {
            none_of(vec![client])?;
            of_client.spend(n.client_guesses, now);
            return Err(No::Refused(Refusal::NotFound));
        };
        let guesses = self.guesses.entry(phone).or_default();
        let hour = guesses.until(n.guesses.whole, n.guesses.length, now);
        let locked = guesses.until(1, n.lock.length, now);
        let locked = locked.filter(|_| guesses.in_a_row >= n.lock.whole);
        none_of(vec![("too_many_guesses", hour), ("locked", locked), client])?;
        code.spend_attempt(is_alarm, now).map_err(No::Refused)?;
        guesses.count(n.guesses.whole, now);
        of_client.spend(n.client_guesses, now);
        Ok(())
    }

    /// A start.
    pub(super) fn restart(&mut self) {
        for ((name, _), budget) in &mut self.budgets {
            budget.settle(self.numbers.budget(name), self.now);
        }
    }

    /// What is over is forgotten; wrong guesses in a row after a year and a day, and never when they may lock. Gives the
    /// phones of those.
    pub(super) fn sweep(&mut self) -> Vec<Phone> {
        let now = self.now;
        let had_a_row = self.guesses.iter().filter(|(_, guesses)| guesses.in_a_row > 0);
        let had_a_row: Vec<_> = had_a_row.map(|(phone, _)| *phone).collect();
        let is_recent = |tally: &Tally| tally.is_recent(now);
        self.codes.retain(|_, code| code.issued + KEPT > now);
        self.sends.retain(|_, sends| is_recent(sends));
        self.guesses.retain(|_, guesses| match guesses.in_a_row {
            0 => is_recent(guesses),
            1..LEAST_TO_LOCK => guesses.is_younger(DAY + YEAR, now),
            LEAST_TO_LOCK.. => true,
        });
        self.budgets.retain(|_, budget| !budget.is_full(now));
        self.senders.retain(|(_, at)| *at + DAY > now);
        had_a_row.into_iter().filter(|phone| !self.guesses.contains_key(phone)).collect()
    }

    pub(super) fn alarm_until(&self) -> Option<Timestamp> {
        self.budgets.get(&ALARM)?.alarm_until(self.numbers.wrong_guesses, self.now)
    }

    fn must_be_new(&self, purpose: Purpose) -> Result<(), No> {
        let Purpose::PersonRequest(id) = purpose else { return Ok(()) };
        let (made, already_used) = self.requests[&id];
        let is_new = !already_used && made + REQUEST_LIFE > self.now;
        is_new.then_some(()).ok_or(No::Refused(Refusal::InvalidTransition { already_used }))
    }
}

/// Refused for those of these limits that refuse.
fn none_of(limits: Vec<(&'static str, Option<Timestamp>)>) -> Result<(), No> {
    let waits: Waits = limits.into_iter().filter_map(|(name, end)| Some((name, end?))).collect();
    if waits.is_empty() { Ok(()) } else { Err(No::Wait(waits)) }
}
