//! Checks a guess against the limits, reserves what it costs, and compares it. If it is not compared after all, the
//! cost is given back.

use std::sync::Arc;

use super::context::{OtpContext, Target};
use super::hash_permits::{HashPermit, HashPermits};
use super::hasher::Comparer;
use super::limits::{ClientGuesses, SpentOfClient, alarm_until};
use super::pending::{AttemptAt, GuessOwner, NextDecision, PendingGuess, PendingGuesses};
use super::request_context::RequestContext;
use crate::audit::Recorder;
use crate::domain::limits::{LimitExceeded, Limits};
use crate::domain::{
    Code, HashedCode, Id, Refusal, SpentReason, Timestamp, Verification, VerificationId,
    VerificationRules,
};
use crate::keyring::Keyring;
use crate::store::schema::{GUESSES, LIVE_CODES, STRAY_GUESSES, VERIFICATIONS};
use crate::store::{Priority, Store, StoreError, Write};

/// A guess that has been compared, and waits for the second write.
pub(super) struct Compared {
    /// The call with its target.
    pub(super) context: OtpContext,
    /// What the first write counted.
    pub(super) cost: Cost,
    /// Whether the guess is the code.
    pub(super) is_right: bool,
    /// Guesses that wait for this one's second write are woken when it is dropped.
    pub(super) pending: PendingGuess,
}

/// What the first write counted for a guess.
#[derive(Clone)]
pub(super) struct Cost {
    /// The code's verification, and the number of attempts that were taken: an alarm takes all of them. `None` if the
    /// phone has no code and the answer must not show it.
    pub(super) attempts: Option<(VerificationId, u8)>,
    /// The time under which the phone's guesses have this one.
    pub(super) counted_at: Timestamp,
    /// The part of the client's budget.
    pub(super) of_client: SpentOfClient,
}

/// A guess with its cost reserved, ready to be compared.
struct ReservedGuess {
    context: OtpContext,
    cost: Cost,
    /// The hash of the code. `None` if the phone has no code and the answer must not show it.
    against: Option<HashedCode>,
    permit: HashPermit,
    pending: PendingGuess,
}

/// The result of the first write.
enum Reservation {
    Guess(Box<ReservedGuess>),
    /// The phone has no code. The guess cost the client something, and there is nothing to compare.
    NoCode(OtpContext),
}

/// Why the first write reserved nothing.
enum NotReserved {
    Refused(Refusal),
    /// The refusal may be lifted by a guess that is being compared. The caller waits for its decision and tries again.
    Undecided(NextDecision),
}

/// Checks a guess against the limits and reserves its cost, in the first write.
pub(super) struct GuessCheck {
    pub(super) now: Timestamp,
    pub(super) request: RequestContext,
    pub(super) audit: Arc<Recorder>,
    pub(super) limits: Arc<Limits>,
    pub(super) rules: VerificationRules,
    pub(super) keyring: Arc<Keyring>,
    pub(super) permits: Arc<HashPermits>,
    pub(super) pending: Arc<PendingGuesses>,
    /// The setting `otp.strict_enumeration`: a phone without a code is answered like one with a code.
    pub(super) is_strict: bool,
}

/// Reserves the cost of a guess and compares it.
///
/// When the caller has hung up before the guess's turn to be hashed, the guess is not compared, and its cost is given
/// back. Once the comparison has begun, the cost stays. This runs in a task of its own, so that a caller who hangs up
/// can neither prevent the giving back nor get a comparison for free.
pub(super) async fn reserve_and_compare<G>(
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
    // The first write.
    let reserved = match reserve(&store, &check, &resolve_target).await? {
        Reservation::Guess(reserved) => reserved,
        Reservation::NoCode(context) => {
            context.note_refusal(&check.audit, &Refusal::NotFound);
            return Err(Refusal::NotFound);
        }
    };
    // The comparison. Without a code it costs the same: a hash that no guess matches stands in.
    let ReservedGuess { context, cost, against, permit, mut pending } = *reserved;
    let id = cost.attempts.map_or(Id::from_bytes([0; 16]), |(id, _)| id);
    let against = against.unwrap_or_else(|| check.unmatched_hash());
    match comparer.compare(permit, id, guess, against).await {
        Ok(is_right) => Ok(Compared { context, cost, is_right, pending }),
        // `Busy` means that the comparison never began, so the cost is given back.
        Err(Refusal::Busy) => {
            let limits = Arc::clone(&check.limits);
            let give_back = move |write: &mut Write<'_>| {
                give_back(write, &limits, context, cost, &mut pending)?;
                // Returned, so that waiting guesses are woken only after the write is durable.
                Ok::<_, StoreError>(pending)
            };
            // If the write fails, the cost stays counted. The store logs its failure.
            drop(store.write(Priority::FollowUp, give_back).await);
            Err(Refusal::Busy)
        }
        Err(refusal) => Err(refusal),
    }
}

/// The first write. While only undecided guesses stand in the way, it waits for the next decision and tries again.
async fn reserve<G>(
    store: &Store,
    check: &Arc<GuessCheck>,
    resolve_target: &Arc<G>,
) -> Result<Reservation, Refusal>
where
    G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
{
    loop {
        let (check, resolve_target) = (Arc::clone(check), Arc::clone(resolve_target));
        let reserve = move |write: &mut Write<'_>| check.reserve(write, &*resolve_target);
        match store.write(Priority::Normal, reserve).await {
            Ok(reservation) => return Ok(reservation),
            Err(NotReserved::Refused(refusal)) => return Err(refusal),
            Err(NotReserved::Undecided(decision)) => decision.wait().await,
        }
    }
}

/// Gives back the cost of a guess that was not compared: of the client, of the phone, and of the code.
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
        // Without a code the phone's guesses are counted apart.
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
    // Not the attempts, if an alarm has meanwhile made another guess the code's last one.
    if pending.withdraw()
        && let Some(verification) = write.get(VERIFICATIONS, &id)?
        && let Some(verification) = verification.give_back(attempts)
    {
        write.put(VERIFICATIONS, &id, &verification)?;
    }
    Ok(())
}

impl GuessCheck {
    /// Reserves the cost of the guess, or says whether the refusal is final.
    fn reserve<G>(
        &self,
        write: &mut Write<'_>,
        resolve_target: &G,
    ) -> Result<Reservation, NotReserved>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal>,
    {
        // The caller may have hung up while the write was queued. Then nothing is reserved.
        if self.request.waiting.is_over() {
            return Err(Refusal::Busy.into());
        }
        // The target is resolved in each try: the person request may have changed while the guess waited.
        let context =
            OtpContext::of(self.now, self.request.origin(), resolve_target(write)?, &self.audit);
        self.reserve_for(write, context).map_err(|refusal| {
            // A pending guess may give back what this one lacks. Without one the refusal is final, and goes to the
            // audit.
            let owner = self.owner_that_may_give_back(&refusal, context);
            if let Some(decision) = owner.and_then(|owner| self.pending.next_decision(owner)) {
                return NotReserved::Undecided(decision);
            }
            context.note_refusal(&self.audit, &refusal);
            NotReserved::Refused(refusal)
        })
    }

    /// The owner of pending guesses that may give back what this refusal is about; `None` if none can.
    fn owner_that_may_give_back(
        &self,
        refusal: &Refusal,
        context: OtpContext,
    ) -> Option<GuessOwner> {
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

    /// Checks every limit, and only then counts the guess everywhere. An error has counted nothing.
    fn reserve_for(
        &self,
        write: &mut Write<'_>,
        context: OtpContext,
    ) -> Result<Reservation, Refusal> {
        let Target { phone, purpose } = context.target;
        let of_client = ClientGuesses::of(write, &self.limits, context)?;
        // The live code of the phone and purpose.
        let live = write.get(LIVE_CODES, &(phone, purpose))?;
        let verification = match live {
            Some(live) => write.get(VERIFICATIONS, &live.verification_id)?,
            None => None,
        };
        let Some(verification) = verification else {
            return self.reserve_without_code(write, context, of_client);
        };
        // The limits of phone and client come before the code: a locked phone learns nothing about it.
        let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
        ensure_allowed([
            guesses.refusal(&self.limits, purpose, self.now),
            of_client.refusal(self.now),
        ])?;
        // An attempt of the code: refused if it has expired, is used or has no attempt left.
        let ReservedAttempt { at, taken, code } = self.spend_attempt(write, verification)?;
        // A permit to hash. Without one the whole write is undone, so a busy node costs the caller nothing.
        let permit = self.permits.take(&self.request)?;
        // Count the guess for phone and client.
        let counted_at = guesses.count(&self.limits, self.now);
        let of_client = of_client.spend(write, self.now)?;
        write.put(GUESSES, &phone, &guesses)?;
        let cost = Cost { attempts: Some((at.id, taken)), counted_at, of_client };
        let pending = self.begin(context, Some(at));
        let reserved = ReservedGuess { context, cost, against: Some(code), permit, pending };
        Ok(Reservation::Guess(Box::new(reserved)))
    }

    /// Reserves a guess for a phone without a code. Under `otp.strict_enumeration` it is treated as if a code had been
    /// sent at the first such guess, with limits of the same size. It is counted apart from guesses at a real code,
    /// since it can't hit one, and it raises no alarm.
    fn reserve_without_code(
        &self,
        write: &mut Write<'_>,
        context: OtpContext,
        of_client: ClientGuesses<'_>,
    ) -> Result<Reservation, Refusal> {
        let Target { phone, purpose } = context.target;
        if !self.is_strict {
            // The answer will be `NotFound`. Only the client is limited, so that it can't try all phones.
            ensure_allowed([None, of_client.refusal(self.now)])?;
            of_client.spend(write, self.now)?;
            return Ok(Reservation::NoCode(context));
        }
        // The same limits, attempts and alarm as for a code, from the phone's own count of such guesses.
        let mut guesses = write.get(STRAY_GUESSES, &phone)?.unwrap_or_default();
        let rows = &self.limits.guesses;
        let of_phone = guesses.refusal(&self.limits, rows, purpose, self.now);
        ensure_allowed([of_phone, of_client.refusal(self.now)])?;
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
        let reserved = ReservedGuess { context, cost, against: None, permit, pending };
        Ok(Reservation::Guess(Box::new(reserved)))
    }

    /// Takes one attempt of the code, or all of them during an alarm: then every code has one attempt.
    fn spend_attempt(
        &self,
        write: &mut Write<'_>,
        verification: Verification,
    ) -> Result<ReservedAttempt, Refusal> {
        let had = verification.attempts_left();
        let (mut verification, code) = verification.spend_attempt(self.now)?;
        // The key of its hash was retired by force, so the code can't be compared any more.
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

    /// A hash that no guess matches.
    fn unmatched_hash(&self) -> HashedCode {
        HashedCode { key_id: self.keyring.newest().0.to_owned(), salt: [0; 16], hash: [0; 32] }
    }
}

/// An attempt that was taken from a code.
struct ReservedAttempt {
    at: AttemptAt,
    /// The number of attempts that were taken.
    taken: u8,
    /// The hash that the guess is compared with.
    code: HashedCode,
}

/// Returns [`Refusal::GuessLimited`] for the exceeded limit that lasts longest, if there is one.
fn ensure_allowed(verdicts: [Option<LimitExceeded>; 2]) -> Result<(), Refusal> {
    let longest = verdicts.into_iter().flatten().max_by_key(|verdict| verdict.next_attempt_at);
    longest.map_or(Ok(()), |LimitExceeded { limit, next_attempt_at }| {
        Err(Refusal::GuessLimited { limit, next_attempt_at })
    })
}

impl From<Refusal> for NotReserved {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for NotReserved {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}
