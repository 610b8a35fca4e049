use std::sync::atomic::Ordering;
use std::time::Duration;

use super::outbox::Outbox;
use crate::domain::Timestamp;
use crate::store::StoreError;
use crate::store::schema::{DELIVERIES, OUTBOX, OUTBOX_DUE};

/// The state of delivery, for `/health/ready`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxHealth {
    /// The number of waiting messages.
    pub waiting: usize,
    /// The longest wait of a first try that is due.
    pub late: Option<Duration>,
    /// The longest wait of a message since a driver last accepted one.
    pub stuck: Option<Duration>,
    /// The drivers that are down: their circuit breakers are open.
    pub down: Vec<String>,
    /// Whether all drivers are down.
    pub is_down: bool,
}

impl Outbox {
    /// The state of delivery at `now`.
    pub fn health(&self, now: Timestamp) -> Result<OutboxHealth, StoreError> {
        let oldest = self.0.store.page(OUTBOX_DUE, None, 1)?.pop();
        let late = oldest.map(|(key, _)| key.at).filter(|at| *at <= now).map(|at| now.since(at));
        let waiting = self.0.capacity.count();
        let (down, is_down) = self.0.failover.down(waiting > 0, now);
        Ok(OutboxHealth { waiting, late, stuck: self.stuck(now)?, down, is_down })
    }

    /// The wait counts from the message's acceptance, over all its tries. While other messages leave, a message that no
    /// driver accepts is not stuck.
    fn stuck(&self, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        // Messages expire in the order in which they were accepted.
        let Some((oldest, _)) = self.0.store.page(OUTBOX, None, 1)?.pop() else { return Ok(None) };
        let Some(delivery) = self.0.store.get(DELIVERIES, &oldest.id)? else { return Ok(None) };
        let taken_at = Timestamp::from_micros(self.0.taken_at.load(Ordering::SeqCst));
        Ok(Some(now.since(delivery.queued_at.max(taken_at))))
    }

    /// The end of the pause, while no driver may be called.
    pub fn delayed_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.failover.delayed_until(now)
    }
}
