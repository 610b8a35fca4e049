use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use zeroize::Zeroizing;

use super::capacity::OutboxCapacity;
use super::delivery_index;
use super::driver::SmsDriver;
use super::failover::Failover;
use super::outbox_state::OutboxState;
use super::pending_receipts::PendingReceipts;
use super::receipts::{self, Reception};
use super::worker::Worker;
use crate::clock::Clock;
use crate::config::{CODE, SmsConfig};
use crate::domain::{ClientId, Code, Delivery, Purpose, Refusal, Timestamp, VerificationId};
use crate::entropy::Entropy;
use crate::keyring::Sealer;
use crate::store::schema::{DELIVERIES, OUTBOX};
use crate::store::{Store, StoreError, Write};

/// The dependencies of an outbox.
pub struct OutboxParts {
    /// Where messages and deliveries are stored.
    pub store: Store,
    /// Seals the texts.
    pub sealer: Sealer,
    /// The drivers, in the order of `sms.drivers`.
    pub drivers: Vec<Arc<dyn SmsDriver>>,
    /// The clock of the worker and its drivers.
    pub clock: Arc<dyn Clock>,
    /// Randomness for nonces and pauses.
    pub entropy: Arc<dyn Entropy>,
    /// The section `sms`.
    pub config: SmsConfig,
}

/// Accepted messages, from the write that issues their code until a driver has them.
#[derive(Clone)]
pub struct Outbox(pub(super) Arc<OutboxState>);

/// A reserved place for one message, taken before the first write. So an accepted message always fits.
pub struct OutboxReservation {
    shared: Arc<OutboxState>,
    client: Option<ClientId>,
    is_filled: bool,
}

/// Makes an outbox and its worker.
pub fn outbox(parts: OutboxParts) -> (Outbox, Worker) {
    let OutboxParts { store, sealer, drivers, clock, entropy, config } = parts;
    let parallel = config.parallel;
    let failover = Failover::of(drivers, config.timeout, parallel);
    let shared = OutboxState {
        store,
        sealer,
        failover,
        clock,
        entropy,
        capacity: OutboxCapacity::new(config.queue),
        under_way: AtomicUsize::new(0),
        claims: AtomicU64::new(0),
        taken_at: AtomicI64::new(i64::MIN),
        wake: Notify::new(),
        left: Notify::new(),
        pending_receipts: PendingReceipts::default(),
        unknown_receipts: AtomicU64::new(0),
        is_shut: AtomicBool::new(false),
        config,
    };
    let outbox = Outbox(Arc::new(shared));
    (outbox.clone(), Worker::of(outbox.0, parallel))
}

impl Outbox {
    /// Reserves a place, or refuses with [`Refusal::Busy`] when this client has its share.
    pub fn reserve(&self, client: Option<ClientId>) -> Result<OutboxReservation, Refusal> {
        if !self.0.capacity.take(client) {
            return Err(Refusal::Busy);
        }
        Ok(OutboxReservation { shared: Arc::clone(&self.0), client, is_filled: false })
    }

    /// Puts the sealed message with this code into the write that issues the code, on the place that is reserved for it. It
    /// replaces the message of `delivery.previous`, if that one is still in the outbox.
    pub fn put(
        &self,
        write: &mut Write<'_>,
        delivery: &Delivery,
        code: &Code,
        purpose: Purpose,
    ) -> Result<(), Refusal> {
        if let Some(previous) = delivery.previous {
            self.cancel(write, previous, delivery.queued_at)?;
        }
        let text = self.text_of(code, purpose);
        let id = delivery.verification_id;
        let sealed = self.0.sealer.seal(&*self.0.entropy, id, &text).map_err(|error| {
            tracing::error!(%error, "no message can be sealed");
            Refusal::Busy
        })?;
        write.put(OUTBOX, &delivery_index::outbox_key(delivery), &sealed)?;
        delivery_index::change(write, None, delivery)?;
        Ok(())
    }

    /// Cancels the message of a verification: its code is used, spent or replaced. If the message is still in the outbox,
    /// its place is free when the write is durable.
    pub fn cancel(
        &self,
        write: &mut Write<'_>,
        id: VerificationId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(before) = write.get(DELIVERIES, &id)? else { return Ok(()) };
        if let Some(canceled) = before.clone().cancel(now) {
            self.0.change(write, &before, canceled)?;
        }
        Ok(())
    }

    /// The text of the message. It is allocated once, since a `String` that grows leaves copies of the code in memory.
    fn text_of(&self, code: &Code, purpose: Purpose) -> Zeroizing<String> {
        let template = self.0.config.template.of(purpose);
        let mut text = Zeroizing::new(String::with_capacity(template.len() + code.reveal().len()));
        let (before, after) = template.split_once(CODE).unwrap_or((template, ""));
        for part in [before, code.reveal(), after] {
            text.push_str(part);
        }
        text
    }

    /// Receives a gateway's call with receipts for the driver of this name.
    pub async fn receive(
        &self,
        driver: &str,
        secret: &str,
        body: &Value,
        now: Timestamp,
    ) -> Result<Reception, StoreError> {
        let Some(driver) = self.0.failover.driver(driver) else { return Ok(Reception::NotCalled) };
        let name = driver.name();
        if !driver.is_called_with(secret) {
            tracing::warn!(
                driver = name,
                "receipts were turned away: with a wrong secret, or gateway.{name}.receipts.by is not callback"
            );
            return Ok(Reception::NotCalled);
        }
        receipts::receive(&self.0, name, driver.receipts(body), now).await
    }

    /// Gives all places back: the demo's reset has removed the messages.
    pub fn forget(&self) {
        self.0.capacity.clear();
        self.0.left.notify_waiters();
    }

    /// The number of receipts for unknown messages since the start.
    pub fn unknown_receipts(&self) -> u64 {
        self.0.unknown_receipts.load(Ordering::SeqCst)
    }

    /// Stops the worker from handing messages to drivers. A driver that has one can still answer, and the waiting ones are
    /// there at the next start. A message may be sent twice if its call is cut off.
    pub fn shut(&self) {
        self.0.is_shut.store(true, Ordering::SeqCst);
    }

    /// Waits until the outbox is empty, for `patience` at most.
    pub async fn drain(&self, patience: Duration) {
        let emptied = async {
            loop {
                let left = self.0.left.notified();
                if self.0.capacity.count() == 0 {
                    return;
                }
                left.await;
            }
        };
        // A time-out is no error: the caller counts the messages that are left.
        drop(tokio::time::timeout(patience, emptied).await);
    }

    /// Wakes the worker, for example after the demo's clock was moved.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }
}

impl OutboxReservation {
    /// The message is stored: it keeps the place, and the worker is woken.
    pub fn fill(mut self) {
        self.is_filled = true;
        self.shared.wake.notify_one();
    }
}

impl Drop for OutboxReservation {
    fn drop(&mut self) {
        if !self.is_filled {
            self.shared.leave(self.client);
        }
    }
}
