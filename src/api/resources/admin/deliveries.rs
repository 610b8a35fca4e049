use serde::Serialize;

use crate::api::handler::Call;
use crate::api::refusal::Rejection;
use crate::api::resources::deliveries::{DeliveryView, verification_id};
use crate::api::response::Success;
use crate::api::state::ApiState;
use crate::domain::ClientId;

#[derive(Serialize)]
struct OwnedDeliveryView {
    /// Who had it sent; nobody is who calls without a token.
    client_id: Option<ClientId>,
    #[serde(flatten)]
    delivery: DeliveryView,
}

/// `GET /admin/verifications/{id}/delivery`: what became of the message with this verification's code, whoever had it sent.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let delivery = state.service.delivery(verification_id(call)?, call.now)?;
    let client_id = delivery.client_id;
    Ok(Success::ok(&OwnedDeliveryView { client_id, delivery: DeliveryView::of(delivery) }))
}
