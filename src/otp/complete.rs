use std::sync::Arc;

use super::asked::{Asked, Target};
use super::limits::{ClientGuesses, alarm_until, count_wrong_guess, raise_alarm};
use super::pending::{Judged, PendingGuess, PendingGuesses};
use super::places::{HashPlace, Places};
use super::requester::Requester;
use super::rows::{note_refusal, row};
use super::{Keyring, Otp};
use crate::audit::{self, Recorder};
use crate::domain::audit::{AuditEvent, GuessFault};
use crate::domain::limits::{DAY, Limits, TooSoon};
use crate::domain::{
    Code, HashedCode, Id, Refusal, SpentReason, Timestamp, Verification, VerificationId,
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
    /// What it is held against.
    against: Against,
    /// As of when it was counted among the phone's guesses.
    counted_at: Timestamp,
    /// Others for the phone wait until it is judged, if there is anything to judge.
    pending: Option<PendingGuess>,
}

/// Why a guess is not compared.
enum Unpaid {
    Refused(Refusal),
    /// Others for the phone are being compared, and what refuses this one may be over with them.
    Undecided(Judged),
}

/// What a guess is held against, with the place for hashing where that takes one.
enum Against {
    /// The live code.
    Code(VerificationId, HashedCode, HashPlace),
    /// Nothing, but nobody is to know.
    Secret(HashPlace),
    /// Nothing.
    Nothing,
}

/// What a guess is judged by before it is compared.
struct Judge {
    now: Timestamp,
    requester: Requester,
    audit: Arc<Recorder>,
    limits: Arc<Limits>,
    rules: VerificationRules,
    keyring: Arc<Keyring>,
    places: Arc<Places>,
    pending: Arc<PendingGuesses>,
    /// Whether a phone without a code is to look like one with.
    is_strict: bool,
}

impl Otp {
    /// Takes a code back: if it is the live one, the verification is verified and `done` is part of the same write.
    ///
    /// The first write spends the attempt, one of the phone's guesses and one of the client's, durably, *before the code is
    /// looked at*: of any number of parallel guesses no more are compared than are allowed. It does so only with a place
    /// for hashing in hand, which only what is to be hashed takes. The second write gives the guess of a right code back,
    /// and succeeds only while the verification is still new, so a right code works once. A guess that comes while the
    /// last ones allowed are compared waits for them: it gets the answer that it would get after them.
    ///
    /// Refusals: the gate's and `done`'s own, [`Refusal::NotFound`] when no code was ever sent,
    /// [`Refusal::GuessLimited`], [`Refusal::CodeSpent`], [`Refusal::CodeExpired`], [`Refusal::CodeWrong`],
    /// [`Refusal::Busy`], [`Refusal::StorageFailed`].
    pub async fn complete<G, D>(
        &self,
        now: Timestamp,
        requester: Requester,
        guess: Code,
        gate: G,
        done: D,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
        D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal> + Send + 'static,
    {
        let gate = Arc::new(gate);
        let judge = Judge {
            now,
            requester,
            audit: Arc::clone(&self.audit),
            limits: Arc::clone(&self.limits),
            rules: self.config.rules,
            keyring: Arc::clone(self.hasher.keyring()),
            places: Arc::clone(self.hasher.places()),
            pending: Arc::clone(&self.pending),
            is_strict: self.config.strict_enumeration,
        };
        let spent = self.pay(judge, &gate).await?;
        // Until it has been judged, or given up.
        let Spent { asked, against, counted_at, pending: _pending } = spent;
        let (id, code, place) = match against {
            Against::Code(id, code, place) => (id, code, place),
            Against::Secret(place) => {
                return Err(self.compare_with_nothing(asked, place, guess).await);
            }
            Against::Nothing => {
                note_refusal(&self.audit, asked, &Refusal::NotFound);
                return Err(Refusal::NotFound);
            }
        };
        if self.hasher.compare(place, id, guess, code).await? {
            self.accept_guess(asked, id, counted_at, gate, done).await
        } else {
            Err(self.reject_guess(asked, id).await)
        }
    }

    /// Pays for a guess: the first write.
    async fn pay<G>(&self, judge: Judge, gate: &Arc<G>) -> Result<Spent, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let judge = Arc::new(judge);
        for may_wait in [true, false] {
            let (judge, gate) = (Arc::clone(&judge), Arc::clone(gate));
            let spend = move |write: &mut Write<'_>| judge.spend(write, &*gate, may_wait);
            match self.store.write(spend).await {
                Ok(paid) => return Ok(paid),
                Err(Unpaid::Refused(refusal)) => return Err(refusal),
                Err(Unpaid::Undecided(judged)) => judged.wait().await,
            }
        }
        Err(Refusal::Busy)
    }

    /// The second write of a right guess.
    async fn accept_guess<G, D>(
        &self,
        asked: Asked,
        id: VerificationId,
        counted_at: Timestamp,
        gate: Arc<G>,
        done: D,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
        D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal> + Send + 'static,
    {
        let (outbox, limits) = (self.outbox.clone(), Arc::clone(&self.limits));
        let accept = move |write: &mut Write<'_>| {
            ClientGuesses::of(write, &limits, asked)?.give_back(write, asked.now)?;
            let accepted = accept(write, asked, id, counted_at, &*gate, done)?;
            Ok::<_, Refusal>((accepted, outbox.drop_message(write, id, asked.now)?))
        };
        let (accepted, canceled) = self.store.write_waiting(accept).await?;
        self.free(canceled);
        accepted.inspect_err(|refusal| note_refusal(&self.audit, asked, refusal))
    }

    /// The second write of a wrong guess, and what it is answered.
    async fn reject_guess(&self, asked: Asked, id: VerificationId) -> Refusal {
        let (outbox, limits) = (self.outbox.clone(), Arc::clone(&self.limits));
        let reject = move |write: &mut Write<'_>| {
            let Rejected { is_alarm, is_over } = reject(write, asked, id, &limits)?;
            let canceled = if is_over { outbox.drop_message(write, id, asked.now)? } else { None };
            Ok::<_, Refusal>((is_alarm, canceled))
        };
        match self.store.write_waiting(reject).await {
            Ok((is_alarm, canceled)) => {
                self.free(canceled);
                self.wrong_guesses.note(asked);
                if is_alarm {
                    self.tell_alarm(asked.now);
                }
                Refusal::CodeWrong
            }
            Err(refusal) => refusal,
        }
    }

    /// The same work as for a wrong guess, though there is nothing to compare with.
    async fn compare_with_nothing(&self, asked: Asked, place: HashPlace, guess: Code) -> Refusal {
        let id = Id::from_bytes([0; 16]);
        if let Err(refusal) = self.hasher.compare(place, id, guess, self.nothing()).await {
            return refusal;
        }
        // Nothing of it lasts: a row of audit is as cheap as any refusal's.
        self.audit.note(row(AuditEvent::GuessRefused(GuessFault::NoCode), asked));
        match self.store.write_waiting(move |write| touch_stray(write, asked.target)).await {
            Ok(()) => Refusal::CodeWrong,
            Err(refusal) => refusal,
        }
    }

    /// Gives the place of a message back that is worth nothing.
    fn free(&self, canceled: Option<Canceled>) {
        if let Some(canceled) = canceled {
            self.outbox.freed(&canceled);
        }
    }

    /// Says that the alarm has begun, and where the guesses come from.
    fn tell_alarm(&self, now: Timestamp) {
        let budget = self.limits.budget(&self.limits.wrong_guesses);
        let hour = budget.map_or(DAY, |(_, budget)| budget.length);
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
        if self.requester.waiting.is_over() {
            return Err(Refusal::Busy.into());
        }
        let asked = Asked::of(self.now, self.requester.named(), gate(write)?, &self.audit);
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
        let of_client = ClientGuesses::of(write, &self.limits, asked)?;
        let live = write.get(LIVE_CODES, &(phone, purpose))?;
        let verification = match live {
            Some(live) => write.get(VERIFICATIONS, &live.verification_id)?,
            None => None,
        };
        let Some(verification) = verification else {
            let against = self.spend_on_nothing(write, asked, of_client)?;
            let is_judged = matches!(against, Against::Secret(_));
            let pending = is_judged.then(|| self.pending.begin(phone));
            return Ok(Spent { asked, against, counted_at: self.now, pending });
        };
        let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
        must_allow([
            guesses.refusal(&self.limits, purpose, self.now),
            of_client.refusal(self.now),
        ])?;
        let (id, code) = self.spend_attempt(write, verification)?;
        let place = self.places.take(&self.requester)?;
        let counted_at = guesses.count(&self.limits, self.now);
        of_client.spend(write, self.now)?;
        write.put(GUESSES, &phone, &guesses)?;
        let pending = Some(self.pending.begin(phone));
        Ok(Spent { asked, against: Against::Code(id, code, place), counted_at, pending })
    }

    /// Where nobody is to know, as if a code had been sent at the first of these guesses. For the phone they are counted
    /// apart: they can hit nothing, so they take nothing from the guesses at a real code, and raise no alarm.
    fn spend_on_nothing(
        &self,
        write: &mut Write<'_>,
        asked: Asked,
        of_client: ClientGuesses<'_>,
    ) -> Result<Against, Refusal> {
        let Target { phone, purpose } = asked.target;
        if !self.is_strict {
            must_allow([None, of_client.refusal(self.now)])?;
            of_client.spend(write, self.now)?;
            return Ok(Against::Nothing);
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
        let place = self.places.take(&self.requester)?;
        guesses.count(rows, self.now);
        of_client.spend(write, self.now)?;
        write.put(STRAY_GUESSES, &phone, &guesses)?;
        Ok(Against::Secret(place))
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

/// Refused when one of these says so: for the one that lasts longest.
fn must_allow(verdicts: [Option<TooSoon>; 2]) -> Result<(), Refusal> {
    let longest = verdicts.into_iter().flatten().max_by_key(|verdict| verdict.next_attempt_at);
    longest.map_or(Ok(()), |TooSoon { limit, next_attempt_at }| {
        Err(Refusal::GuessLimited { limit, next_attempt_at })
    })
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
