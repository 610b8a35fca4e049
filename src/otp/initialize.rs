use std::sync::Arc;

use tracing::field::display;

use super::Otp;
use super::code_pool::{CodePool, NewCode, PreparedCode};
use super::context::{OtpContext, Target};
use super::hash_permits::HashPermit;
use super::limits::spend_send;
use super::request_context::RequestContext;
use crate::audit;
use crate::config::OtpConfig;
use crate::domain::audit::AuditEvent;
use crate::domain::limits::Limits;
use crate::domain::{
    Delivery, Phone, Refusal, RequestOrigin, Timestamp, Verification, VerificationRules,
};
use crate::sms::{Outbox, give_back_send};
use crate::store::schema::{KEEP_VERIFICATIONS, LIVE_CODES, LiveCode, VERIFICATIONS};
use crate::store::{Priority, StoreError, Write};

/// The result of the first write.
enum FirstWrite {
    /// A ready code was issued. There is no second write.
    Issued(Box<Verification>),
    /// The send is counted. The second write will issue a code.
    Counted(CountedRequest),
}

/// A send that is counted and has no code yet.
struct CountedRequest {
    /// The permit to hash its code.
    permit: HashPermit,
    phone: Phone,
    /// The time under which the phone's limits have this send.
    counted_at: Timestamp,
}

/// Why the first write changed nothing.
enum NotIssued {
    Refused(Refusal),
    /// No code is ready, and the call has no permit to hash one yet.
    NoneReady,
}

impl Otp {
    /// Sends a new code to the phone of the target, and cancels its previous code for the same purpose.
    ///
    /// With a ready code there is one write: it resolves the target, counts the send and issues the code. Without one,
    ///
    /// 1. the first write resolves the target and counts the send, so a refusal costs no argon2;
    /// 2. a code is drawn and hashed;
    /// 3. the second write resolves the target again and issues the code. If it fails, the phone gets its send back.
    ///
    /// A crash between the writes costs the caller one send, and no message is sent. The message is sent only after its
    /// code is durable. A ready code that was taken for a failed write is not used again.
    ///
    /// Errors: those of `resolve_target`, [`Refusal::PhoneRefused`], [`Refusal::SendLimited`], [`Refusal::Busy`],
    /// [`Refusal::HashingFailed`], [`Refusal::StorageFailed`].
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
        // A place in the outbox first: with a full outbox nothing is counted.
        let place = self.outbox.reserve(origin.requester.client_id)?;
        // One write, or two with argon2 in between.
        let issued = match self.reserve_or_issue(now, &request, &resolve_target).await? {
            FirstWrite::Issued(issued) => *issued,
            FirstWrite::Counted(counted) => {
                self.make_and_issue(now, origin, resolve_target, counted).await?
            }
        };
        // The code is durable. The message keeps the place, and the sender is woken.
        place.fill();
        Ok(issued)
    }

    /// The first write. It counts the send only with a ready code or with a permit to hash one.
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
        // A permit is taken only if no code is ready: with ready codes a busy hasher refuses no send.
        let mut hashing = if self.ready.count() == 0 { Some(reserve()?) } else { None };
        loop {
            let (resolve_target, ready) = (Arc::clone(resolve_target), Arc::clone(&self.ready));
            let (limits, config) = (Arc::clone(&self.limits), Arc::clone(&self.config));
            let (audit, outbox) = (Arc::clone(&self.audit), self.outbox.clone());
            let decide = move |write: &mut Write<'_>| {
                // The target, as it is in this write.
                let context = OtpContext::of(now, origin, resolve_target(write)?, &audit);
                // The limits: either all of them allow and count the send, or none does.
                let counted_at = count_send(write, context, &limits, &config)
                    .inspect_err(|refusal| context.note_refusal(&audit, refusal))?;
                // A ready code, or the permit for the second write. With neither, the write is undone.
                let hashing = hashing.map(|permit| {
                    let phone = context.target.phone;
                    CountedRequest { permit, phone, counted_at }
                });
                take_or_count(write, context, &ready, hashing, config.rules, &outbox)
            };
            match self.store.write(Priority::Normal, decide).await {
                Ok(first) => return Ok(first),
                Err(NotIssued::Refused(refusal)) => return Err(refusal),
                // Other calls have taken the last ready codes. The next try has a permit.
                Err(NotIssued::NoneReady) => hashing = Some(reserve()?),
            }
        }
    }

    /// Makes a code and runs the second write. If either fails, no message was sent, and the phone gets its send back.
    async fn make_and_issue<G>(
        &self,
        now: Timestamp,
        origin: RequestOrigin,
        resolve_target: Arc<G>,
        counted: CountedRequest,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let CountedRequest { permit, phone, counted_at } = counted;
        let issued = match self.prepare(permit).await {
            Ok(prepared) => self.issue(now, origin, resolve_target, prepared, phone).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &issued
            && *refusal != Refusal::StorageFailed
        {
            let give_back = move |write: &mut Write<'_>| give_back_send(write, phone, counted_at);
            // If this write fails too, the send stays counted. The answer is the first failure.
            drop(self.store.write(Priority::FollowUp, give_back).await);
        }
        issued
    }

    /// Draws a code with its id and salt, and hashes it with argon2.
    async fn prepare(&self, permit: HashPermit) -> Result<PreparedCode, Refusal> {
        let NewCode { id, code, salt } = NewCode::new(&*self.entropy, self.config.format)?;
        let hashed = self.hasher.hash(permit, id, code.clone(), salt).await?;
        Ok(PreparedCode { id, code, hashed })
    }

    /// The second write: issues the code, if the target is still allowed, and has the phone whose send was counted. A load
    /// may have moved the person request to another phone, whose limits were not asked: [`Refusal::Busy`].
    async fn issue<G>(
        &self,
        now: Timestamp,
        origin: RequestOrigin,
        resolve_target: Arc<G>,
        prepared: PreparedCode,
        counted: Phone,
    ) -> Result<Verification, Refusal>
    where
        G: Fn(&Write<'_>) -> Result<Target, Refusal> + Send + Sync + 'static,
    {
        let (rules, outbox) = (self.config.rules, self.outbox.clone());
        let audit = Arc::clone(&self.audit);
        let decide = move |write: &mut Write<'_>| {
            let target = resolve_target(write)?;
            if target.phone != counted {
                return Err(Refusal::Busy);
            }
            let context = OtpContext::of(now, origin, target, &audit);
            put_issued(write, context, prepared, rules, &outbox)
        };
        self.store.write(Priority::FollowUp, decide).await
    }
}

/// Counts the send everywhere, if the phone's range and all limits allow it. Errors: [`Refusal::PhoneRefused`],
/// [`Refusal::SendLimited`].
fn count_send(
    write: &mut Write<'_>,
    context: OtpContext,
    limits: &Limits,
    config: &OtpConfig,
) -> Result<Timestamp, Refusal> {
    if config.not_sent_to(context.target.phone).is_some() {
        return Err(Refusal::PhoneRefused);
    }
    spend_send(write, limits, context)
}

/// Issues a ready code, or returns the counted send for the second write.
fn take_or_count(
    write: &mut Write<'_>,
    context: OtpContext,
    ready: &CodePool,
    hashing: Option<CountedRequest>,
    rules: VerificationRules,
    outbox: &Outbox,
) -> Result<FirstWrite, NotIssued> {
    // A full disk would refuse the write at its end, and the ready code would be lost.
    write.check_room()?;
    match (ready.take(), hashing) {
        (Some(prepared), _) => {
            let issued = put_issued(write, context, prepared, rules, outbox)?;
            Ok(FirstWrite::Issued(Box::new(issued)))
        }
        (None, Some(counted)) => Ok(FirstWrite::Counted(counted)),
        (None, None) => Err(NotIssued::NoneReady),
    }
}

/// Issues a code: the verification becomes the live one of its phone and purpose, the previous one is canceled, and the
/// message is put into the outbox. Every code is issued here.
fn put_issued(
    write: &mut Write<'_>,
    context: OtpContext,
    prepared: PreparedCode,
    rules: VerificationRules,
    outbox: &Outbox,
) -> Result<Verification, Refusal> {
    let OtpContext { now, by, request_id, target: Target { phone, purpose }, .. } = context;
    let PreparedCode { id, code, hashed } = prepared;
    let verification = Verification::issue(id, phone, purpose, hashed, rules, now);
    // The previous code for the same purpose, which is no longer valid.
    let previous = write.get(LIVE_CODES, &(phone, purpose))?.map(|live| live.verification_id);
    if let Some(previous) = previous
        && let Some(old) = write.get(VERIFICATIONS, &previous)?
        && let Some(canceled) = old.cancel(now)
    {
        write.put(VERIFICATIONS, &canceled.id, &canceled)?;
    }
    // The new code, and the index that finds it.
    let keep_until = verification.inserted_at + KEEP_VERIFICATIONS;
    let live = LiveCode { verification_id: id, keep_until };
    write.put(VERIFICATIONS, &id, &verification)?;
    write.put(LIVE_CODES, &(phone, purpose), &live)?;
    // Its message, sealed in the outbox, and the delivery that a client can follow.
    let expires_at = verification.code_expired_at;
    let delivery = Delivery::queue(id, by.client_id, phone, previous, now, expires_at);
    let delivery = Delivery { request_id, ..delivery };
    outbox.put(write, &delivery, &code, purpose)?;
    audit::append(write, &context.audit_row(AuditEvent::CodeIssued).of(id))?;
    write.on_durable(move || {
        let (client, request_id) = (by.client_id.map(display), request_id.map(display));
        tracing::info!(verification = %id, %phone, client, request_id, "sms queued");
    });
    Ok(verification)
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
