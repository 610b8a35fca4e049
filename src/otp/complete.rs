use std::sync::Arc;

use super::hasher::HashPlace;
use super::limits::{alarm_until, count_wrong_guess, raise_alarm};
use super::pending::{Judged, PendingGuess, PendingGuesses};
use super::rows::{note_refusal, row};
use super::{Asked, Keyring, Otp, Target};
use crate::audit::{self, Recorder};
use crate::domain::audit::{AuditEvent, GuessFault};
use crate::domain::limits::{DAY, Limits, Rule, TooSoon};
use crate::domain::{
    By, Code, HashedCode, Id, Refusal, SpentReason, Timestamp, Verification, VerificationId,
    VerificationRules,
};
use crate::sms::Canceled;
use crate::store::schema::{
    GUESSES, LIVE_CODES, SENDS, STRAY_GUESSES, VERIFICATIONS, VERIFIED_PHONES, VerifiedPhone,
};
use crate::store::{StoreError, Write};

/// A guess that has been paid for.
struct Spent {
    /// What it is for, and who brought it.
    asked: Asked,
    /// What it is held against; nothing, when no code was sent and nobody is to know.
    against: Option<(VerificationId, HashedCode)>,
    /// As of when it was counted among the phone's guesses.
    counted_at: Timestamp,
    /// Others for the phone wait until it is judged.
    pending: PendingGuess,
}

/// Why a guess is not compared.
enum Unpaid {
    Refused(Refusal),
    /// Others for the phone are being compared, and what refuses this one may be over with them.
    Undecided(Judged),
}

/// What a guess is judged by before it is compared.
struct Judge {
    now: Timestamp,
    by: By,
    audit: Arc<Recorder>,
    limits: Arc<Limits>,
    rules: VerificationRules,
    keyring: Arc<Keyring>,
    pending: Arc<PendingGuesses>,
    /// Whether a phone without a code is to look like one with.
    is_strict: bool,
}

impl Otp {
    /// Takes a code back: if it is the live one, the verification is verified and `done` is part of the same write.
    ///
    /// The first write spends the attempt and one of the phone's guesses, durably, *before the code is looked at*: of
    /// any number of parallel guesses no more are compared than are allowed. The second write gives the guess of a
    /// right code back, and succeeds only while the verification is still new, so a right code works once. A guess that
    /// comes while the last ones allowed are compared waits for them: it gets the answer that it would get after them.
    ///
    /// Refusals: the gate's and `done`'s own, [`Refusal::NotFound`] when no code was ever sent,
    /// [`Refusal::GuessLimited`], [`Refusal::CodeSpent`], [`Refusal::CodeExpired`], [`Refusal::CodeWrong`],
    /// [`Refusal::Busy`], [`Refusal::StorageFailed`].
    pub async fn complete<G, D>(
        &self,
        now: Timestamp,
        by: By,
        guess: Code,
        gate: G,
        done: D,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
        D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal> + Send + 'static,
    {
        let limits = Arc::clone(&self.limits);
        let gate = Arc::new(gate);
        let judge = Judge {
            now,
            by,
            audit: Arc::clone(&self.audit),
            limits: Arc::clone(&limits),
            rules: self.config.rules,
            keyring: Arc::clone(self.hasher.keyring()),
            pending: Arc::clone(&self.pending),
            is_strict: self.config.strict_enumeration,
        };
        let (hashing, spent) = self.pay(judge, &gate).await?;
        // Until it has been judged, or given up.
        let Spent { asked, against, counted_at, pending: _pending } = spent;
        let id = against.as_ref().map(|(id, _)| *id);
        // The same work, whether or not there is anything to compare with.
        let (against, kept) = against.unwrap_or_else(|| (Id::from_bytes([0; 16]), self.nothing()));
        let is_right = self.hasher.compare(hashing, against, guess, kept).await?;
        let Some(id) = id else {
            // As much work as for a real one, but nothing that lasts: a row of it is as cheap as any refusal's.
            self.audit.note(row(AuditEvent::GuessRefused(GuessFault::NoCode), asked));
            self.store.write_waiting(move |write| touch_stray(write, asked.target)).await?;
            return Err(Refusal::CodeWrong);
        };
        if is_right {
            let outbox = self.outbox.clone();
            let accept = move |write: &mut Write<'_>| {
                let accepted = accept(write, asked, id, counted_at, &*gate, done)?;
                Ok::<_, Refusal>((accepted, outbox.drop_message(write, id, asked.now)?))
            };
            let (accepted, canceled) = self.store.write_waiting(accept).await?;
            self.free(canceled);
            return accepted.inspect_err(|refusal| note_refusal(&self.audit, asked, refusal));
        }
        let outbox = self.outbox.clone();
        let reject = move |write: &mut Write<'_>| {
            let Rejected { is_alarm, is_over } = reject(write, asked, id, &limits)?;
            let canceled = if is_over { outbox.drop_message(write, id, asked.now)? } else { None };
            Ok::<_, Refusal>((is_alarm, canceled))
        };
        let (is_alarm, canceled) = self.store.write_waiting(reject).await?;
        self.free(canceled);
        self.wrong_guesses.note(asked);
        if is_alarm {
            self.tell_alarm(asked.now);
        }
        Err(Refusal::CodeWrong)
    }

    /// Pays for a guess: the first write.
    async fn pay<G>(&self, judge: Judge, gate: &Arc<G>) -> Result<(HashPlace, Spent), Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let judge = Arc::new(judge);
        for may_wait in [true, false] {
            let hashing = self.hasher.reserve()?;
            let (judge, gate) = (Arc::clone(&judge), Arc::clone(gate));
            let spend = move |write: &mut Write<'_>| judge.spend(write, &*gate, may_wait);
            match self.store.write(spend).await {
                Ok(paid) => return Ok((hashing, paid)),
                Err(Unpaid::Refused(refusal)) => return Err(refusal),
                Err(Unpaid::Undecided(judged)) => {
                    drop(hashing);
                    judged.wait().await;
                }
            }
        }
        Err(Refusal::Busy)
    }

    /// Gives the place of a message back that is worth nothing.
    fn free(&self, canceled: Option<Canceled>) {
        if let Some(canceled) = canceled {
            self.outbox.freed(&canceled);
        }
    }

    /// Says that the alarm has begun, and where the guesses come from.
    fn tell_alarm(&self, now: Timestamp) {
        let hour = match self.limits.wrong_guesses.rule {
            Rule::Rate { length, .. } => length,
            Rule::Ladder(_) | Rule::Window { .. } | Rule::Lock { .. } => DAY,
        };
        raise_alarm(&self.limits, self.wrong_guesses.sources(hour, now));
    }

    /// What no code is.
    fn nothing(&self) -> HashedCode {
        HashedCode {
            key_id: self.hasher.keyring().newest().0.to_owned(),
            salt: [0; 16],
            hash: [0; 32],
        }
    }
}

impl Judge {
    fn spend<G>(&self, write: &mut Write<'_>, gate: &G, may_wait: bool) -> Result<Spent, Unpaid>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal>,
    {
        let asked = Asked::of(self.now, self.by, gate(write)?, &self.audit);
        self.spend_on(write, asked).map_err(|refusal| {
            let others = self.pending.of(asked.target.phone);
            if let Some(others) = others.filter(|_| may_wait && may_not_last(&refusal)) {
                return Unpaid::Undecided(others);
            }
            note_refusal(&self.audit, asked, &refusal);
            Unpaid::Refused(refusal)
        })
    }

    fn spend_on(&self, write: &mut Write<'_>, asked: Asked) -> Result<Spent, Refusal> {
        let Target { phone, purpose } = asked.target;
        let live = write.get(LIVE_CODES, &(phone, purpose))?;
        let verification = match live {
            Some(live) => write.get(VERIFICATIONS, &live.verification_id)?,
            None => None,
        };
        let Some(verification) = verification else {
            self.spend_on_nothing(write, asked.target)?;
            let pending = self.pending.begin(phone);
            return Ok(Spent { asked, against: None, counted_at: self.now, pending });
        };
        let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
        let counted_at = guesses.spend(&self.limits, purpose, self.now).map_err(limited)?;
        let against = Some(self.spend_attempt(write, verification)?);
        write.put(GUESSES, &phone, &guesses)?;
        let pending = self.pending.begin(phone);
        Ok(Spent { asked, against, counted_at, pending })
    }

    /// As if a code had been sent at the first of these guesses. They are counted apart: they can hit nothing, so they
    /// take nothing from the guesses at a real code, and raise no alarm.
    fn spend_on_nothing(&self, write: &mut Write<'_>, target: Target) -> Result<(), Refusal> {
        if !self.is_strict {
            return Err(Refusal::NotFound);
        }
        let Target { phone, purpose } = target;
        let mut guesses = write.get(STRAY_GUESSES, &phone)?.unwrap_or_default();
        let rows = &self.limits.guesses;
        if let Some(too_soon) = guesses.refusal(&self.limits, rows, purpose, self.now) {
            return Err(limited(too_soon));
        }
        let is_alarm = alarm_until(write, &self.limits, self.now)?.is_some();
        let attempts = if is_alarm { 1 } else { self.rules.attempts };
        if guesses.count_since(self.now - self.rules.life) >= usize::from(attempts) {
            return Err(Refusal::CodeSpent(SpentReason::AttemptsExhausted));
        }
        guesses.count(rows, self.now);
        Ok(write.put(STRAY_GUESSES, &phone, &guesses)?)
    }

    fn spend_attempt(
        &self,
        write: &mut Write<'_>,
        verification: Verification,
    ) -> Result<(VerificationId, HashedCode), Refusal> {
        let (mut verification, code) = verification.spend_attempt(self.now)?;
        // Its key was retired before its time: it can't be compared with anything.
        if !self.keyring.holds(&code.key_id) {
            return Err(Refusal::CodeExpired);
        }
        if alarm_until(write, &self.limits, self.now)?.is_some() {
            verification = verification.without_more_attempts();
        }
        write.put(VERIFICATIONS, &verification.id, &verification)?;
        Ok((verification.id, code))
    }
}

/// Whether guesses that are being compared may take back what refuses this one: a right one does.
fn may_not_last(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::GuessLimited { .. } | Refusal::CodeSpent(SpentReason::AttemptsExhausted)
    )
}

fn limited(TooSoon { limit, next_attempt_at }: TooSoon) -> Refusal {
    Refusal::GuessLimited { limit, next_attempt_at }
}

/// The code was right. An outer refusal undoes the write; an inner one stands beside what was written: a right code
/// that came second is refused, but it was no wrong guess. What the gate says to it by then comes before what has become
/// of the code, as it does for one that comes later.
fn accept<G, D>(
    write: &mut Write<'_>,
    asked: Asked,
    id: VerificationId,
    counted_at: Timestamp,
    gate: &G,
    done: D,
) -> Result<Result<Verification, Refusal>, Refusal>
where
    G: Fn(&Write<'_>) -> Result<Target, Refusal>,
    D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal>,
{
    let Asked { now, target: Target { phone, purpose }, .. } = asked;
    let verification = write.get(VERIFICATIONS, &id)?.ok_or(Refusal::NotFound)?;
    let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
    guesses.forgive(counted_at);
    write.put(GUESSES, &phone, &guesses)?;
    let verified = match verification.verify(now) {
        Ok(verified) => verified,
        Err(refusal) => return Ok(Err(gate(write).err().unwrap_or(refusal))),
    };
    done(write, &verified)?;
    let mut sends = write.get(SENDS, &phone)?.unwrap_or_default();
    sends.restart();
    write.put(SENDS, &phone, &sends)?;
    write.put(VERIFIED_PHONES, &phone, &VerifiedPhone { verified_at: now })?;
    write.put(VERIFICATIONS, &id, &verified)?;
    audit::append(write, &row(AuditEvent::used(purpose), asked).of(id))?;
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

/// The code was wrong: after the last attempt the verification is over.
fn reject(
    write: &mut Write<'_>,
    asked: Asked,
    id: VerificationId,
    limits: &Limits,
) -> Result<Rejected, Refusal> {
    let is_alarm = count_wrong_guess(write, limits, asked.now)?;
    let verification = write.get(VERIFICATIONS, &id)?;
    audit::append(write, &row(AuditEvent::CodeWrong, asked).of(id))?;
    let over = verification.and_then(|verification| verification.reject(asked.now));
    if let Some(over) = &over {
        write.put(VERIFICATIONS, &id, over)?;
    }
    Ok(Rejected { is_alarm, is_over: over.is_some() })
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
