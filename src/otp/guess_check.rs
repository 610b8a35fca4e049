//! What a guess costs, and how it is given back when the guess is not compared after all.

use std::sync::Arc;

use super::context::{OtpContext, Target};
use super::hash_permits::{HashPermit, HashPermits};
use super::hasher::Comparer;
use super::limits::{ClientGuesses, SpentOfClient, alarm_until};
use super::pending::{AttemptAt, GuessOwner, Judged, PendingGuess, PendingGuesses};
use super::request_context::RequestContext;
use super::rows::note_refusal;
use crate::audit::Recorder;
use crate::domain::limits::{LimitExceeded, Limits};
use crate::domain::{
    Code, HashedCode, Id, Refusal, SpentReason, Timestamp, Verification, VerificationId,
    VerificationRules,
};
use crate::keyring::Keyring;
use crate::store::schema::{GUESSES, LIVE_CODES, STRAY_GUESSES, VERIFICATIONS};
use crate::store::{Priority, Store, StoreError, Write};

/// A guess that has been compared.
pub(super) struct Compared {
    /// What it is for, and who brought it.
    pub(super) context: OtpContext,
    /// What it has cost.
    pub(super) cost: Cost,
    /// Whether it is the code.
    pub(super) is_right: bool,
    /// Others wait until it is judged.
    pub(super) pending: PendingGuess,
}

/// What was counted for a guess.
#[derive(Clone)]
pub(super) struct Cost {
    /// The code, and how many of its attempts were taken. `None` where there is no code, and the answer must not show that.
    pub(super) attempts: Option<(VerificationId, u8)>,
    /// As of when it was counted among the phone's guesses.
    pub(super) counted_at: Timestamp,
    /// What was spent of the client's budget.
    pub(super) of_client: SpentOfClient,
}

/// A guess that has been paid for.
struct Paid {
    context: OtpContext,
    cost: Cost,
    /// The hash that it is compared with. `None` where there is no code, and the answer must not show that.
    against: Option<HashedCode>,
    permit: HashPermit,
    pending: PendingGuess,
}

/// The result of the write that pays for a guess.
enum Admitted {
    ToBeCompared(Box<Paid>),
    /// There is no code: that has cost something, and there is nothing to compare.
    AtNothing(OtpContext),
}

/// Why a guess is not compared.
enum Unpaid {
    Refused(Refusal),
    /// Others are being compared, and what refuses this one may be over with one of them.
    Undecided(Judged),
}

/// Checks a guess against the limits, and reserves an attempt for it, before it is compared.
pub(super) struct GuessCheck {
    pub(super) now: Timestamp,
    pub(super) request: RequestContext,
    pub(super) audit: Arc<Recorder>,
    pub(super) limits: Arc<Limits>,
    pub(super) rules: VerificationRules,
    pub(super) keyring: Arc<Keyring>,
    pub(super) permits: Arc<HashPermits>,
    pub(super) pending: Arc<PendingGuesses>,
    /// Whether a phone without a code is to look like one with.
    pub(super) is_strict: bool,
}

/// Pays for a guess and compares it. What was paid for and is not compared, because nobody waits for it any more when its
/// turn comes, is given back; once the comparison has begun, it is not. For a task of its own: a caller who is gone neither
/// keeps anything from being given back, nor anything that was compared from having been paid for.
pub(super) async fn pay_and_compare<G>(
    store: Store,
    comparer: Comparer,
    check: GuessCheck,
    resolve_target: Arc<G>,
    guess: Code,
) -> Result<Compared, Refusal>
where
    G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
{
    let check = Arc::new(check);
    let paid = match pay(&store, &check, &resolve_target).await? {
        Admitted::ToBeCompared(paid) => paid,
        Admitted::AtNothing(context) => {
            note_refusal(&check.audit, context, &Refusal::NotFound);
            return Err(Refusal::NotFound);
        }
    };
    let Paid { context, cost, against, permit, mut pending } = *paid;
    let id = cost.attempts.map_or(Id::from_bytes([0; 16]), |(id, _)| id);
    let against = against.unwrap_or_else(|| check.nothing());
    match comparer.compare(permit, id, guess, against).await {
        Ok(is_right) => Ok(Compared { context, cost, is_right, pending }),
        // That is said of what was dropped before it began, and of nothing else.
        Err(Refusal::Busy) => {
            let limits = Arc::clone(&check.limits);
            let give_back = move |write: &mut Write<'_>| {
                give_back(write, &limits, context, cost, &mut pending)?;
                // Whoever waits for it may go on when that is kept.
                Ok::<_, StoreError>(pending)
            };
            // Where it can't be kept it stays spent, and the store says why.
            drop(store.write(Priority::FollowUp, give_back).await);
            Err(Refusal::Busy)
        }
        Err(refusal) => Err(refusal),
    }
}

/// Pays for a guess: the first write. While guesses that are not judged yet keep it from that, it waits for them.
async fn pay<G>(
    store: &Store,
    check: &Arc<GuessCheck>,
    resolve_target: &Arc<G>,
) -> Result<Admitted, Refusal>
where
    G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
{
    loop {
        let (check, resolve_target) = (Arc::clone(check), Arc::clone(resolve_target));
        match store
            .write(Priority::Normal, move |write: &mut Write<'_>| {
                check.spend(write, &*resolve_target)
            })
            .await
        {
            Ok(admitted) => return Ok(admitted),
            Err(Unpaid::Refused(refusal)) => return Err(refusal),
            Err(Unpaid::Undecided(judged)) => judged.wait().await,
        }
    }
}

/// The guess is not compared.
fn give_back(
    write: &mut Write<'_>,
    limits: &Limits,
    context: OtpContext,
    Cost { attempts, counted_at, of_client }: Cost,
    pending: &mut PendingGuess,
) -> Result<(), StoreError> {
    let OtpContext { now, target: Target { phone, .. }, .. } = context;
    ClientGuesses::of(write, limits, context)?.give_back(write, &of_client, now)?;
    let Some((id, attempts)) = attempts else {
        if let Some(mut guesses) = write.get(STRAY_GUESSES, &phone)? {
            guesses.give_back(counted_at);
            write.put(STRAY_GUESSES, &phone, &guesses)?;
        }
        return Ok(());
    };
    if let Some(mut guesses) = write.get(GUESSES, &phone)? {
        guesses.give_back(counted_at);
        write.put(GUESSES, &phone, &guesses)?;
    }
    if pending.withdraw()
        && let Some(verification) = write.get(VERIFICATIONS, &id)?
        && let Some(verification) = verification.give_back(attempts)
    {
        write.put(VERIFICATIONS, &id, &verification)?;
    }
    Ok(())
}

impl GuessCheck {
    fn spend<G>(&self, write: &mut Write<'_>, resolve_target: &G) -> Result<Admitted, Unpaid>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal>,
    {
        if self.request.waiting.is_over() {
            return Err(Refusal::Busy.into());
        }
        let context =
            OtpContext::of(self.now, self.request.origin(), resolve_target(write)?, &self.audit);
        self.spend_on(write, context).map_err(|refusal| {
            let in_the_way = self.may_not_last(&refusal, context);
            if let Some(others) = in_the_way.and_then(|whose| self.pending.next_of(whose)) {
                return Unpaid::Undecided(others);
            }
            note_refusal(&self.audit, context, &refusal);
            Unpaid::Refused(refusal)
        })
    }

    /// The owner of guesses that, if some are being compared, may give back what refuses this one.
    fn may_not_last(&self, refusal: &Refusal, context: OtpContext) -> Option<GuessOwner> {
        match refusal {
            Refusal::GuessLimited { limit, .. } if ClientGuesses::is_by(&self.limits, limit) => {
                Some(GuessOwner::Client(context.by.client_id))
            }
            Refusal::GuessLimited { .. } | Refusal::CodeSpent(SpentReason::AttemptsExhausted) => {
                Some(GuessOwner::Phone(context.target.phone))
            }
            _ => None,
        }
    }

    fn spend_on(&self, write: &mut Write<'_>, context: OtpContext) -> Result<Admitted, Refusal> {
        let Target { phone, purpose } = context.target;
        let of_client = ClientGuesses::of(write, &self.limits, context)?;
        let live = write.get(LIVE_CODES, &(phone, purpose))?;
        let verification = match live {
            Some(live) => write.get(VERIFICATIONS, &live.verification_id)?,
            None => None,
        };
        let Some(verification) = verification else {
            return self.spend_on_nothing(write, context, of_client);
        };
        let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
        must_allow([
            guesses.refusal(&self.limits, purpose, self.now),
            of_client.refusal(self.now),
        ])?;
        let ReservedAttempt { at, taken, code } = self.spend_attempt(write, verification)?;
        let permit = self.permits.take(&self.request)?;
        let counted_at = guesses.count(&self.limits, self.now);
        let of_client = of_client.spend(write, self.now)?;
        write.put(GUESSES, &phone, &guesses)?;
        let cost = Cost { attempts: Some((at.id, taken)), counted_at, of_client };
        let pending = self.begin(context, Some(at));
        let paid = Paid { context, cost, against: Some(code), permit, pending };
        Ok(Admitted::ToBeCompared(Box::new(paid)))
    }

    /// Where nobody is to know, as if a code had been sent at the first of these guesses. For the phone they are counted
    /// apart: they can hit nothing, so they take nothing from the guesses at a real code, and raise no alarm.
    fn spend_on_nothing(
        &self,
        write: &mut Write<'_>,
        context: OtpContext,
        of_client: ClientGuesses<'_>,
    ) -> Result<Admitted, Refusal> {
        let Target { phone, purpose } = context.target;
        if !self.is_strict {
            must_allow([None, of_client.refusal(self.now)])?;
            of_client.spend(write, self.now)?;
            return Ok(Admitted::AtNothing(context));
        }
        let mut guesses = write.get(STRAY_GUESSES, &phone)?.unwrap_or_default();
        let rows = &self.limits.guesses;
        let of_phone = guesses.refusal(&self.limits, rows, purpose, self.now);
        must_allow([of_phone, of_client.refusal(self.now)])?;
        let is_alarm = alarm_until(write, &self.limits, self.now)?.is_some();
        let attempts = if is_alarm { 1 } else { self.rules.attempts };
        if guesses.count_since(self.now - self.rules.life) >= usize::from(attempts) {
            return Err(Refusal::CodeSpent(SpentReason::AttemptsExhausted));
        }
        let permit = self.permits.take(&self.request)?;
        let counted_at = guesses.count(rows, self.now);
        let of_client = of_client.spend(write, self.now)?;
        write.put(STRAY_GUESSES, &phone, &guesses)?;
        let cost = Cost { attempts: None, counted_at, of_client };
        let pending = self.begin(context, None);
        let paid = Paid { context, cost, against: None, permit, pending };
        Ok(Admitted::ToBeCompared(Box::new(paid)))
    }

    fn spend_attempt(
        &self,
        write: &mut Write<'_>,
        verification: Verification,
    ) -> Result<ReservedAttempt, Refusal> {
        let had = verification.attempts_left();
        let (mut verification, code) = verification.spend_attempt(self.now)?;
        // Its key was retired before its time: it can't be compared with anything.
        if !self.keyring.holds(&code.key_id) {
            return Err(Refusal::CodeExpired);
        }
        let is_last = alarm_until(write, &self.limits, self.now)?.is_some();
        if is_last {
            verification = verification.without_more_attempts();
        }
        write.put(VERIFICATIONS, &verification.id, &verification)?;
        let taken = had - verification.attempts_left();
        Ok(ReservedAttempt { at: AttemptAt { id: verification.id, is_last }, taken, code })
    }

    fn begin(&self, context: OtpContext, at: Option<AttemptAt>) -> PendingGuess {
        let OtpContext { by, target: Target { phone, .. }, .. } = context;
        self.pending.begin([GuessOwner::Phone(phone), GuessOwner::Client(by.client_id)], at)
    }

    /// A hash that no code has.
    fn nothing(&self) -> HashedCode {
        HashedCode { key_id: self.keyring.newest().0.to_owned(), salt: [0; 16], hash: [0; 32] }
    }
}

/// An attempt that was taken of a code, and the hash that the guess is compared with.
struct ReservedAttempt {
    at: AttemptAt,
    taken: u8,
    code: HashedCode,
}

/// Refused when one of these says so: for the one that lasts longest.
fn must_allow(verdicts: [Option<LimitExceeded>; 2]) -> Result<(), Refusal> {
    let longest = verdicts.into_iter().flatten().max_by_key(|verdict| verdict.next_attempt_at);
    longest.map_or(Ok(()), |LimitExceeded { limit, next_attempt_at }| {
        Err(Refusal::GuessLimited { limit, next_attempt_at })
    })
}

impl From<Refusal> for Unpaid {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Unpaid {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}
