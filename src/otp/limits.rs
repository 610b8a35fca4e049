//! What a send or a wrong guess costs, in the write that it is part of.

use std::time::Duration;

use super::context::{OtpContext, Target};
use super::senders;
use super::sources::SourceCounts;
use crate::domain::limits::{
    Budget, BudgetOwner, BudgetScope, Limit, LimitExceeded, Limits, Rate, Rule,
};
use crate::domain::{Purpose, Refusal, Timestamp};
use crate::store::schema::{RATES, RateKey, SENDS};
use crate::store::{StoreError, Write};

/// Budgets that have just run low, to be said when that is on the device.
#[derive(Default)]
pub(super) struct RanLow(Vec<(&'static str, BudgetOwner)>);

/// A send that was counted.
pub(super) struct CountedSend {
    /// As of when, for the phone.
    pub(super) counted_at: Timestamp,
    pub(super) ran_low: RanLow,
}

/// Counts one send everywhere, if every limit allows it. Nothing is put when one does not.
pub(super) fn spend_send(
    write: &mut Write<'_>,
    limits: &Limits,
    context: OtpContext,
) -> Result<CountedSend, Refusal> {
    let OtpContext { now, by, target: Target { phone, purpose }, .. } = context;
    let mut sends = write.get(SENDS, &phone)?.unwrap_or_default();
    let budgets = BudgetState::of_all(write, limits, &limits.sends, context)?;
    let alarm = alarm_of(write, limits, context)?;
    let others_send = senders::others_send(write, by.client_id, now)?;
    let binds = |budget: &&BudgetState<'_>| match budget.row.rule {
        Rule::Share { .. } => others_send,
        _ => true,
    };
    let refusals = budgets
        .iter()
        .filter(binds)
        .filter_map(|budget| budget.refusal(now))
        .chain(sends.refusal(limits, purpose, now))
        .chain(alarm);
    if let Some(strictest) = refusals.max_by_key(|verdict| verdict.next_attempt_at) {
        let LimitExceeded { limit, next_attempt_at } = strictest;
        return Err(Refusal::SendLimited { limit, next_attempt_at });
    }
    let counted_at = sends.count(limits, now);
    write.put(SENDS, &phone, &sends)?;
    senders::note(write, by.client_id, now)?;
    let mut ran_low = RanLow::default();
    for mut budget in budgets {
        if budget.spend(write, now)? {
            ran_low.0.push((budget.row.name, budget.key.subject));
        }
    }
    Ok(CountedSend { counted_at, ran_low })
}

/// The client's own budget of wrong guesses. It counts those at a code and those at none, and refuses both alike.
pub(super) struct ClientGuesses<'l>(Vec<BudgetState<'l>>);

/// A guess that was counted there: when each of its rows would be full again right after it.
#[derive(Clone)]
pub(super) struct SpentOfClient(Vec<Timestamp>);

impl<'l> ClientGuesses<'l> {
    /// Whether a refusal for this reason is by it.
    pub(super) fn is_by(limits: &Limits, reason: &str) -> bool {
        limits.guesses.iter().any(|row| row.reason == reason && limits.budget(row).is_some())
    }

    /// As it stands.
    pub(super) fn of(
        write: &Write<'_>,
        limits: &'l Limits,
        context: OtpContext,
    ) -> Result<Self, StoreError> {
        BudgetState::of_all(write, limits, &limits.guesses, context).map(Self)
    }

    /// Why it allows no guess.
    pub(super) fn refusal(&self, now: Timestamp) -> Option<LimitExceeded> {
        let refusals = self.0.iter().filter_map(|budget| budget.refusal(now));
        refusals.max_by_key(|verdict| verdict.next_attempt_at)
    }

    /// Counts a guess, which may yet turn out to be right.
    pub(super) fn spend(
        self,
        write: &mut Write<'_>,
        now: Timestamp,
    ) -> Result<SpentOfClient, StoreError> {
        let spent = self.0.into_iter().map(|mut budget| {
            budget.spend(write, now)?;
            Ok(budget.rate.keep_until())
        });
        spent.collect::<Result<_, _>>().map(SpentOfClient)
    }

    /// The guess was right, or was not compared.
    pub(super) fn give_back(
        self,
        write: &mut Write<'_>,
        spent: &SpentOfClient,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.into_iter().zip(&spent.0).try_for_each(|(mut budget, full_at)| {
            budget.rate.give_back(budget.judged_by, *full_at, now);
            write.put(RATES, &budget.key, &budget.rate)
        })
    }
}

/// What a debt that can't be is taken for, where a budget refuses the node as a whole.
const NODE_WAITS: Duration = Duration::from_mins(1);

/// Before the first send: a clock that was set back since the last run would hold budgets back for as long as it was
/// set back. (While a process runs, its clock is not set.) Says whether there is an alarm.
pub(super) fn clamp_to_now(
    write: &mut Write<'_>,
    kept: &[(RateKey, Rate)],
    limits: &Limits,
    now: Timestamp,
) -> Result<bool, StoreError> {
    for (key, rate) in kept {
        let row = limits.rows().find(|row| row.name == key.limit);
        let clamped = row.and_then(|row| {
            let (_, budget) = limits.budget(row)?;
            rate.clamp_to_now(budget, bound_of(limits, row, key.subject, rate), now)
        });
        if let Some(clamped) = clamped {
            write.put(RATES, key, &clamped)?;
        }
    }
    Ok(alarm_until(write, limits, now)?.is_some())
}

/// What a debt that can't be is taken for: nothing where it only accuses, unless it has done so already.
fn bound_of(limits: &Limits, row: &Limit, subject: BudgetOwner, rate: &Rate) -> Duration {
    match subject {
        _ if row.name == limits.wrong_guesses.name && !rate.was_low() => Duration::ZERO,
        BudgetOwner::Node if row.name != limits.wrong_guesses.name => NODE_WAITS,
        BudgetOwner::Node | BudgetOwner::Client(_) | BudgetOwner::Range(_) => Duration::MAX,
    }
}

/// Counts a wrong guess among all of this node's, and says whether that raises the alarm.
pub(super) fn count_wrong_guess(
    write: &mut Write<'_>,
    limits: &Limits,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match wrong_guesses(write, limits)? {
        Some(mut budget) => budget.spend(write, now),
        None => Ok(false),
    }
}

/// Said when it begins. How many phones, clients and addresses tells one guesser from many.
pub(super) fn raise_alarm(
    limits: &Limits,
    SourceCounts { guesses, phones, clients, addresses }: SourceCounts,
) {
    let limit = limits.wrong_guesses.name;
    tracing::error!(
        limit,
        guesses,
        phones,
        clients,
        addresses,
        "alarm: codes are being guessed; every code has one attempt now"
    );
}

/// Said at a start that finds it: who has guessed is not known any more.
pub(super) fn tell_alarm_goes_on(limits: &Limits) {
    let limit = limits.wrong_guesses.name;
    tracing::error!(
        limit,
        "alarm: codes were being guessed before this start; every code has one attempt still"
    );
}

/// Whether so many wrong guesses came that every code has but one attempt, and until when.
pub(super) fn alarm_until(
    write: &Write<'_>,
    limits: &Limits,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let budget = wrong_guesses(write, limits)?;
    Ok(budget.and_then(|budget| budget.rate.low_until(budget.judged_by, now)))
}

/// While there is an alarm, nobody gets a code without a token.
fn alarm_of(
    write: &Write<'_>,
    limits: &Limits,
    OtpContext { now, by, .. }: OtpContext,
) -> Result<Option<LimitExceeded>, StoreError> {
    if by.client_id.is_some() {
        return Ok(None);
    }
    let until = alarm_until(write, limits, now)?;
    let limit = limits.wrong_guesses.reason;
    Ok(until.map(|next_attempt_at| LimitExceeded { limit, next_attempt_at }))
}

/// A budget as it stands.
struct BudgetState<'l> {
    row: &'l Limit,
    key: RateKey,
    rate: Rate,
    judged_by: Budget,
    /// How much of it who asks may use up.
    usable: u32,
}

fn wrong_guesses<'l>(
    write: &Write<'_>,
    limits: &'l Limits,
) -> Result<Option<BudgetState<'l>>, StoreError> {
    let purpose = Purpose::PhoneVerification;
    BudgetState::of(write, limits, &limits.wrong_guesses, |_| BudgetOwner::Node, purpose)
}

impl<'l> BudgetState<'l> {
    /// Those of these rows that are budgets.
    fn of_all(
        write: &Write<'_>,
        limits: &Limits,
        rows: &'l [Limit],
        OtpContext { by, target: Target { phone, purpose }, .. }: OtpContext,
    ) -> Result<Vec<Self>, StoreError> {
        let subject = |per: BudgetScope| per.subject(phone, by.client_id);
        let states = rows.iter().map(|row| Self::of(write, limits, row, subject, purpose));
        states.filter_map(Result::transpose).collect()
    }

    /// `None` when the row is no budget's.
    fn of(
        write: &Write<'_>,
        limits: &Limits,
        row: &'l Limit,
        subject: impl Fn(BudgetScope) -> BudgetOwner,
        purpose: Purpose,
    ) -> Result<Option<Self>, StoreError> {
        let Some((per, judged_by)) = limits.budget(row) else { return Ok(None) };
        let key = RateKey { limit: row.name.to_owned(), subject: subject(per) };
        let rate = write.get(RATES, &key)?.unwrap_or_default();
        let usable = limits.usable(row, judged_by.burst, purpose);
        Ok(Some(Self { row, key, rate, judged_by, usable }))
    }

    /// Why it allows no more now.
    fn refusal(&self, now: Timestamp) -> Option<LimitExceeded> {
        let next_attempt_at = self.rate.allows_at(self.judged_by, self.usable, now);
        (next_attempt_at > now).then_some(LimitExceeded { limit: self.row.reason, next_attempt_at })
    }

    /// Says whether the budget has just run low.
    fn spend(&mut self, write: &mut Write<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let ran_low = self.rate.spend(self.judged_by, now);
        write.put(RATES, &self.key, &self.rate)?;
        Ok(ran_low)
    }
}

impl RanLow {
    /// One client's running wild is its own affair; a range or the whole node running low is the operator's. Said once,
    /// until half of the budget is there again; of a range no more than a masked number shows.
    pub(super) fn warn(self) {
        for (limit, subject) in self.0 {
            match subject {
                BudgetOwner::Range(digits) => {
                    let range = format!("+380{:02}…", digits / 1000);
                    tracing::warn!(limit, range, "many codes are sent to one range of numbers");
                }
                BudgetOwner::Node => tracing::warn!(limit, "this node sends many codes"),
                BudgetOwner::Client(_) => {}
            }
        }
    }
}
