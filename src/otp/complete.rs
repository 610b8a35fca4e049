use super::{Otp, Target};
use crate::domain::limits::{Limit, TooSoon};
use crate::domain::{By, Code, HashedCode, Refusal, Timestamp, Verification, VerificationId};
use crate::store::Write;
use crate::store::schema::{
    GUESSES, LIVE_CODES, SENDS, VERIFICATIONS, VERIFIED_PHONES, VerifiedPhone,
};

/// A guess that has been paid for.
struct Spent {
    verification: Verification,
    code: HashedCode,
    /// As of when it was counted among the phone's guesses.
    counted_at: Timestamp,
}

impl Otp {
    /// Takes a code back: if it is the live one, the verification is verified and `done` is part of the same write.
    ///
    /// The first write spends the attempt and one of the phone's guesses, durably, *before the code is looked at*: of
    /// any number of parallel guesses no more are compared than are allowed. The second write gives the guess of a
    /// right code back, and succeeds only while the verification is still new, so a right code works once.
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
        G: FnOnce(&Write<'_>) -> Result<Target, Refusal> + Send + 'static,
        D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal> + Send + 'static,
    {
        let _ = by;
        let hashing = self.hasher.reserve()?;
        let limits = self.limits.guesses.clone();
        let spent = self.store.write(move |write| spend(write, now, &limits, gate)).await?;
        let Spent { verification, code, counted_at } = spent;
        if self.hasher.compare(hashing, verification.id, guess, code).await? {
            let id = verification.id;
            self.store.write_waiting(move |write| accept(write, now, id, counted_at, done)).await?
        } else {
            let id = verification.id;
            self.store.write_waiting(move |write| reject(write, now, id)).await?;
            Err(Refusal::CodeWrong)
        }
    }
}

fn spend<G>(
    write: &mut Write<'_>,
    now: Timestamp,
    limits: &[Limit],
    gate: G,
) -> Result<Spent, Refusal>
where
    G: FnOnce(&Write<'_>) -> Result<Target, Refusal>,
{
    let Target { phone, purpose } = gate(write)?;
    let live = write.get(LIVE_CODES, &(phone, purpose))?.ok_or(Refusal::NotFound)?;
    let verification = write.get(VERIFICATIONS, &live.verification_id)?.ok_or(Refusal::NotFound)?;
    let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
    let counted_at = guesses.spend(limits, now).map_err(|TooSoon { limit, next_attempt_at }| {
        Refusal::GuessLimited { limit, next_attempt_at }
    })?;
    let (verification, code) = verification.spend_attempt(now)?;
    write.put(VERIFICATIONS, &verification.id, &verification)?;
    write.put(GUESSES, &phone, &guesses)?;
    Ok(Spent { verification, code, counted_at })
}

/// The code was right. An outer refusal undoes the write; an inner one stands beside what was written: a right code
/// that came second is refused, but it was no wrong guess.
fn accept<D>(
    write: &mut Write<'_>,
    now: Timestamp,
    id: VerificationId,
    counted_at: Timestamp,
    done: D,
) -> Result<Result<Verification, Refusal>, Refusal>
where
    D: FnOnce(&mut Write<'_>, &Verification) -> Result<(), Refusal>,
{
    let verification = write.get(VERIFICATIONS, &id)?.ok_or(Refusal::NotFound)?;
    let phone = verification.phone_number;
    let mut guesses = write.get(GUESSES, &phone)?.unwrap_or_default();
    guesses.give_back(counted_at);
    guesses.restart();
    write.put(GUESSES, &phone, &guesses)?;
    let verified = match verification.verify(now) {
        Ok(verified) => verified,
        Err(refusal) => return Ok(Err(refusal)),
    };
    done(write, &verified)?;
    let mut sends = write.get(SENDS, &phone)?.unwrap_or_default();
    sends.restart();
    write.put(SENDS, &phone, &sends)?;
    write.put(VERIFIED_PHONES, &phone, &VerifiedPhone { verified_at: now })?;
    write.put(VERIFICATIONS, &id, &verified)?;
    Ok(Ok(verified))
}

/// The code was wrong: after the last attempt the verification is over.
fn reject(write: &mut Write<'_>, now: Timestamp, id: VerificationId) -> Result<(), Refusal> {
    let verification = write.get(VERIFICATIONS, &id)?;
    if let Some(over) = verification.and_then(|verification| verification.reject(now)) {
        write.put(VERIFICATIONS, &id, &over)?;
    }
    Ok(())
}
