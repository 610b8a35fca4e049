use std::sync::Arc;

use super::Otp;
use super::context::{OtpContext, Target};
use super::guess_check::{Compared, GuessCheck, reserve_and_compare};
use super::limits::{ClientGuesses, count_wrong_guess, log_alarm};
use super::request_context::RequestContext;
use crate::audit;
use crate::domain::audit::{AuditEvent, GuessFault};
use crate::domain::limits::Limits;
use crate::domain::{Code, Refusal, SpentReason, Timestamp, Verification, VerificationId};
use crate::store::schema::{
    GUESSES, SENDS, STRAY_GUESSES, VERIFICATIONS, VERIFIED_PHONES, VerifiedPhone,
};
use crate::store::{Priority, Write};

impl Otp {
    /// Compares a guess with the live code of its target. If it is right, the verification is verified, and `done` runs
    /// in the same write.
    ///
    /// 1. The first write reserves one attempt of the code, one guess of the phone and one of the client, durably,
    ///    before the code is compared. So parallel guesses can't exceed a limit.
    /// 2. argon2 hashes the guess, in the order of the permits to hash.
    /// 3. The second write records the result. A right guess gets back what it cost the phone and the client, and
    ///    succeeds only while the verification is new: a code works once. A wrong guess stays counted.
    ///
    /// If the comparison never begins, a write gives everything back. A guess that is refused only because of guesses
    /// that are still being compared waits for them, and gets the answer that it would get after them.
    ///
    /// Errors: those of `resolve_target` and `done`, [`Refusal::NotFound`] if no code was ever sent,
    /// [`Refusal::GuessLimited`], [`Refusal::CodeSpent`], [`Refusal::CodeExpired`], [`Refusal::CodeWrong`],
    /// [`Refusal::Busy`], [`Refusal::HashingFailed`], [`Refusal::StorageFailed`].
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
        // Reserve and compare in a task of its own: if this call is dropped in between, the task still ends, and either
        // counts the guess or gives back what it cost.
        let (store, hashes) = (self.store.clone(), self.hasher.comparer());
        let comparing =
            reserve_and_compare(store, hashes, check, Arc::clone(&resolve_target), guess);
        let compared = tokio::spawn(comparing).await.map_err(|_| Refusal::HashingFailed)??;
        // The second write. A guess without a code has an equal one, so that the time does not show the difference.
        match compared.cost.attempts {
            Some((id, _)) if compared.is_right => {
                self.accept_guess(compared, id, resolve_target, done).await
            }
            Some((id, _)) => Err(self.reject_guess(compared, id).await),
            None => Err(self.reject_guess_without_code(compared).await),
        }
    }

    /// The second write of a right guess: see [`accept`].
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
            // Other guesses that wait for this one are woken when it is dropped, after the write.
            pending.decide();
            // A right guess costs the client nothing.
            ClientGuesses::of(write, &limits, context)?.give_back(
                write,
                &cost.of_client,
                context.now,
            )?;
            let accepted = accept(write, context, id, cost.counted_at, &*resolve_target, done)?;
            // The code is used, so a message that still waits to be sent is canceled.
            outbox.cancel(write, id, context.now)?;
            Ok::<_, Refusal>((accepted, pending))
        };
        let (accepted, _pending) = self.store.write(Priority::FollowUp, accept).await?;
        accepted.inspect_err(|refusal| context.note_refusal(&self.audit, refusal))
    }

    /// The second write of a wrong guess. Returns [`Refusal::CodeWrong`], or the store's refusal.
    async fn reject_guess(&self, compared: Compared, id: VerificationId) -> Refusal {
        let (outbox, limits) = (self.outbox.clone(), Arc::clone(&self.limits));
        let sources = Arc::clone(&self.wrong_guesses);
        let Compared { context, mut pending, .. } = compared;
        let reject = move |write: &mut Write<'_>| {
            // The code is over with its last attempt, unless another pending guess may still give one back.
            let is_last = pending.decide();
            let Rejected { is_alarm, is_over } = reject(write, context, id, is_last, &limits)?;
            if is_over {
                outbox.cancel(write, id, context.now)?;
            }
            write.on_durable(move || {
                sources.note(context);
                if is_alarm {
                    log_alarm(&limits, &sources, context.now);
                }
            });
            Ok::<_, Refusal>(pending)
        };
        match self.store.write(Priority::FollowUp, reject).await {
            Ok(_pending) => Refusal::CodeWrong,
            Err(refusal) => refusal,
        }
    }

    /// The answer to a guess for a phone without a code, under `otp.strict_enumeration`: [`Refusal::CodeWrong`] after a
    /// write of the same size as a wrong guess has.
    async fn reject_guess_without_code(&self, compared: Compared) -> Refusal {
        let Compared { context, pending: _pending, .. } = compared;
        // No state depends on this audit row, so it need not be part of the write.
        self.audit.note(context.audit_row(AuditEvent::GuessRefused(GuessFault::NoCode)));
        match self
            .store
            .write(Priority::FollowUp, move |write| touch_stray(write, context.target))
            .await
        {
            Ok(()) => Refusal::CodeWrong,
            Err(refusal) => refusal,
        }
    }
}

/// Verifies the verification after a right guess.
///
/// An outer error undoes the whole write. An inner error is the answer while the write stays: a right code that comes
/// second is refused, but its guess is not counted as a wrong one.
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
    // A right guess ends the phone's row of wrong ones.
    let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
    guesses.forgive(counted_at);
    write.put(GUESSES, &phone, &guesses)?;
    // The code may be used, expired or replaced by now. A refusal of the target comes first, as it would for a later
    // call.
    let verified = match verification.verify(now) {
        Ok(verified) => verified,
        Err(refusal) => return Ok(Err(resolve_target(write).err().unwrap_or(refusal))),
    };
    // A load may have moved the person request to another phone meanwhile: this code is none for it any more.
    if resolve_target(write)?.phone != phone {
        return Ok(Err(Refusal::CodeSpent(SpentReason::Superseded)));
    }
    // The operation that the code was for, such as approving the person request.
    done(write, &verified)?;
    // The phone's holder has answered, so the pauses between sends start again, and the phone is verified.
    let mut sends = write.get(SENDS, &phone)?.unwrap_or_default();
    sends.restart();
    write.put(SENDS, &phone, &sends)?;
    write.put(VERIFIED_PHONES, &phone, &VerifiedPhone { verified_at: now })?;
    write.put(VERIFICATIONS, &id, &verified)?;
    audit::append(write, &context.audit_row(AuditEvent::used(purpose)).of(id))?;
    Ok(Ok(verified))
}

/// Writes the phone's guesses without a code once more, unchanged: a wrong guess at a code has a second write too.
fn touch_stray(write: &mut Write<'_>, Target { phone, .. }: Target) -> Result<(), Refusal> {
    match write.get(STRAY_GUESSES, &phone)? {
        Some(guesses) => Ok(write.put(STRAY_GUESSES, &phone, &guesses)?),
        None => Ok(()),
    }
}

/// The effects of a wrong guess.
struct Rejected {
    /// The guess has raised the alarm.
    is_alarm: bool,
    /// The verification is over: its last attempt is used.
    is_over: bool,
}

/// Records a wrong guess: counts it for the node's alarm, and ends the verification after its last attempt. `is_last`
/// says that no pending guess may give an attempt back any more.
fn reject(
    write: &mut Write<'_>,
    context: OtpContext,
    id: VerificationId,
    is_last: bool,
    limits: &Limits,
) -> Result<Rejected, Refusal> {
    let is_alarm = count_wrong_guess(write, limits, context.now)?;
    let verification = write.get(VERIFICATIONS, &id)?;
    audit::append(write, &context.audit_row(AuditEvent::CodeWrong).of(id))?;
    let verification = verification.filter(|_| is_last);
    let over = verification.and_then(|verification| verification.reject(context.now));
    if let Some(over) = &over {
        write.put(VERIFICATIONS, &id, over)?;
    }
    Ok(Rejected { is_alarm, is_over: over.is_some() })
}
