//! Takes messages from the outbox and hands them to drivers. `lanes` says how many of each kind; of a kind, the message
//! that has been due longest goes first.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;

use super::circuit_breaker::{Admission, Try};
use super::delivery_index;
use super::driver::SmsMessage;
use super::due_messages::DueTree;
use super::failover::SendOptions;
use super::lanes::Lanes;
use super::outbox_state::OutboxState;
use super::receipt_polling::ReceiptPoller;
use crate::domain::{Attempt, AttemptOutcome, Delivery, DeliveryError, Timestamp};
use crate::entropy::draw_bytes;
use crate::store::schema::{AtKey, DELIVERIES, OUTBOX};
use crate::store::{Priority, StoreError, Write};

/// The longest time between two steps.
const TICK: Duration = Duration::from_secs(1);

/// Expired messages of one write. They are more than may be with drivers, since those stay in the outbox.
const EXPIRE_MOST: usize = 256;

/// The pause before the second try of a message, and the longest pause.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The task that empties the outbox.
pub struct Worker {
    shared: Arc<OutboxState>,
    parallel: usize,
    first_tries: JoinSet<()>,
    second_tries: JoinSet<()>,
    poller: ReceiptPoller,
}

/// A message that was claimed for the drivers.
struct Claimed {
    message: Option<SmsMessage>,
    delivery: Delivery,
    /// The number of its claim; see `OutboxState::claims`.
    claim: u64,
}

impl Worker {
    pub(super) fn of(shared: Arc<OutboxState>, parallel: usize) -> Self {
        let poller = ReceiptPoller::of(Arc::clone(&shared));
        let (first_tries, second_tries) = (JoinSet::new(), JoinSet::new());
        Self { shared, parallel, first_tries, second_tries, poller }
    }

    /// Sends until `closing` ends. Then it sends the messages that are due and that drivers accept now, and returns.
    pub async fn run(&mut self, closing: impl Future<Output = ()>) {
        let mut closing = pin!(closing);
        let mut is_closing = false;
        loop {
            // Clear away the tasks that have ended.
            while self.first_tries.try_join_next().is_some() {}
            while self.second_tries.try_join_next().is_some() {}
            // Do what is due.
            let next = self.step().await.unwrap_or_else(|error| {
                tell(&error);
                Some(TICK)
            });
            let wait = match next {
                None if !is_closing => continue,
                None => Duration::ZERO,
                Some(_) if is_closing && self.lanes().free() == self.parallel => return,
                Some(wait) => wait.min(TICK),
            };
            // Sleep until a message may be due, a task ends or the process stops.
            let woken = Arc::clone(&self.shared);
            tokio::select! {
                () = woken.wake.notified() => {}
                Some(_) = self.first_tries.join_next() => {}
                Some(_) = self.second_tries.join_next() => {}
                () = self.poller.ended() => {}
                () = tokio::time::sleep(wait) => {}
                () = &mut closing, if !is_closing => is_closing = true,
            }
        }
    }

    /// Does what is due. Returns the time until more may be due, or `None` if there is more now.
    async fn step(&mut self) -> Result<Option<Duration>, StoreError> {
        // Expire: receipts without a message, then messages that have outlived their code.
        let now = self.shared.clock.now();
        self.shared.expire_pending_receipts(now);
        if self.expire(now).await? == EXPIRE_MOST {
            return Ok(None);
        }
        // Poll receipts. A failure must not stop sending: polling writes, and a full disk refuses that.
        if let Err(error) = self.poller.poll_due(now).await {
            tell(&error);
        }
        // Wait while no driver may be called.
        if let Admission::Blocked(until) = self.shared.failover.admission(Try::First, now) {
            return Ok(Some(until.since(now)));
        }
        // Claim what is due, and hand each message to a task of its own.
        for claimed in self.claim(now).await? {
            let lane = match kind_of(&claimed.delivery) {
                Try::First => &mut self.first_tries,
                Try::Second => &mut self.second_tries,
            };
            let shared = Arc::clone(&self.shared);
            lane.spawn(async move { shared.deliver(claimed).await });
        }
        Ok(Some(self.shared.until_the_next(TICK, now)?))
    }

    fn lanes(&self) -> Lanes {
        let (first, second) = (self.first_tries.len(), self.second_tries.len());
        Lanes { parallel: self.parallel, first, second }
    }

    /// Erases messages with an expired code. Returns how many it looked at, or 0 if none of them has left the outbox.
    async fn expire(&self, now: Timestamp) -> Result<usize, StoreError> {
        // Nearly always nothing has expired, and the first entry shows that.
        let first = self.shared.store.page(OUTBOX, None, 1)?.pop();
        if first.is_none_or(|(key, _)| key.at > now) {
            return Ok(0);
        }
        let oldest = self.shared.store.page(OUTBOX, None, EXPIRE_MOST)?;
        let over: Vec<_> =
            oldest.into_iter().map(|(key, _)| key).take_while(|key| key.at <= now).collect();
        let delayed_until = self.shared.failover.delayed_until(now);
        let shared = Arc::clone(&self.shared);
        let expire = move |write: &mut Write<'_>| {
            let mut left = 0;
            for key in &over {
                left += usize::from(expire_one(write, &shared, *key, delayed_until, now)?);
            }
            Ok::<_, StoreError>((over.len(), left))
        };
        let (looked_at, left) = self.shared.store.write(Priority::FollowUp, expire).await?;
        // Messages that are with drivers stay.
        Ok(if left == 0 { 0 } else { looked_at })
    }

    /// Marks due messages, as many as drivers have room for, as `submitting`. That is durable before any driver is called.
    async fn claim(&self, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        let due = self.shared.next_to_claim(self.lanes(), now)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let shared = Arc::clone(&self.shared);
        let claim = move |write: &mut Write<'_>| {
            let claim = shared.claims.fetch_add(1, Ordering::SeqCst) + 1;
            let claimed =
                due.iter().map(|(table, key)| claim_one(write, &shared, *table, *key, claim, now));
            claimed.filter_map(Result::transpose).collect::<Result<Vec<_>, StoreError>>()
        };
        let claimed = self.shared.store.write(Priority::FollowUp, claim).await?;
        self.shared.under_way.fetch_add(claimed.len(), Ordering::SeqCst);
        Ok(claimed)
    }
}

/// Logs an error, but for [`StoreError::Busy`] and [`StoreError::DiskFull`].
fn tell(error: &StoreError) {
    if !matches!(error, StoreError::Busy | StoreError::DiskFull) {
        tracing::error!(%error, "the outbox cannot be read or changed");
    }
}

impl OutboxState {
    /// Sends the message and stores the outcome.
    async fn deliver(self: Arc<Self>, Claimed { message, delivery, claim }: Claimed) {
        // Send.
        let attempt = if let Some(message) = message {
            let options = SendOptions {
                kind: kind_of(&delivery),
                is_uncertain: delivery.is_uncertain,
                doubtful: delivery.doubtful_driver.as_deref(),
                pause: self.pause_after(delivery.attempts),
            };
            self.failover.send(&message, options, &*self.clock).await
        } else {
            let (verification, error) = (delivery.verification_id, DeliveryError::Unopenable);
            tracing::error!(%verification, %error, "sms not sent");
            let outcome = AttemptOutcome::Refused(error);
            Attempt { calls: 0, driver: None, doubtful_driver: None, outcome }
        };
        // Store the outcome, again and again while the store has no room.
        while let Err(error) = self.conclude(&delivery, claim, attempt.clone()).await {
            match error {
                StoreError::Busy | StoreError::DiskFull => tokio::time::sleep(TICK).await,
                // The next start of the process finds it `submitting`, and recovers it.
                StoreError::Failed(_)
                | StoreError::TooLarge { .. }
                | StoreError::Damaged { .. } => {
                    tracing::error!(%error, "the outcome of a message could not be stored");
                    break;
                }
            }
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
    }

    async fn conclude(
        self: &Arc<Self>,
        claimed: &Delivery,
        claim: u64,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let (shared, id, now) = (Arc::clone(self), claimed.verification_id, self.clock.now());
        let conclude = move |write: &mut Write<'_>| {
            let Some(before) = write.get(DELIVERIES, &id)? else { return Ok(()) };
            let Some(mut after) = before.clone().conclude(attempt, now) else { return Ok(()) };
            // Index the gateway's id, apply receipts that came before it, and plan the first question.
            let key = delivery_index::gateway_key(&after);
            if let Some(key) = &key {
                delivery_index::name(write, key, &after)?;
                for report in shared.pending_receipts.of(key, claim, now) {
                    after = after.clone().receive(report, now).unwrap_or(after);
                }
                if shared.failover.is_asked(&key.driver) {
                    delivery_index::ask_later(write, &after, now)?;
                }
            }
            let is_sent = after.sent_at.is_some();
            let noting = Arc::clone(&shared);
            write.on_durable(move || {
                if is_sent {
                    noting.taken_at.store(now.as_micros(), Ordering::SeqCst);
                }
                if let Some(key) = &key {
                    noting.pending_receipts.settle(key);
                }
            });
            shared.change(write, &before, after)?;
            Ok(())
        };
        self.store.write(Priority::FollowUp, conclude).await
    }

    /// The pause before the next try: twice as long in each round, minus up to half of it at random, so that messages that
    /// failed together do not return together.
    fn pause_after(&self, attempts: u16) -> Duration {
        let (first, longest) = PAUSES;
        let rounds = usize::from(attempts) / self.failover.length().max(1);
        let pause = first.saturating_mul(1 << rounds.min(5)).min(longest);
        // Without randomness the pause is the longest.
        let [chance] = draw_bytes(&*self.entropy).unwrap_or([u8::MAX]);
        pause / 2 + pause / 2 * u32::from(chance) / u32::from(u8::MAX)
    }
}

fn kind_of(delivery: &Delivery) -> Try {
    if delivery.is_final_try { Try::Second } else { Try::First }
}

/// Returns whether the message has left the outbox.
fn expire_one(
    write: &mut Write<'_>,
    shared: &Arc<OutboxState>,
    key: AtKey,
    delayed_until: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(delivery) = write.get(DELIVERIES, &key.id)? else {
        write.remove(OUTBOX, &key);
        return Ok(true);
    };
    let waited = delivery.clone().delayed_until(delayed_until);
    match waited.expire(now) {
        Some(expired) => shared.change(write, &delivery, expired),
        None => Ok(false),
    }
}

fn claim_one(
    write: &mut Write<'_>,
    shared: &OutboxState,
    table: DueTree,
    key: AtKey,
    claim: u64,
    now: Timestamp,
) -> Result<Option<Claimed>, StoreError> {
    let delivery = write.get(DELIVERIES, &key.id)?;
    let Some(submitted) = delivery.clone().and_then(|delivery| delivery.submit(now)) else {
        write.remove(table, &key);
        return Ok(None);
    };
    delivery_index::change(write, delivery.as_ref(), &submitted)?;
    let sealed = write.get(OUTBOX, &delivery_index::outbox_key(&submitted))?;
    let text = sealed.and_then(|sealed| shared.sealer.open(key.id, &sealed));
    let message = text.map(|text| {
        let message = shared.message(key.id, submitted.phone_number, text);
        message.of_request(submitted.request_id)
    });
    Ok(Some(Claimed { message, delivery: submitted, claim }))
}
