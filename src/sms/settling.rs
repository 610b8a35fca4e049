//! What is found in the outbox when the process starts.

use std::sync::atomic::Ordering;

use super::outbox::Outbox;
use super::{news, rows};
use crate::domain::{Delivery, Timestamp};
use crate::store::schema::{AtKey, DELIVERIES, OUTBOX};
use crate::store::{StoreError, Write};

/// Messages that are read at a time.
const PAGE: usize = 1024;

impl Outbox {
    /// To be called before the first message: counts what is kept, and finds what was with a driver when the process
    /// ended. Whether that left, nobody knows.
    pub fn settle(&self, now: Timestamp) -> Result<(), StoreError> {
        let (mut kept, mut last) = (0, None);
        loop {
            let page = self.0.store.page(OUTBOX, last.as_ref(), PAGE)?;
            let keys: Vec<_> = page.into_iter().map(|(key, _)| key).collect();
            let Some(end) = keys.last() else { break };
            last = Some(*end);
            let settle = move |write: &mut Write<'_>| {
                let settled = keys.iter().map(|key| settle_one(write, *key, now));
                settled.collect::<Result<Vec<_>, StoreError>>()
            };
            for (is_kept, changed) in self.0.store.write_blocking_to_set_right(settle)? {
                kept += usize::from(is_kept);
                changed.iter().for_each(news::tell);
            }
        }
        self.0.kept.store(kept, Ordering::SeqCst);
        Ok(())
    }
}

/// What was with a driver is interrupted, and what comes from the future is over: how much of its life is left can't be
/// known. Says whether the message is kept, and what it is now if that is something else.
fn settle_one(
    write: &mut Write<'_>,
    key: AtKey,
    now: Timestamp,
) -> Result<(bool, Option<Delivery>), StoreError> {
    let Some(before) = write.get(DELIVERIES, &key.id)? else {
        write.remove(OUTBOX, &key);
        return Ok((false, None));
    };
    let mut delivery = before.clone().interrupt(now).unwrap_or_else(|| before.clone());
    if delivery.is_from_the_future(now) {
        delivery = delivery.clone().expire(now).unwrap_or(delivery);
    }
    if delivery == before {
        rows::set_apart(write, &delivery)?;
        return Ok((true, None));
    }
    let has_left = rows::change(write, Some(&before), &delivery)?;
    Ok((!has_left, Some(delivery)))
}
