use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize};

use tokio::sync::Notify;
use zeroize::Zeroizing;

use super::capacity::OutboxCapacity;
use super::driver::SmsMessage;
use super::failover::Failover;
use super::pending_receipts::PendingReceipts;
use crate::clock::Clock;
use crate::config::{CODE, SmsConfig};
use crate::domain::{ClientId, Phone, VerificationId};
use crate::entropy::Entropy;
use crate::keyring::Sealer;
use crate::store::Store;

/// What the outbox and its worker share.
pub(super) struct OutboxState {
    pub(super) store: Store,
    pub(super) sealer: Sealer,
    pub(super) failover: Failover,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    /// Those of messages that are kept, and of others that may be.
    pub(super) capacity: OutboxCapacity,
    /// How many are with drivers.
    pub(super) under_way: AtomicUsize,
    /// How often messages have been taken to drivers; counted on the writer's thread.
    pub(super) claims: AtomicU64,
    /// When a driver last took a message, in microseconds.
    pub(super) taken_at: AtomicI64,
    /// There may be something to do.
    pub(super) wake: Notify,
    /// A message is kept no more, or a place given back.
    pub(super) left: Notify,
    pub(super) pending_receipts: PendingReceipts,
    pub(super) unknown_receipts: AtomicU64,
    /// No message is taken to a driver any more.
    pub(super) is_shut: AtomicBool,
    pub(super) config: SmsConfig,
}

impl OutboxState {
    /// A message of the outbox, for drivers.
    pub(super) fn message(
        &self,
        id: VerificationId,
        phone: Phone,
        text: Zeroizing<String>,
    ) -> SmsMessage {
        let around = self.config.template.all().map(|template| template.split_once(CODE));
        SmsMessage::with_code(id, phone, text, around.into_iter().flatten())
    }

    /// A message of this client is kept no more.
    pub(super) fn leave(&self, client: Option<ClientId>) {
        self.capacity.give_back(client);
        self.left.notify_waiters();
    }
}
