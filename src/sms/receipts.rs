//! Stores receipts that a gateway calls with: finds the message of each, and writes what it changes. How a receipt changes the
//! state of a delivery is decided in [`Delivery::receive`](crate::domain::Delivery::receive).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::driver::ReceiptBatch;
use super::outbox_state::OutboxState;
use crate::domain::{DeliveryReport, Receipt, Timestamp};
use crate::store::schema::{DELIVERIES, GATEWAY_IDS, GatewayKey};
use crate::store::{Priority, StoreError, Write};

/// The result of a gateway's call with receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// No driver of that name accepts receipts with that secret.
    NotCalled,
    /// The driver's receipts were stored or dropped.
    Received {
        /// The number of receipts for known messages, or kept for messages that are with drivers now.
        known: usize,
        /// The number of receipts for other messages. They are dropped.
        unknown: usize,
        /// The number of entries that `gateway.NAME.receipts` can't read. They are dropped.
        unreadable: usize,
        /// The number of receipts, known or not, with a verdict that no list has. They change nothing.
        unlisted: usize,
    },
}

/// The message of a receipt.
enum ReceiptMatch {
    /// The message is known.
    Known,
    /// The receipt waits: its message may be with a driver.
    Waits,
    /// No message has this id. The receipt is dropped, or an older one that waited.
    Unknown(GatewayKey),
}

/// Stores the receipts of one call. A repeated receipt changes nothing.
pub(super) async fn receive(
    shared: &Arc<OutboxState>,
    driver: &str,
    ReceiptBatch { receipts, unreadable, unlisted }: ReceiptBatch,
    now: Timestamp,
) -> Result<Reception, StoreError> {
    let (noting, named) = (Arc::clone(shared), driver.to_owned());
    let note_all = move |write: &mut Write<'_>| {
        let key = |gateway_id| GatewayKey { driver: named.clone(), gateway_id };
        let noted = receipts.into_iter().map(|Receipt { gateway_id, report }| {
            note(write, &noting, key(gateway_id), report, now)
        });
        noted.collect::<Result<Vec<_>, StoreError>>()
    };
    let (mut known, mut unknown) = (0, Vec::new());
    for noted in shared.store.write(Priority::Normal, note_all).await? {
        match noted {
            ReceiptMatch::Known | ReceiptMatch::Waits => known += 1,
            ReceiptMatch::Unknown(key) => unknown.push(key),
        }
    }
    shared.drop_receipts(&unknown);
    if unreadable > 0 {
        tracing::warn!(
            driver,
            unreadable,
            "no receipts as gateway.{driver}.receipts describes them: dropped"
        );
    }
    Ok(Reception::Received { known, unknown: unknown.len(), unreadable, unlisted })
}

/// Stores one receipt.
fn note(
    write: &mut Write<'_>,
    shared: &Arc<OutboxState>,
    key: GatewayKey,
    report: DeliveryReport,
    now: Timestamp,
) -> Result<ReceiptMatch, StoreError> {
    let Some(named) = write.get(GATEWAY_IDS, &key)? else {
        // `Worker` stores the id on this thread, too. So the later one of the two sees the other.
        if shared.under_way.load(Ordering::SeqCst) == 0 {
            return Ok(ReceiptMatch::Unknown(key));
        }
        let claim = shared.claims.load(Ordering::SeqCst);
        let oldest = shared.pending_receipts.keep(key, report, claim, now);
        return Ok(oldest.map_or(ReceiptMatch::Waits, ReceiptMatch::Unknown));
    };
    let Some(before) = write.get(DELIVERIES, &named.verification_id)? else {
        return Ok(ReceiptMatch::Unknown(key));
    };
    let Some(received) = before.clone().receive(report, now) else {
        return Ok(ReceiptMatch::Known);
    };
    shared.change(write, &before, received)?;
    Ok(ReceiptMatch::Known)
}

impl OutboxState {
    /// Drops receipts that have waited too long for their message's `gateway_id`.
    pub(super) fn expire_pending_receipts(&self, now: Timestamp) {
        self.drop_receipts(&self.pending_receipts.forget(now));
    }

    /// Counts receipts for unknown messages, and logs one line a driver with the first id.
    fn drop_receipts(&self, unknown: &[GatewayKey]) {
        self.unknown_receipts.fetch_add(unknown.len() as u64, Ordering::SeqCst);
        for (place, GatewayKey { driver, gateway_id }) in unknown.iter().enumerate() {
            let is_its = |key: &&GatewayKey| key.driver == *driver;
            if unknown[..place].iter().any(|key| is_its(&key)) {
                continue;
            }
            let may_show = self.failover.driver(driver).is_none_or(|it| it.may_show(gateway_id));
            let gateway_id =
                if may_show && !has_number(gateway_id) { gateway_id } else { NOT_SHOWN };
            let unknown = unknown.iter().filter(is_its).count();
            tracing::warn!(
                driver,
                unknown,
                gateway_id,
                "receipts for messages that nobody knows were dropped"
            );
        }
    }
}

/// Logged in place of an id that may hold a phone or a code.
const NOT_SHOWN: &str = "(an id that is not shown)";

/// Whether an id may hold a phone number: `380` and nine digits within others, or ten digits that begin with `0`.
fn has_number(id: &str) -> bool {
    let mut runs = id.split(|c: char| !c.is_ascii_digit());
    runs.any(|run| {
        let with_country = run.match_indices("380").any(|(start, _)| run.len() - start >= 12);
        with_country || (run.len() == 10 && run.starts_with('0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_may_be_a_phone_s_number_is_known() {
        for id in
            ["+380958697084", "m-380958697084", "0958697084", "x:0958697084:1", "9380958697084"]
        {
            assert!(has_number(id), "{id}");
        }
        for id in [
            "",
            "71",
            "6617169505098",
            "f83f8868-5e46-c6cf-e4fb-615e5a293754",
            "3801234",
            "123456789012345678901",
        ] {
            assert!(!has_number(id), "{id}");
        }
    }
}
