//! Counts sends and guesses against the limits, within the write that sends or compares. `domain::limits` has the
//! rules.

use std::time::Duration;

use super::context::{OtpContext, Target};
use super::senders;
use super::sources::{GuessSources, SourceCounts};
use crate::domain::limits::{
    Budget, BudgetOwner, BudgetScope, DAY, Limit, LimitExceeded, Limits, Rate, Rule,
};
use crate::domain::{Purpose, Refusal, Timestamp};
use crate::store::schema::{RATES, RateKey, SENDS};
use crate::store::{StoreError, Write};

/// Budgets that have just run low. They are logged after the write is durable.
#[derive(Default)]
pub(super) struct RanLow(Vec<(&'static str, BudgetOwner)>);

/// Counts one send against every limit. Returns the time under which the phone's limits have it. If one of them is exceeded, nothing is counted, and the error is
/// [`Refusal::SendLimited`] by the limit that lasts longest.
pub(super) fn spend_send(
    write: &mut Write<'_>,
    limits: &Limits,
    context: OtpContext,
) -> Result<Timestamp, Refusal> {
    let OtpContext { now, by, target: Target { phone, purpose }, .. } = context;
    // The state of each limit: of the phone, of client, range and node, and of the alarm.
    let mut sends = write.get(SENDS, &phone)?.unwrap_or_default();
    let budgets = BudgetState::of_all(write, limits, &limits.sends, context)?;
    let alarm = alarm_of(write, limits, context)?;
    // A client's share of the node's budget holds only while other clients send too.
    let others_send = senders::others_send(write, by.client_id, now)?;
    let binds = |budget: &&BudgetState<'_>| match budget.row.rule {
        Rule::Share { .. } => others_send,
        _ => true,
    };
    // The check. Of several exceeded limits the one that lasts longest is the answer.
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
    // All limits allow the send: count it in each.
    let counted_at = sends.count(limits, now);
    write.put(SENDS, &phone, &sends)?;
    senders::note(write, by.client_id, now)?;
    let mut ran_low = RanLow::default();
    for mut budget in budgets {
        if budget.spend(write, now)? {
            ran_low.0.push((budget.row.name, budget.key.subject));
        }
    }
    write.on_durable(|| ran_low.warn());
    Ok(counted_at)
}

/// The client's budgets of wrong guesses. Guesses for a phone without a code count in the same budgets.
pub(super) struct ClientGuesses<'l>(Vec<BudgetState<'l>>);

/// A guess that was counted in [`ClientGuesses`]: for each budget, the time at which it would have been full again.
#[derive(Clone)]
pub(super) struct SpentOfClient(Vec<Timestamp>);

impl<'l> ClientGuesses<'l> {
    /// Whether a refusal with this `error.reason` comes from these budgets.
    pub(super) fn is_by(limits: &Limits, reason: &str) -> bool {
        limits.guesses.iter().any(|row| row.reason == reason && limits.budget(row).is_some())
    }

    /// The current state of the client's budgets.
    pub(super) fn of(
        write: &Write<'_>,
        limits: &'l Limits,
        context: OtpContext,
    ) -> Result<Self, StoreError> {
        BudgetState::of_all(write, limits, &limits.guesses, context).map(Self)
    }

    /// The exceeded budget that lasts longest, if one is exceeded.
    pub(super) fn refusal(&self, now: Timestamp) -> Option<LimitExceeded> {
        let refusals = self.0.iter().filter_map(|budget| budget.refusal(now));
        refusals.max_by_key(|verdict| verdict.next_attempt_at)
    }

    /// Counts a guess before it is compared, as if it were wrong.
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

    /// Takes the count of a guess back, because it was right or was not compared.
    pub(super) fn give_back(
        self,
        write: &mut Write<'_>,
        spent: &SpentOfClient,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.into_iter().zip(&spent.0).try_for_each(|(mut budget, full_at)| {
            budget.rate.give_back(budget.budget, *full_at, now);
            write.put(RATES, &budget.key, &budget.rate)
        })
    }
}

/// The longest debt of a budget of the whole node after the clock was set back. A longer one would stop all clients.
const NODE_WAITS: Duration = Duration::from_mins(1);

/// Corrects budgets at the start of the process, after the clock was set back: otherwise they would refuse for as long
/// as the clock was set back. (During a run the clock is monotonic.) Returns whether there is an alarm.
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

/// The longest debt that [`clamp_to_now`] leaves in a budget. The budget of wrong guesses, which only raises the alarm,
/// is emptied of an impossible debt unless the alarm was raised already.
fn bound_of(limits: &Limits, row: &Limit, subject: BudgetOwner, rate: &Rate) -> Duration {
    match subject {
        _ if row.name == limits.wrong_guesses.name && !rate.was_low() => Duration::ZERO,
        BudgetOwner::Node if row.name != limits.wrong_guesses.name => NODE_WAITS,
        BudgetOwner::Node | BudgetOwner::Client(_) | BudgetOwner::Range(_) => Duration::MAX,
    }
}

/// Counts a wrong guess in the node's budget. Returns whether that raises the alarm.
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

/// Logs that the alarm has begun, and from how many phones, clients and addresses the wrong guesses came.
pub(super) fn log_alarm(limits: &Limits, sources: &GuessSources, now: Timestamp) {
    let limit = limits.wrong_guesses.name;
    let counted_for = limits.budget(&limits.wrong_guesses).map_or(DAY, |(_, budget)| budget.period);
    let SourceCounts { guesses, phones, clients, addresses } = sources.sources(counted_for, now);
    tracing::error!(
        limit,
        guesses,
        phones,
        clients,
        addresses,
        "alarm: codes are being guessed; every code has one attempt now"
    );
}

/// Logs at the start of the process that an alarm goes on. The sources of its guesses were only in memory, and are
/// lost.
pub(super) fn log_alarm_goes_on(limits: &Limits) {
    let limit = limits.wrong_guesses.name;
    tracing::error!(
        limit,
        "alarm: codes were being guessed before this start; every code has one attempt still"
    );
}

/// The end of the alarm; `None` if there is none. During an alarm every code has one attempt.
pub(super) fn alarm_until(
    write: &Write<'_>,
    limits: &Limits,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let budget = wrong_guesses(write, limits)?;
    Ok(budget.and_then(|budget| budget.rate.low_until(budget.budget, now)))
}

/// The limit of the alarm: while it lasts, calls without a token get no codes.
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

/// The stored state of one budget, with the rule that it follows.
struct BudgetState<'l> {
    row: &'l Limit,
    key: RateKey,
    rate: Rate,
    /// Burst and period, from the settings.
    budget: Budget,
    /// The part of the burst that this purpose may use up. A phone verification leaves a share to person requests.
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
    /// The states of all rows that are budgets; other rows are skipped.
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

    /// The state of one row; `None` if the row is no budget, or a share of a budget that is switched off.
    fn of(
        write: &Write<'_>,
        limits: &Limits,
        row: &'l Limit,
        subject: impl Fn(BudgetScope) -> BudgetOwner,
        purpose: Purpose,
    ) -> Result<Option<Self>, StoreError> {
        let Some((per, budget)) = limits.budget(row) else { return Ok(None) };
        let key = RateKey { limit: row.name.to_owned(), subject: subject(per) };
        let rate = write.get(RATES, &key)?.unwrap_or_default();
        let usable = limits.usable(row, budget.burst, purpose);
        Ok(Some(Self { row, key, rate, budget, usable }))
    }

    /// The limit, if the budget has nothing left at `now`.
    fn refusal(&self, now: Timestamp) -> Option<LimitExceeded> {
        let next_attempt_at = self.rate.allows_at(self.budget, self.usable, now);
        (next_attempt_at > now).then_some(LimitExceeded { limit: self.row.reason, next_attempt_at })
    }

    /// Counts one, and returns whether the budget has just run low.
    fn spend(&mut self, write: &mut Write<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let ran_low = self.rate.spend(self.budget, now);
        write.put(RATES, &self.key, &self.rate)?;
        Ok(ran_low)
    }
}

impl RanLow {
    /// Warns the operator of a range or of the node; a single client's budget is that client's own matter. Each is
    /// logged once, until half of the budget is there again. A range is shown with as few digits as a masked phone.
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
