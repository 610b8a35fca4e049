use std::sync::Arc;

use tracing::field::display;

use super::Otp;
use super::code_pool::{CodePool, NewCode, PreparedCode};
use super::context::{OtpContext, Target};
use super::hash_permits::HashPermit;
use super::limits::{CountedSend, spend_send};
use super::request_context::RequestContext;
use super::rows::{note_refusal, row};
use crate::audit;
use crate::config::OtpConfig;
use crate::domain::audit::AuditEvent;
use crate::domain::limits::Limits;
use crate::domain::{
    Delivery, Phone, Refusal, RequestOrigin, Timestamp, Verification, VerificationRules,
};
use crate::sms::{Canceled, Outbox, give_back_send};
use crate::store::schema::{KEEP_VERIFICATIONS, LIVE_CODES, LiveCode, VERIFICATIONS};
use crate::store::{Priority, StoreError, Write};

/// The result of the first write.
enum FirstWrite {
    /// A ready code was taken and issued: it is the only one.
    Issued(Issued),
    /// The send is counted, and a code is to be made for it.
    Counted(CountedRequest),
}

/// A send that is counted, and has no code yet.
struct CountedRequest {
    /// For hashing one.
    permit: HashPermit,
    phone: Phone,
    /// As of when the phone's limits count it.
    counted_at: Timestamp,
}

/// A code that was issued, its message in the outbox.
struct Issued {
    verification: Verification,
    /// The message of the code before it, if the outbox still had it.
    replaced: Option<Canceled>,
}

/// Why the first write issued no code and counted no send.
enum NotIssued {
    Refused(Refusal),
    /// No code is ready, and no place is held for making one.
    NoneReady,
}

impl Otp {
    /// Sends a new code to the phone that `resolve_target` names, and cancels the code before it.
    ///
    /// With a code ready there is one write: `resolve_target` allows it, the send is counted, the code is taken and issued.
    /// Otherwise the first write counts the send, so refusing costs no argon2. Then a code is drawn and hashed, and a
    /// second write, which calls `resolve_target` again, issues it. A crash between the two costs the caller one send and
    /// sends nothing. Either way the message leaves when the code is durable, and a code that was taken for a write
    /// that failed is gone.
    ///
    /// Refusals: those of `resolve_target`, [`Refusal::PhoneRefused`], [`Refusal::SendLimited`], [`Refusal::Busy`],
    /// [`Refusal::StorageFailed`].
    pub async fn initialize<G>(
        &self,
        now: Timestamp,
        request: RequestContext,
        resolve_target: G,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let origin = request.origin();
        let resolve_target = Arc::new(resolve_target);
        let place = self.outbox.reserve(origin.requester.client_id)?;
        let issued = match self.reserve_or_issue(now, &request, &resolve_target).await? {
            FirstWrite::Issued(issued) => issued,
            FirstWrite::Counted(counted) => {
                self.make_and_issue(now, origin, resolve_target, counted).await?
            }
        };
        place.fill(issued.replaced.as_ref());
        let Verification { id: verification, phone_number: phone, .. } = &issued.verification;
        let RequestOrigin { requester, request_id } = origin;
        let (client, request_id) = (requester.client_id.map(display), request_id.map(display));
        tracing::info!(%verification, %phone, client, request_id, "sms queued");
        Ok(issued.verification)
    }

    /// The first write. Before it spends anything there is a ready code for it, or a place for making one.
    async fn reserve_or_issue<G>(
        &self,
        now: Timestamp,
        request: &RequestContext,
        resolve_target: &Arc<G>,
    ) -> Result<FirstWrite, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let (origin, reserve) = (request.origin(), || self.hasher.permits().take(request));
        let mut hashing = if self.ready.count() == 0 { Some(reserve()?) } else { None };
        loop {
            let (resolve_target, ready) = (Arc::clone(resolve_target), Arc::clone(&self.ready));
            let (limits, config) = (Arc::clone(&self.limits), Arc::clone(&self.config));
            let (audit, outbox) = (Arc::clone(&self.audit), self.outbox.clone());
            let decide = move |write: &mut Write<'_>| {
                let context = OtpContext::of(now, origin, resolve_target(write)?, &audit);
                let CountedSend { counted_at, ran_low } =
                    allow(write, context, &limits, &config)
                        .inspect_err(|refusal| note_refusal(&audit, context, refusal))?;
                let hashing = hashing.map(|permit| {
                    let phone = context.target.phone;
                    CountedRequest { permit, phone, counted_at }
                });
                let first = take_or_count(write, context, &ready, hashing, config.rules, &outbox)?;
                Ok((first, ran_low))
            };
            match self.store.write(Priority::Normal, decide).await {
                Ok((first, ran_low)) => {
                    ran_low.warn();
                    return Ok(first);
                }
                Err(NotIssued::Refused(refusal)) => return Err(refusal),
                // Others were quicker to the last ones.
                Err(NotIssued::NoneReady) => hashing = Some(reserve()?),
            }
        }
    }

    /// Makes a code, and the second write. Where that fails nothing was sent, and the phone's place is given back.
    async fn make_and_issue<G>(
        &self,
        now: Timestamp,
        origin: RequestOrigin,
        resolve_target: Arc<G>,
        counted: CountedRequest,
    ) -> Result<Issued, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let CountedRequest { permit, phone, counted_at } = counted;
        let issued = match self.prepare(permit).await {
            Ok(prepared) => self.issue(now, origin, resolve_target, prepared).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &issued
            && *refusal != Refusal::StorageFailed
        {
            let give_back = move |write: &mut Write<'_>| give_back_send(write, phone, counted_at);
            // If that fails too, the place stays taken; why the send failed is what is answered.
            drop(self.store.write(Priority::FollowUp, give_back).await);
        }
        issued
    }

    /// Draws a code and hashes it.
    async fn prepare(&self, permit: HashPermit) -> Result<PreparedCode, Refusal> {
        let NewCode { id, code, salt } = NewCode::new(&*self.entropy, self.config.format)?;
        let hashed = self.hasher.hash(permit, id, code.clone(), salt).await?;
        Ok(PreparedCode { id, code, hashed })
    }

    /// The second write.
    async fn issue<G>(
        &self,
        now: Timestamp,
        origin: RequestOrigin,
        resolve_target: Arc<G>,
        prepared: PreparedCode,
    ) -> Result<Issued, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let (rules, outbox) = (self.config.rules, self.outbox.clone());
        let audit = Arc::clone(&self.audit);
        let decide = move |write: &mut Write<'_>| {
            let context = OtpContext::of(now, origin, resolve_target(write)?, &audit);
            put_issued(write, context, prepared, rules, &outbox)
        };
        self.store.write(Priority::FollowUp, decide).await
    }
}

/// May this phone get a code now? If so, that is counted.
fn allow(
    write: &mut Write<'_>,
    context: OtpContext,
    limits: &Limits,
    config: &OtpConfig,
) -> Result<CountedSend, Refusal> {
    if config.not_sent_to(context.target.phone).is_some() {
        return Err(Refusal::PhoneRefused);
    }
    spend_send(write, limits, context)
}

/// What is allowed takes a ready code, or else the place for making one.
fn take_or_count(
    write: &mut Write<'_>,
    context: OtpContext,
    ready: &CodePool,
    hashing: Option<CountedRequest>,
    rules: VerificationRules,
    outbox: &Outbox,
) -> Result<FirstWrite, NotIssued> {
    // A full disk would refuse the write at its end: no code is wasted on that.
    write.check_room()?;
    match (ready.take(), hashing) {
        (Some(prepared), _) => {
            Ok(FirstWrite::Issued(put_issued(write, context, prepared, rules, outbox)?))
        }
        (None, Some(counted)) => Ok(FirstWrite::Counted(counted)),
        (None, None) => Err(NotIssued::NoneReady),
    }
}

/// The code counts from here on, and no earlier one does; its message is in the outbox. It is the one place where a code
/// is issued.
fn put_issued(
    write: &mut Write<'_>,
    context: OtpContext,
    prepared: PreparedCode,
    rules: VerificationRules,
    outbox: &Outbox,
) -> Result<Issued, Refusal> {
    let OtpContext { now, by, request_id, target: Target { phone, purpose }, .. } = context;
    let PreparedCode { id, code, hashed } = prepared;
    let verification = Verification::issue(id, phone, purpose, hashed, rules, now);
    let previous = write.get(LIVE_CODES, &(phone, purpose))?.map(|live| live.verification_id);
    if let Some(previous) = previous
        && let Some(old) = write.get(VERIFICATIONS, &previous)?
        && let Some(canceled) = old.cancel(now)
    {
        write.put(VERIFICATIONS, &canceled.id, &canceled)?;
    }
    let keep_until = verification.inserted_at + KEEP_VERIFICATIONS;
    let live = LiveCode { verification_id: id, keep_until };
    write.put(VERIFICATIONS, &id, &verification)?;
    write.put(LIVE_CODES, &(phone, purpose), &live)?;
    let expires_at = verification.code_expired_at;
    let delivery = Delivery::queue(id, by.client_id, phone, previous, now, expires_at);
    let delivery = Delivery { request_id, ..delivery };
    let replaced = outbox.put(write, &delivery, &code, purpose)?;
    audit::append(write, &row(AuditEvent::CodeIssued, context).of(id))?;
    Ok(Issued { verification, replaced })
}

impl From<Refusal> for NotIssued {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for NotIssued {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}
