use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize};

use tokio::sync::Notify;
use zeroize::Zeroizing;

use super::capacity::OutboxCapacity;
use super::driver::SmsMessage;
use super::failover::Failover;
use super::pending_receipts::PendingReceipts;
use super::{delivery_index, delivery_log};
use crate::clock::Clock;
use crate::config::{CODE, SmsConfig};
use crate::domain::{ClientId, Delivery, Phone, VerificationId};
use crate::entropy::Entropy;
use crate::keyring::Sealer;
use crate::store::{Store, StoreError, Write};

/// What the outbox and its worker share.
pub(super) struct OutboxState {
    pub(super) store: Store,
    pub(super) sealer: Sealer,
    pub(super) failover: Failover,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    /// Places of stored messages, and reserved ones.
    pub(super) capacity: OutboxCapacity,
    /// The number of messages that are with drivers.
    pub(super) under_way: AtomicUsize,
    /// The number of claims so far. The writer's thread counts it.
    pub(super) claims: AtomicU64,
    /// When a driver last accepted a message, in microseconds; `i64::MIN` before the first.
    pub(super) taken_at: AtomicI64,
    /// Wakes the worker.
    pub(super) wake: Notify,
    /// Notifies [`Outbox::drain`](super::Outbox::drain) of a place that was given back.
    pub(super) left: Notify,
    pub(super) pending_receipts: PendingReceipts,
    pub(super) unknown_receipts: AtomicU64,
    /// See [`Outbox::shut`](super::Outbox::shut).
    pub(super) is_shut: AtomicBool,
    pub(super) config: SmsConfig,
}

impl OutboxState {
    /// The message as drivers get it. It marks the code in the text.
    pub(super) fn message(
        &self,
        id: VerificationId,
        phone: Phone,
        text: Zeroizing<String>,
    ) -> SmsMessage {
        let around = self.config.template.all().map(|template| template.split_once(CODE));
        SmsMessage::with_code(id, phone, text, around.into_iter().flatten())
    }

    /// Stores a delivery's new state. When that is durable, it is logged, and a message that has left the outbox gives its
    /// place back. Returns whether the message has left.
    pub(super) fn change(
        self: &Arc<Self>,
        write: &mut Write<'_>,
        before: &Delivery,
        after: Delivery,
    ) -> Result<bool, StoreError> {
        let has_left = delivery_index::change(write, Some(before), &after)?;
        let shared = Arc::clone(self);
        write.on_durable(move || {
            delivery_log::record(&after);
            if has_left {
                shared.leave(after.client_id);
            }
        });
        Ok(has_left)
    }

    /// Gives a place of this client back, and wakes `drain`.
    pub(super) fn leave(&self, client: Option<ClientId>) {
        self.capacity.give_back(client);
        self.left.notify_waiters();
    }
}
