use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use zeroize::Zeroizing;

use super::capacity::OutboxCapacity;
use super::driver::SmsDriver;
use super::failover::Failover;
use super::outbox_state::OutboxState;
use super::pending_receipts::PendingReceipts;
use super::receipts::{self, Reception};
use super::worker::Worker;
use super::{delivery_index, delivery_log};
use crate::clock::Clock;
use crate::config::{CODE, SmsConfig};
use crate::domain::{ClientId, Code, Delivery, Purpose, Refusal, Timestamp, VerificationId};
use crate::entropy::Entropy;
use crate::keyring::Sealer;
use crate::store::schema::{DELIVERIES, OUTBOX};
use crate::store::{Store, StoreError, Write};

/// The parts that an outbox is built from.
pub struct OutboxParts {
    /// Where it is kept.
    pub store: Store,
    /// What it is sealed with.
    pub sealer: Sealer,
    /// What calls drivers, in this order.
    pub drivers: Vec<Arc<dyn SmsDriver>>,
    /// Its time.
    pub clock: Arc<dyn Clock>,
    /// Its chance.
    pub entropy: Arc<dyn Entropy>,
    /// What messages are like, and how many.
    pub config: SmsConfig,
}

/// Messages on their way: kept from the write that issues their code until a driver has them.
#[derive(Clone)]
pub struct Outbox(pub(super) Arc<OutboxState>);

/// A reserved place for one message. It is taken before anything is written, so an accepted message always fits.
pub struct OutboxReservation {
    shared: Arc<OutboxState>,
    client: Option<ClientId>,
    is_filled: bool,
}

/// A message that was taken out of the outbox because its code can no longer be used.
#[must_use = "its place is free once that is kept"]
#[derive(Debug)]
pub struct Canceled(Box<Delivery>);

/// An outbox, and the worker that empties it.
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
    /// Reserves a place, or refuses with [`Refusal::Busy`] when this client can have no more.
    pub fn reserve(&self, client: Option<ClientId>) -> Result<OutboxReservation, Refusal> {
        if !self.0.capacity.take(client) {
            return Err(Refusal::Busy);
        }
        Ok(OutboxReservation { shared: Arc::clone(&self.0), client, is_filled: false })
    }

    /// Puts a message with this code in, in the write that issues it: sealed, and in the place of the message before
    /// it, which is given if it was still here.
    pub fn put(
        &self,
        write: &mut Write<'_>,
        delivery: &Delivery,
        code: &Code,
        purpose: Purpose,
    ) -> Result<Option<Canceled>, Refusal> {
        let replaced = match delivery.previous {
            Some(previous) => cancel(write, previous, delivery.queued_at)?,
            None => None,
        };
        let text = self.text_of(code, purpose);
        let id = delivery.verification_id;
        let sealed = self.0.sealer.seal(&*self.0.entropy, id, &text).map_err(|error| {
            tracing::error!(%error, "no message can be sealed");
            Refusal::Busy
        })?;
        write.put(OUTBOX, &delivery_index::outbox_key(delivery), &sealed)?;
        delivery_index::change(write, None, delivery)?;
        Ok(replaced)
    }

    /// Cancels the message of a verification whose code is used or spent. Returns it if it was still in the outbox: pass it
    /// to [`Outbox::release`] when the write is durable.
    pub fn cancel(
        &self,
        write: &mut Write<'_>,
        id: VerificationId,
        now: Timestamp,
    ) -> Result<Option<Canceled>, StoreError> {
        cancel(write, id, now)
    }

    /// Gives the place of a canceled message back.
    pub fn release(&self, canceled: &Canceled) {
        delivery_log::record(&canceled.0);
        self.0.leave(canceled.0.client_id);
    }

    /// The text that is sent. It is made in one piece: a text that grows leaves copies of itself behind.
    fn text_of(&self, code: &Code, purpose: Purpose) -> Zeroizing<String> {
        let template = self.0.config.template.of(purpose);
        let mut text = Zeroizing::new(String::with_capacity(template.len() + code.reveal().len()));
        let (before, after) = template.split_once(CODE).unwrap_or((template, ""));
        for part in [before, code.reveal(), after] {
            text.push_str(part);
        }
        text
    }

    /// Takes receipts that a gateway sent with this secret, for the driver of this name, as this body.
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

    /// All that was kept has been taken away, as the demo's reset does.
    pub fn forget(&self) {
        self.0.capacity.clear();
        self.0.left.notify_waiters();
    }

    /// How many receipts named a message that is not known.
    pub fn unknown_receipts(&self) -> u64 {
        self.0.unknown_receipts.load(Ordering::SeqCst)
    }

    /// No message is taken to a driver from now on: what is with one can be answered for still, and what waits is whole
    /// at the next start. What is cut off in the middle has to be sent twice.
    pub fn shut(&self) {
        self.0.is_shut.store(true, Ordering::SeqCst);
    }

    /// Waits until no message is on its way, but no longer than `patience`.
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
        // A time-out is no error: the caller looks at what is left.
        drop(tokio::time::timeout(patience, emptied).await);
    }

    /// Has the worker look at once whether there is something to do, such as after the clock was pushed.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }
}

impl OutboxReservation {
    /// The message is stored. If it replaced an older one, that one's place is given back.
    pub fn fill(mut self, replaced: Option<&Canceled>) {
        if let Some(Canceled(delivery)) = replaced {
            delivery_log::record(delivery);
            self.shared.leave(delivery.client_id);
        }
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

/// Marks the message as canceled. Returns it if it was still in the outbox.
fn cancel(
    write: &mut Write<'_>,
    id: VerificationId,
    now: Timestamp,
) -> Result<Option<Canceled>, StoreError> {
    let Some(before) = write.get(DELIVERIES, &id)? else { return Ok(None) };
    let Some(canceled) = before.clone().cancel(now) else { return Ok(None) };
    let has_left = delivery_index::change(write, Some(&before), &canceled)?;
    Ok(has_left.then(|| Canceled(Box::new(canceled))))
}
