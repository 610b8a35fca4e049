//! What has to hold for every message, whenever the process ended.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;

use esoz_otp::audit::{AnchorKeys, AuditLog};
use esoz_otp::domain::audit::AuditEvent;
use esoz_otp::domain::{Delivery, DeliveryError, DeliveryStatus, VerificationId};
use esoz_otp::store::schema::{DELIVERIES, OUTBOX, OUTBOX_AGAIN, OUTBOX_DUE, QUESTIONS};
use esoz_otp::store::{Record, Store, Table, TableKey};

use crate::support::start_of_time;

/// How often the gateway got which message.
pub(super) type Accepted = HashMap<VerificationId, usize>;

/// What came of messages whose accounts were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) messages: usize,
    pub(super) uncertain: usize,
    pub(super) twice: usize,
    pub(super) unsent: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.uncertain += other.uncertain;
        self.twice += other.twice;
        self.unsent += other.unsent;
    }
}

/// Holds what is kept against what was accepted and what the gateway got, when nothing is to be done any more. Those that
/// are excused need not have been sent.
pub(super) fn judge(
    store: &Store,
    accepted: &[VerificationId],
    taken: &Accepted,
    excused: &HashSet<VerificationId>,
) -> Result<Tally, String> {
    let deliveries: HashMap<_, _> = all(store, DELIVERIES).into_iter().collect();
    for id in accepted {
        let Some(delivery) = deliveries.get(id) else { return Err(format!("LOST: {id}")) };
        if !taken.contains_key(id) && !excused.contains(id) {
            return Err(format!("accepted and NEVER SENT: {delivery:?}"));
        }
    }
    if let Some(id) = taken.keys().find(|id| !deliveries.contains_key(id)) {
        return Err(format!("sent by nobody: {id}"));
    }
    let waiting = all(store, OUTBOX_DUE).len() + all(store, OUTBOX_AGAIN).len();
    let left = (all(store, OUTBOX).len(), waiting, all(store, QUESTIONS).len());
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

/// Every code that was sent has its one row of audit, and no number is missing or there twice.
pub(super) fn judge_audit(store: &Store, accepted: &[VerificationId]) -> Result<(), String> {
    let log = AuditLog::open(store.clone(), AnchorKeys::of([]), start_of_time());
    let rows = log.and_then(|log| log.page(0, 1_000_000)).map_err(|error| error.to_string())?;
    if let Some(((number, _), due)) = rows.iter().zip(1..).find(|((number, _), due)| number != due)
    {
        return Err(format!("row {number} of audit comes where {due} is due"));
    }
    let issued = rows.iter().filter(|(_, row)| row.what.event == AuditEvent::CodeIssued);
    let issued: Vec<_> = issued.filter_map(|(_, row)| row.what.verification_id).collect();
    let each: HashSet<_> = issued.iter().collect();
    if each.len() != issued.len() {
        return Err("a code that was sent has more than one row of audit".into());
    }
    match accepted.iter().find(|id| !each.contains(id)) {
        Some(id) => Err(format!("the row of audit is LOST of {id}")),
        None => Ok(()),
    }
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
            unsent: usize::from(times == 0),
        }),
        _ => Err(format!("sent {times} times: {delivery:?}")),
    }
}

/// Messages that were being handed over at one kill, and again at the next: nobody can tell that they had not left, so
/// they are sent no third time, and say so.
pub(super) fn interrupted_twice(store: &Store) -> HashSet<VerificationId> {
    let is_one = |delivery: &Delivery| {
        delivery.status() == DeliveryStatus::Uncertain
            && delivery.attempts == 2
            && delivery.last_error == Some(DeliveryError::Interrupted)
    };
    all(store, DELIVERIES).into_iter().filter(|(_, it)| is_one(it)).map(|(id, _)| id).collect()
}

/// All of a tree.
pub(super) fn all<K: TableKey + Debug, V: Record>(
    store: &Store,
    table: Table<K, V>,
) -> Vec<(K, V)> {
    store.page(table, None, 1_000_000).unwrap()
}
