use std::sync::Arc;

use super::Otp;
use super::context::{OtpContext, Target};
use super::guess_check::{Compared, GuessCheck, pay_and_compare};
use super::limits::{ClientGuesses, count_wrong_guess, raise_alarm};
use super::request_context::RequestContext;
use super::rows::{note_refusal, row};
use crate::audit;
use crate::domain::audit::{AuditEvent, GuessFault};
use crate::domain::limits::{DAY, Limits};
use crate::domain::{Code, Refusal, Timestamp, Verification, VerificationId};
use crate::sms::Canceled;
use crate::store::schema::{
    GUESSES, SENDS, STRAY_GUESSES, VERIFICATIONS, VERIFIED_PHONES, VerifiedPhone,
};
use crate::store::{Priority, Write};

impl Otp {
    /// Takes a code back: if it is the live one, the verification is verified and `done` is part of the same write.
    ///
    /// The first write spends the attempt, one of the phone's guesses and one of the client's, durably, *before the code is
    /// looked at*: of any number of parallel guesses no more are compared than are allowed. It does so only with a place
    /// for hashing in hand, which only what is to be hashed takes. The second write gives the guess of a right code back,
    /// and succeeds only while the verification is still new, so a right code works once; or it gives everything back, when
    /// the comparison never began. A guess that comes while the last ones allowed are compared waits for them: it gets the
    /// answer that it would get after them.
    ///
    /// Refusals: those of `resolve_target` and `done`, [`Refusal::NotFound`] when no code was ever sent,
    /// [`Refusal::GuessLimited`], [`Refusal::CodeSpent`], [`Refusal::CodeExpired`], [`Refusal::CodeWrong`],
    /// [`Refusal::Busy`], [`Refusal::StorageFailed`].
    pub async fn complete<G, D>(
        &self,
        now: Timestamp,
        request: RequestContext,
        guess: Code,
        resolve_target: G,
        done: D,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
        D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal> + Send + 'static,
    {
        let resolve_target = Arc::new(resolve_target);
        let check = GuessCheck {
            now,
            request,
            audit: Arc::clone(&self.audit),
            limits: Arc::clone(&self.limits),
            rules: self.config.rules,
            keyring: Arc::clone(self.hasher.keyring()),
            permits: Arc::clone(self.hasher.permits()),
            pending: Arc::clone(&self.pending),
            is_strict: self.config.strict_enumeration,
        };
        let (store, hashes) = (self.store.clone(), self.hasher.comparer());
        let comparing = pay_and_compare(store, hashes, check, Arc::clone(&resolve_target), guess);
        let compared = tokio::spawn(comparing).await.map_err(|_| Refusal::HashingFailed)??;
        match compared.cost.attempts {
            Some((id, _)) if compared.is_right => {
                self.accept_guess(compared, id, resolve_target, done).await
            }
            Some((id, _)) => Err(self.reject_guess(compared, id).await),
            None => Err(self.reject_guess_at_nothing(compared).await),
        }
    }

    /// The second write of a right guess.
    async fn accept_guess<G, D>(
        &self,
        compared: Compared,
        id: VerificationId,
        resolve_target: Arc<G>,
        done: D,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
        D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal> + Send + 'static,
    {
        let (outbox, limits) = (self.outbox.clone(), Arc::clone(&self.limits));
        let Compared { context, cost, mut pending, .. } = compared;
        let accept = move |write: &mut Write<'_>| {
            pending.judge();
            ClientGuesses::of(write, &limits, context)?.give_back(
                write,
                &cost.of_client,
                context.now,
            )?;
            let accepted = accept(write, context, id, cost.counted_at, &*resolve_target, done)?;
            Ok::<_, Refusal>((accepted, outbox.cancel(write, id, context.now)?, pending))
        };
        let (accepted, canceled, _judged) = self.store.write(Priority::FollowUp, accept).await?;
        self.free(canceled);
        accepted.inspect_err(|refusal| note_refusal(&self.audit, context, refusal))
    }

    /// The second write of a wrong guess, and what it is answered.
    async fn reject_guess(&self, compared: Compared, id: VerificationId) -> Refusal {
        let (outbox, limits) = (self.outbox.clone(), Arc::clone(&self.limits));
        let Compared { context, mut pending, .. } = compared;
        let reject = move |write: &mut Write<'_>| {
            let is_last = pending.judge();
            let Rejected { is_alarm, is_over } = reject(write, context, id, is_last, &limits)?;
            let canceled = if is_over { outbox.cancel(write, id, context.now)? } else { None };
            Ok::<_, Refusal>((is_alarm, canceled, pending))
        };
        match self.store.write(Priority::FollowUp, reject).await {
            Ok((is_alarm, canceled, _judged)) => {
                self.free(canceled);
                self.wrong_guesses.note(context);
                if is_alarm {
                    self.tell_alarm(context.now);
                }
                Refusal::CodeWrong
            }
            Err(refusal) => refusal,
        }
    }

    /// As much work as for a wrong guess, though there was nothing to compare with.
    async fn reject_guess_at_nothing(&self, compared: Compared) -> Refusal {
        let Compared { context, pending: _judged, .. } = compared;
        // Nothing of it lasts: a row of audit is as cheap as any refusal's.
        self.audit.note(row(AuditEvent::GuessRefused(GuessFault::NoCode), context));
        match self
            .store
            .write(Priority::FollowUp, move |write| touch_stray(write, context.target))
            .await
        {
            Ok(()) => Refusal::CodeWrong,
            Err(refusal) => refusal,
        }
    }

    /// Gives the place of a message back that is worth nothing.
    fn free(&self, canceled: Option<Canceled>) {
        if let Some(canceled) = canceled {
            self.outbox.release(&canceled);
        }
    }

    /// Says that the alarm has begun, and where the guesses come from.
    fn tell_alarm(&self, now: Timestamp) {
        let budget = self.limits.budget(&self.limits.wrong_guesses);
        let hour = budget.map_or(DAY, |(_, budget)| budget.period);
        raise_alarm(&self.limits, self.wrong_guesses.sources(hour, now));
    }
}

/// The code was right. An outer refusal undoes the write; an inner one stands beside what was written: a right code
/// that came second is refused, but it was no wrong guess. A refusal of `resolve_target` by then comes before what has become
/// of the code, as it does for one that comes later.
fn accept<G, D>(
    write: &mut Write<'_>,
    context: OtpContext,
    id: VerificationId,
    counted_at: Timestamp,
    resolve_target: &G,
    done: D,
) -> Result<Result<Verification, Refusal>, Refusal>
where
    G: Fn(&Write<'_>) -> Result<Target, Refusal>,
    D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal>,
{
    let OtpContext { now, target: Target { phone, purpose }, .. } = context;
    let verification = write.get(VERIFICATIONS, &id)?.ok_or(Refusal::NotFound)?;
    let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
    guesses.forgive(counted_at);
    write.put(GUESSES, &phone, &guesses)?;
    let verified = match verification.verify(now) {
        Ok(verified) => verified,
        Err(refusal) => return Ok(Err(resolve_target(write).err().unwrap_or(refusal))),
    };
    done(write, &verified)?;
    let mut sends = write.get(SENDS, &phone)?.unwrap_or_default();
    sends.restart();
    write.put(SENDS, &phone, &sends)?;
    write.put(VERIFIED_PHONES, &phone, &VerifiedPhone { verified_at: now })?;
    write.put(VERIFICATIONS, &id, &verified)?;
    audit::append(write, &row(AuditEvent::used(purpose), context).of(id))?;
    Ok(Ok(verified))
}

/// What a guess at nothing was counted in is written once more.
fn touch_stray(write: &mut Write<'_>, Target { phone, .. }: Target) -> Result<(), Refusal> {
    match write.get(STRAY_GUESSES, &phone)? {
        Some(guesses) => Ok(write.put(STRAY_GUESSES, &phone, &guesses)?),
        None => Ok(()),
    }
}

/// What a wrong code has led to.
struct Rejected {
    is_alarm: bool,
    /// No code is good for it any more.
    is_over: bool,
}

/// The code was wrong: after the last attempt the verification is over, once nothing of it may be given back any more.
fn reject(
    write: &mut Write<'_>,
    context: OtpContext,
    id: VerificationId,
    is_last: bool,
    limits: &Limits,
) -> Result<Rejected, Refusal> {
    let is_alarm = count_wrong_guess(write, limits, context.now)?;
    let verification = write.get(VERIFICATIONS, &id)?;
    audit::append(write, &row(AuditEvent::CodeWrong, context).of(id))?;
    let verification = verification.filter(|_| is_last);
    let over = verification.and_then(|verification| verification.reject(context.now));
    if let Some(over) = &over {
        write.put(VERIFICATIONS, &id, over)?;
    }
    Ok(Rejected { is_alarm, is_over: over.is_some() })
}
