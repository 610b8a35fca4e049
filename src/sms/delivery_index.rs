//! Keeps the trees `outbox`, `outbox_due`, `outbox_again`, `gateway_ids` and `questions` in step with a delivery's state.

use crate::domain::{Delivery, DeliveryState, Phone, Timestamp};
use crate::store::schema::{
    ASKS, AtKey, DELIVERIES, Due, GATEWAY_IDS, GatewayId, GatewayKey, KEEP_VERIFICATIONS, OUTBOX,
    OUTBOX_AGAIN, OUTBOX_DUE, QUESTIONS, QuestionKey, SENDS, SealedMessage,
};
use crate::store::{StoreError, Table, Write};

/// The key of a delivery's message in [`OUTBOX`].
pub(super) fn outbox_key(delivery: &Delivery) -> AtKey {
    AtKey { at: delivery.expires_at, id: delivery.verification_id }
}

/// The entry of a delivery that waits. A second try waits in [`OUTBOX_AGAIN`], so that it delays no first try.
fn due(delivery: &Delivery) -> Option<(Table<AtKey, Due>, AtKey)> {
    let key = AtKey { at: delivery.due_at()?, id: delivery.verification_id };
    Some((if delivery.is_final_try { OUTBOX_AGAIN } else { OUTBOX_DUE }, key))
}

/// Moves a second try to [`OUTBOX_AGAIN`]: earlier releases kept every entry in [`OUTBOX_DUE`].
pub(super) fn set_apart(write: &mut Write<'_>, delivery: &Delivery) -> Result<(), StoreError> {
    let Some((table, key)) = due(delivery).filter(|_| delivery.is_final_try) else { return Ok(()) };
    write.remove(OUTBOX_DUE, &key);
    write.put(table, &key, &Due {})
}

/// Stores a delivery and its entries. No other function changes [`DELIVERIES`]. Returns whether the message has left the
/// outbox.
pub(super) fn change(
    write: &mut Write<'_>,
    before: Option<&Delivery>,
    after: &Delivery,
) -> Result<bool, StoreError> {
    let id = after.verification_id;
    if let Some((table, key)) = before.and_then(due) {
        write.remove(table, &key);
    }
    if let Some((table, key)) = due(after) {
        write.put(table, &key, &Due {})?;
    }
    let has_left = before.is_some_and(Delivery::is_in_outbox) && !after.is_in_outbox();
    if has_left {
        write.remove(OUTBOX, &outbox_key(after));
    }
    if let DeliveryState::Submitting { is_obsolete: true } = after.state {
        // A driver has the text. The entry stays, so that the next process finds it if this one ends now.
        write.put(OUTBOX, &outbox_key(after), &SealedMessage::erased())?;
    }
    if after.has_ended_unsent() && !before.is_some_and(Delivery::has_ended_unsent) {
        give_back_send(write, after.phone_number, after.queued_at)?;
    }
    write.put(DELIVERIES, &id, after)?;
    Ok(has_left)
}

/// Takes a send that never left out of the phone's hour and day. It was counted when its message was accepted. If the clock
/// was set back between, it stays counted.
pub(crate) fn give_back_send(
    write: &mut Write<'_>,
    phone: Phone,
    counted_at: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut sends) = write.get(SENDS, &phone)? else { return Ok(()) };
    if sends.give_back(counted_at) {
        write.put(SENDS, &phone, &sends)?;
    }
    Ok(())
}

/// Connects the gateway's id with the delivery. A gateway that gives an id twice means the newest message.
pub(super) fn name(
    write: &mut Write<'_>,
    key: &GatewayKey,
    delivery: &Delivery,
) -> Result<(), StoreError> {
    let verification_id = delivery.verification_id;
    let keep_until = delivery.queued_at + KEEP_VERIFICATIONS;
    write.put(GATEWAY_IDS, key, &GatewayId { verification_id, keep_until })
}

/// The gateway's id of the delivery, if it has one.
pub(super) fn gateway_key(delivery: &Delivery) -> Option<GatewayKey> {
    let (driver, gateway_id) = (delivery.driver.clone()?, delivery.gateway_id.clone()?);
    Some(GatewayKey { driver, gateway_id })
}

/// Plans the next question to the gateway. Returns `false` if there is none to ask.
pub(super) fn ask_later(
    write: &mut Write<'_>,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some((at, driver)) = delivery.next_poll_at(now).zip(delivery.driver.clone()) else {
        return Ok(false);
    };
    write.put(QUESTIONS, &QuestionKey { driver, at, id: delivery.verification_id }, &Due {})?;
    Ok(true)
}

/// Moves a question from [`ASKS`], where earlier releases kept those to all drivers.
pub(super) fn ask_in_its_row(write: &mut Write<'_>, key: AtKey) -> Result<(), StoreError> {
    write.remove(ASKS, &key);
    let Some(delivery) = write.get(DELIVERIES, &key.id)? else { return Ok(()) };
    let Some(GatewayKey { driver, .. }) = gateway_key(&delivery) else { return Ok(()) };
    write.put(QUESTIONS, &QuestionKey { driver, at: key.at, id: key.id }, &Due {})
}
