use std::sync::atomic::Ordering;
use std::time::Duration;

use super::outbox::Outbox;
use crate::domain::Timestamp;
use crate::store::StoreError;
use crate::store::schema::{DELIVERIES, OUTBOX, OUTBOX_DUE};

/// How delivery goes: what the health endpoints report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxHealth {
    /// How many messages wait.
    pub waiting: usize,
    /// For how long the one that has been due longest waits, of those that have not hung.
    pub late: Option<Duration>,
    /// For how long one waits while no driver has taken any.
    pub stuck: Option<Duration>,
    /// Drivers that are given up on, for they have failed too often.
    pub down: Vec<String>,
    /// Whether those are all.
    pub is_down: bool,
}

impl Outbox {
    /// How delivery goes at `now`.
    pub fn health(&self, now: Timestamp) -> Result<OutboxHealth, StoreError> {
        let oldest = self.0.store.page(OUTBOX_DUE, None, 1)?.pop();
        let late = oldest.map(|(key, _)| key.at).filter(|at| *at <= now).map(|at| now.since(at));
        let waiting = self.0.capacity.count();
        let (down, is_down) = self.0.failover.down(waiting > 0, now);
        Ok(OutboxHealth { waiting, late, stuck: self.stuck(now)?, down, is_down })
    }

    /// Counts from acceptance, however often the message was tried. While other messages leave, one that no driver takes
    /// is not stuck.
    fn stuck(&self, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        // In the order in which they expire, which is that in which they came.
        let Some((oldest, _)) = self.0.store.page(OUTBOX, None, 1)?.pop() else { return Ok(None) };
        let Some(delivery) = self.0.store.get(DELIVERIES, &oldest.id)? else { return Ok(None) };
        let taken_at = Timestamp::from_micros(self.0.taken_at.load(Ordering::SeqCst));
        Ok(Some(now.since(delivery.queued_at.max(taken_at))))
    }

    /// Until when no driver may be called, for those that there are have failed too often or want a rest.
    pub fn delayed_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.failover.delayed_until(now)
    }
}
