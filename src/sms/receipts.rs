use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::driver::Told;
use super::outbox::{Reception, Shared};
use super::{news, rows};
use crate::domain::{Delivery, Fate, Receipt, Timestamp};
use crate::store::schema::{DELIVERIES, GATEWAY_IDS, GatewayKey};
use crate::store::{StoreError, Write};

/// Notes what a gateway says has become of messages. Saying it again changes nothing.
pub(super) async fn receive(
    shared: &Arc<Shared>,
    driver: &str,
    Told { receipts, unreadable }: Told,
    now: Timestamp,
) -> Result<Reception, StoreError> {
    let (noting, named) = (Arc::clone(shared), driver.to_owned());
    let note_all = move |write: &mut Write<'_>| {
        let key = |gateway_id| GatewayKey { driver: named.clone(), gateway_id };
        let noted = receipts
            .into_iter()
            .map(|Receipt { gateway_id, fate }| note(write, &noting, key(gateway_id), fate, now));
        noted.collect::<Result<Vec<_>, StoreError>>()
    };
    let (mut known, mut unknown) = (0, 0);
    for (is_known, changed) in shared.store.write(note_all).await? {
        let of_its_kind = if is_known { &mut known } else { &mut unknown };
        *of_its_kind += 1;
        changed.iter().for_each(news::tell);
    }
    if unknown > 0 {
        shared.unknown_receipts.fetch_add(unknown as u64, Ordering::SeqCst);
        tracing::warn!(driver, unknown, "receipts for messages that nobody knows were dropped");
    }
    if unreadable > 0 {
        tracing::warn!(
            driver,
            unreadable,
            "no receipts as sms.{driver}.receipts describes them: dropped"
        );
    }
    Ok(Reception::Received { known, unknown, unreadable })
}

/// Notes one. Says whether anybody knows its message, and what its delivery is now if that is something else.
fn note(
    write: &mut Write<'_>,
    shared: &Shared,
    key: GatewayKey,
    fate: Fate,
    now: Timestamp,
) -> Result<(bool, Option<Delivery>), StoreError> {
    let Some(named) = write.get(GATEWAY_IDS, &key)? else {
        // Here on the writer's thread, as the naming is: one of the two comes first, and sees the other.
        let may_be_named = shared.under_way.load(Ordering::SeqCst) > 0;
        let is_kept = may_be_named && !shared.early.keep(key, fate);
        return Ok((is_kept, None));
    };
    let Some(before) = write.get(DELIVERIES, &named.verification_id)? else {
        return Ok((false, None));
    };
    let Some(received) = before.clone().receive(fate, now) else { return Ok((true, None)) };
    rows::change(write, Some(&before), &received)?;
    Ok((true, Some(received)))
}
