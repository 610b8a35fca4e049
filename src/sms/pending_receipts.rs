use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::{DeliveryReport, Timestamp};
use crate::store::schema::GatewayKey;

/// The most receipts that wait. Then the oldest go.
const MOST: usize = 1024;

/// The longest wait. No driver has longer for its answer.
const LONGEST: Duration = Duration::from_mins(1);

/// Receipts that came before the answer with their message's `gateway_id`: some gateways are that quick. A receipt is only
/// for a message that was with drivers when it came, since a gateway may use an id again.
#[derive(Default)]
pub(super) struct PendingReceipts(Mutex<VecDeque<PendingReceipt>>);

struct PendingReceipt {
    key: GatewayKey,
    report: DeliveryReport,
    came_at: Timestamp,
    /// The number of the last claim before it came.
    claim: u64,
}

impl PendingReceipts {
    /// Keeps a receipt for a message of this claim or an earlier one. Returns the key of the oldest receipt if that had to
    /// go.
    pub(super) fn keep(
        &self,
        key: GatewayKey,
        report: DeliveryReport,
        claim: u64,
        came_at: Timestamp,
    ) -> Option<GatewayKey> {
        let mut kept = self.lock();
        kept.push_back(PendingReceipt { key, report, came_at, claim });
        let oldest = if kept.len() > MOST { kept.pop_front() } else { None };
        oldest.map(|waiting| waiting.key)
    }

    /// The reports for the message with this key and claim, in the order in which they came.
    pub(super) fn of(&self, key: &GatewayKey, claim: u64, now: Timestamp) -> Vec<DeliveryReport> {
        let kept = self.lock();
        let is_for = |waiting: &&PendingReceipt| {
            waiting.key == *key && waiting.claim >= claim && !waiting.is_over(now)
        };
        kept.iter().filter(is_for).map(|waiting| waiting.report.clone()).collect()
    }

    /// Removes the receipts with this key: the `gateway_id` of their message is stored now.
    pub(super) fn settle(&self, key: &GatewayKey) {
        self.lock().retain(|waiting| waiting.key != *key);
    }

    /// Removes receipts that have waited too long. Returns their keys.
    pub(super) fn forget(&self, now: Timestamp) -> Vec<GatewayKey> {
        let mut kept = self.lock();
        let over = kept.iter().take_while(|waiting| waiting.is_over(now)).count();
        kept.drain(..over).map(|waiting| waiting.key).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<PendingReceipt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PendingReceipt {
    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.came_at) >= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn key(id: usize) -> GatewayKey {
        GatewayKey { driver: "a".into(), gateway_id: id.to_string() }
    }

    #[test]
    fn one_is_for_a_message_that_was_being_handed_over_and_no_later_one() {
        let pending = PendingReceipts::default();
        assert_eq!(pending.keep(key(1), DeliveryReport::Delivered, 7, at(0)), None);
        for (claim, reports) in [(6, 1), (7, 1), (8, 0)] {
            assert_eq!(pending.of(&key(1), claim, at(1)).len(), reports, "{claim}");
        }
        assert_eq!(pending.of(&key(2), 7, at(1)), []);
        pending.settle(&key(1));
        assert_eq!(pending.of(&key(1), 7, at(1)), []);
    }

    #[test]
    fn one_is_forgotten_after_a_minute_and_the_oldest_when_there_are_too_many() {
        let pending = PendingReceipts::default();
        for id in 0..MOST {
            assert_eq!(pending.keep(key(id), DeliveryReport::Delivered, 1, at(0)), None);
        }
        assert_eq!(pending.keep(key(MOST), DeliveryReport::Delivered, 1, at(30)), Some(key(0)));
        assert_eq!(pending.forget(at(59)), []);
        assert_eq!(pending.of(&key(1), 1, at(60)), [], "whether or not it is forgotten yet");
        assert_eq!(pending.forget(at(60)), (1..MOST).map(key).collect::<Vec<_>>());
        assert_eq!(pending.of(&key(MOST), 1, at(60)).len(), 1);
        assert_eq!(pending.forget(at(90)), [key(MOST)]);
    }
}
