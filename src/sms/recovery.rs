//! Recovers the outbox when the process starts.

use super::outbox::Outbox;
use super::{delivery_index, delivery_log};
use crate::domain::{Delivery, Timestamp};
use crate::store::schema::{ASKS, AtKey, DELIVERIES, OUTBOX};
use crate::store::{Priority, StoreError, Write};

/// Messages of one write.
const PAGE: usize = 1024;

impl Outbox {
    /// Counts the stored messages. Interrupts those that were `submitting` when the last process ended: whether they left is
    /// not known. Call it before [`Worker::run`](super::Worker::run).
    pub fn recover(&self, now: Timestamp) -> Result<(), StoreError> {
        self.0.capacity.clear();
        let mut last = None;
        loop {
            let page = self.0.store.page(OUTBOX, last.as_ref(), PAGE)?;
            let keys: Vec<_> = page.into_iter().map(|(key, _)| key).collect();
            let Some(end) = keys.last() else { break };
            last = Some(*end);
            let recover = move |write: &mut Write<'_>| {
                let recovered = keys.iter().map(|key| recover_one(write, *key, now));
                recovered.collect::<Result<Vec<_>, StoreError>>()
            };
            for recovered in
                self.0.store.write_blocking(Priority::MayUseReserve, recover)?.into_iter().flatten()
            {
                if recovered.delivery.is_in_outbox() {
                    self.0.capacity.keep(recovered.delivery.client_id);
                }
                if recovered.has_changed {
                    delivery_log::record(&recovered.delivery);
                }
            }
        }
        self.move_questions()
    }

    fn move_questions(&self) -> Result<(), StoreError> {
        loop {
            let page = self.0.store.page(ASKS, None, PAGE)?;
            if page.is_empty() {
                return Ok(());
            }
            let move_all = move |write: &mut Write<'_>| {
                page.into_iter().try_for_each(|(key, _)| delivery_index::ask_in_its_row(write, key))
            };
            self.0.store.write_blocking(Priority::MayUseReserve, move_all)?;
        }
    }
}

/// A message of the outbox after its recovery.
struct Recovered {
    delivery: Delivery,
    has_changed: bool,
}

/// Interrupts a message that was with a driver, and expires one that was accepted in the future: the rest of its life is not
/// known. Returns `None` if it has no delivery.
fn recover_one(
    write: &mut Write<'_>,
    key: AtKey,
    now: Timestamp,
) -> Result<Option<Recovered>, StoreError> {
    let Some(before) = write.get(DELIVERIES, &key.id)? else {
        write.remove(OUTBOX, &key);
        return Ok(None);
    };
    let mut delivery = before.clone().interrupt(now).unwrap_or_else(|| before.clone());
    if delivery.is_from_the_future(now) {
        delivery = delivery.clone().expire(now).unwrap_or(delivery);
    }
    let has_changed = delivery != before;
    if has_changed {
        delivery_index::change(write, Some(&before), &delivery)?;
    } else {
        delivery_index::set_apart(write, &delivery)?;
    }
    Ok(Some(Recovered { delivery, has_changed }))
}
