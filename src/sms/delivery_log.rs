//! The log line of a delivery's new state. `failover` logs the answers of drivers.

use tracing::field::display;

use crate::domain::{Delivery, DeliveryState};

/// Logs the state that a message has come to.
pub(super) fn record(delivery: &Delivery) {
    let Delivery { verification_id: verification, phone_number: phone, attempts, .. } = delivery;
    let (driver, error) = (delivery.driver.as_deref(), delivery.last_error.as_ref().map(display));
    let request_id = delivery.request_id.map(display);
    match delivery.state {
        DeliveryState::Submitting { .. } | DeliveryState::Sent => {}
        DeliveryState::Queued { due_at } if delivery.is_uncertain => {
            tracing::warn!(%verification, %phone, request_id, driver, attempts, next_at = %due_at, error, "sms may have been sent, and waits to be sent again");
        }
        DeliveryState::Queued { due_at } => {
            tracing::info!(%verification, %phone, request_id, driver, attempts, next_at = %due_at, error, "sms waits to be tried again");
        }
        DeliveryState::Delivered => {
            tracing::info!(%verification, %phone, request_id, driver, gateway_id = delivery.gateway_id, "sms delivered");
        }
        DeliveryState::Failed => {
            tracing::warn!(%verification, %phone, request_id, driver, attempts, error, "sms failed");
        }
        DeliveryState::Uncertain if error.is_none() => {
            tracing::info!(%verification, %phone, request_id, driver, attempts, "sms uncertain: it was sent, perhaps twice");
        }
        DeliveryState::Uncertain => {
            tracing::warn!(%verification, %phone, request_id, driver, attempts, error, "sms uncertain: whether it was sent, or twice, is not known");
        }
        DeliveryState::Expired => {
            tracing::warn!(%verification, %phone, request_id, driver, attempts, error, "sms not sent: its code's life has ended");
        }
        DeliveryState::Canceled => {
            tracing::info!(%verification, %phone, request_id, driver, attempts, error, "sms not sent: its code is used, spent or replaced");
        }
    }
}
