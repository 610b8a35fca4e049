use std::sync::Arc;

use zeroize::Zeroizing;

use super::hasher::HashPlace;
use super::limits::spend_send;
use super::rows::note_refusal;
use super::{Otp, Target};
use crate::audit;
use crate::domain::audit::{AuditEvent, AuditRow};
use crate::domain::{By, Code, HashedCode, Refusal, Timestamp, Verification, VerificationId};
use crate::entropy::{draw_bytes, draw_code, draw_id};
use crate::sms::Message;
use crate::store::Write;
use crate::store::schema::{KEEP_VERIFICATIONS, LIVE_CODES, LiveCode, VERIFICATIONS};

/// A code ready to be sent.
struct Minted {
    id: VerificationId,
    code: Code,
    hashed: HashedCode,
}

impl Otp {
    /// Sends a new code to where the gate says, and takes away the good of the one before it.
    ///
    /// The first write spends the limits, so refusing costs no argon2. Then the code is drawn and hashed. The second
    /// write stores it; the message leaves after that is durable. A crash between the two costs the caller one send
    /// and sends nothing. The gate runs in both writes.
    ///
    /// Refusals: the gate's own, [`Refusal::PhoneRefused`], [`Refusal::SendLimited`], [`Refusal::Busy`],
    /// [`Refusal::StorageFailed`].
    pub async fn initialize<G>(
        &self,
        now: Timestamp,
        by: By,
        gate: G,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let gate = Arc::new(gate);
        let place = self.outbox.reserve()?;
        let hashing = self.hasher.reserve()?;
        self.reserve(now, by, Arc::clone(&gate)).await?;
        let minted = self.mint(hashing).await?;
        let text = self.text(&minted.code);
        let verification = self.issue(now, by, gate, minted.id, minted.hashed).await?;
        place.put(Message::new(verification.id, verification.phone_number, text));
        Ok(verification)
    }

    /// The first write: may this phone get a code now? If so, that is counted.
    async fn reserve<G>(&self, now: Timestamp, by: By, gate: Arc<G>) -> Result<(), Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let limits = Arc::clone(&self.limits);
        let refused = self.config.refused_prefixes.clone();
        let audit = Arc::clone(&self.audit);
        self.store
            .write(move |write| {
                let target = gate(write)?;
                let phone = target.phone.full();
                let is_refused = refused.iter().any(|prefix| phone.starts_with(prefix));
                let spent = if is_refused {
                    Err(Refusal::PhoneRefused)
                } else {
                    spend_send(write, &limits, by, target, now)
                };
                spent.inspect_err(|refusal| note_refusal(&audit, now, by, target, refusal))
            })
            .await
    }

    /// Draws a code and hashes it. It knows neither phone nor purpose, so it can be done ahead of need.
    async fn mint(&self, place: HashPlace) -> Result<Minted, Refusal> {
        let entropy = &*self.entropy;
        let id = draw_id(entropy)?;
        let code = draw_code(entropy, self.config.format)?;
        let salt = draw_bytes(entropy)?;
        let hashed = self.hasher.hash(place, id, code.clone(), salt).await?;
        Ok(Minted { id, code, hashed })
    }

    /// The second write: the code counts from here on, and no earlier one does.
    async fn issue<G>(
        &self,
        now: Timestamp,
        by: By,
        gate: Arc<G>,
        id: VerificationId,
        hashed: HashedCode,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let rules = self.config.rules;
        self.store
            .write_waiting(move |write| {
                let Target { phone, purpose } = gate(write)?;
                let verification = Verification::issue(id, phone, purpose, hashed, rules, now);
                if let Some(live) = write.get(LIVE_CODES, &(phone, purpose))?
                    && let Some(old) = write.get(VERIFICATIONS, &live.verification_id)?
                    && let Some(canceled) = old.cancel(now)
                {
                    write.put(VERIFICATIONS, &canceled.id, &canceled)?;
                }
                let keep_until = verification.inserted_at + KEEP_VERIFICATIONS;
                let live = LiveCode { verification_id: id, keep_until };
                write.put(VERIFICATIONS, &id, &verification)?;
                write.put(LIVE_CODES, &(phone, purpose), &live)?;
                let row = AuditRow::new(now, AuditEvent::CodeIssued, by).about(&verification);
                audit::append(write, &row)?;
                Ok(verification)
            })
            .await
    }

    fn text(&self, code: &Code) -> Zeroizing<String> {
        Zeroizing::new(self.sms.template.replace("{code}", code.reveal()))
    }
}
