//! What has to hold for every message, whenever the process ended.

use std::collections::HashMap;
use std::fmt::Debug;

use esoz_otp::domain::{Delivery, DeliveryStatus, VerificationId};
use esoz_otp::store::schema::{ASKS, DELIVERIES, OUTBOX, OUTBOX_DUE};
use esoz_otp::store::{Key, Record, Store, Table};

/// How often the gateway got which message.
pub(super) type Taken = HashMap<VerificationId, usize>;

/// What came of messages whose accounts were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) messages: usize,
    pub(super) uncertain: usize,
    pub(super) twice: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.uncertain += other.uncertain;
        self.twice += other.twice;
    }
}

/// Holds what is kept against what was accepted and what the gateway got, when nothing is to be done any more.
pub(super) fn judge(
    store: &Store,
    accepted: &[VerificationId],
    taken: &Taken,
) -> Result<Tally, String> {
    let deliveries: HashMap<_, _> = all(store, DELIVERIES).into_iter().collect();
    for id in accepted {
        let Some(delivery) = deliveries.get(id) else { return Err(format!("LOST: {id}")) };
        if !taken.contains_key(id) {
            return Err(format!("accepted and NEVER SENT: {delivery:?}"));
        }
    }
    if let Some(id) = taken.keys().find(|id| !deliveries.contains_key(id)) {
        return Err(format!("sent by nobody: {id}"));
    }
    let left = (all(store, OUTBOX).len(), all(store, OUTBOX_DUE).len(), all(store, ASKS).len());
    if left != (0, 0, 0) {
        return Err(format!("left in the outbox: {left:?}"));
    }
    let mut tally = Tally::default();
    for delivery in deliveries.values() {
        let times = taken.get(&delivery.verification_id).copied().unwrap_or(0);
        tally.add(judge_one(delivery, times)?);
    }
    Ok(tally)
}

fn judge_one(delivery: &Delivery, times: usize) -> Result<Tally, String> {
    let is_uncertain = match delivery.status() {
        DeliveryStatus::Uncertain => true,
        DeliveryStatus::Sent | DeliveryStatus::Delivered => delivery.is_uncertain,
        DeliveryStatus::Queued
        | DeliveryStatus::Submitting
        | DeliveryStatus::Failed
        | DeliveryStatus::Expired
        | DeliveryStatus::Canceled => return Err(format!("has not ENDED WELL: {delivery:?}")),
    };
    match (times, is_uncertain) {
        (0, false) => Err(format!("said to be sent, and NEVER SENT: {delivery:?}")),
        (2, false) => Err(format!("sent TWICE and not marked: {delivery:?}")),
        (0..=2, _) => Ok(Tally {
            messages: 1,
            uncertain: usize::from(is_uncertain),
            twice: usize::from(times == 2),
        }),
        _ => Err(format!("sent {times} times: {delivery:?}")),
    }
}

/// All of a tree.
pub(super) fn all<K: Key + Debug, V: Record>(store: &Store, table: Table<K, V>) -> Vec<(K, V)> {
    store.page(table, None, 1_000_000).unwrap()
}
