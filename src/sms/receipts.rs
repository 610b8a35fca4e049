use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::outbox::{Reception, Shared};
use super::rows;
use crate::domain::{Fate, Receipt, Timestamp};
use crate::store::schema::{DELIVERIES, GATEWAY_IDS, GatewayKey};
use crate::store::{StoreError, Write};

/// Notes what a gateway says has become of messages. Saying it again changes nothing.
pub(super) async fn receive(
    shared: &Arc<Shared>,
    driver: &str,
    receipts: Vec<Receipt>,
    now: Timestamp,
) -> Result<Reception, StoreError> {
    let (noting, driver) = (Arc::clone(shared), driver.to_owned());
    let note_all = move |write: &mut Write<'_>| {
        let (mut known, mut unknown) = (0, 0);
        for Receipt { gateway_id, fate } in receipts {
            let key = GatewayKey { driver: driver.clone(), gateway_id };
            if note(write, &noting, key, fate, now)? {
                known += 1;
            } else {
                unknown += 1;
            }
        }
        Ok::<_, StoreError>((known, unknown, driver))
    };
    let (known, unknown, driver) = shared.store.write(note_all).await?;
    if unknown > 0 {
        shared.unknown_receipts.fetch_add(unknown as u64, Ordering::SeqCst);
        tracing::warn!(driver, unknown, "receipts for messages that nobody knows were dropped");
    }
    Ok(Reception::Received { known, unknown })
}

/// Notes one. False when nobody knows its message.
fn note(
    write: &mut Write<'_>,
    shared: &Shared,
    key: GatewayKey,
    fate: Fate,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(named) = write.get(GATEWAY_IDS, &key)? else {
        // Here on the writer's thread, as the naming is: one of the two comes first, and sees the other.
        if shared.under_way.load(Ordering::SeqCst) == 0 {
            return Ok(false);
        }
        return Ok(!shared.early.keep(key, fate));
    };
    let Some(delivery) = write.get(DELIVERIES, &named.verification_id)? else { return Ok(false) };
    if let Some(received) = delivery.clone().receive(fate, now) {
        rows::change(write, Some(&delivery), &received)?;
    }
    Ok(true)
}
