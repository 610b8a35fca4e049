//! Chooses the next of the waiting messages.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::circuit_breaker::{Admission, Try};
use super::lanes::{Lanes, Tries};
use super::outbox_state::OutboxState;
use crate::domain::Timestamp;
use crate::store::schema::{AtKey, DELIVERIES, Due, OUTBOX_AGAIN, OUTBOX_DUE};
use crate::store::{StoreError, Table};

/// Due messages among which the probe is chosen.
const PROBE_CANDIDATES: usize = 64;

/// [`OUTBOX_DUE`] or [`OUTBOX_AGAIN`].
pub(super) type DueTree = Table<AtKey, Due>;

impl OutboxState {
    /// The messages to claim now, as many as `lanes` and the drivers admit.
    pub(super) fn next_to_claim(
        &self,
        lanes: Lanes,
        now: Timestamp,
    ) -> Result<Vec<(DueTree, AtKey)>, StoreError> {
        if lanes.free() == 0 || self.is_shut.load(Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        let admissions = [Try::First, Try::Second].map(|kind| self.failover.admission(kind, now));
        let first = match admissions[0] {
            Admission::Probe => self.least_tried(now)?,
            Admission::Open | Admission::Blocked(_) => {
                self.due_in(OUTBOX_DUE, lanes.free(), now)?
            }
        };
        let second = self.due_in(OUTBOX_AGAIN, lanes.free(), now)?;
        let due = Tries { first: first.len(), second: second.len() };
        let claims = lanes.claims(due, admissions[0], admissions[1]);
        let first = first.into_iter().take(claims.first).map(|key| (OUTBOX_DUE, key));
        let second = second.into_iter().take(claims.second).map(|key| (OUTBOX_AGAIN, key));
        Ok(first.chain(second).collect())
    }

    /// The due message with the fewest tries. It is the best probe: a message that failed before says less about the
    /// driver.
    fn least_tried(&self, now: Timestamp) -> Result<Vec<AtKey>, StoreError> {
        let mut best: Option<(u16, AtKey)> = None;
        for key in self.due_in(OUTBOX_DUE, PROBE_CANDIDATES, now)? {
            let attempts = self.store.get(DELIVERIES, &key.id)?.map_or(0, |found| found.attempts);
            if best.is_none_or(|(fewest, _)| attempts < fewest) {
                best = Some((attempts, key));
            }
        }
        Ok(best.into_iter().map(|(_, key)| key).collect())
    }

    fn due_in(
        &self,
        table: DueTree,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<AtKey>, StoreError> {
        let page = self.store.page(table, None, most)?;
        Ok(page.into_iter().map(|(key, _)| key).take_while(|key| key.at <= now).collect())
    }

    /// The time until the next message is due, `most` at most. Messages that are due already wait for a driver.
    pub(super) fn until_the_next(
        &self,
        most: Duration,
        now: Timestamp,
    ) -> Result<Duration, StoreError> {
        let mut wait = most;
        for table in [OUTBOX_DUE, OUTBOX_AGAIN] {
            let next = self.store.page(table, None, 1)?.pop();
            let later = next.map(|(key, _)| key.at).filter(|at| *at > now);
            wait = wait.min(later.map_or(most, |at| at.since(now)));
        }
        Ok(wait)
    }
}
