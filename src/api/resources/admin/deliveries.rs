use serde::Serialize;

use crate::api::handler::Call;
use crate::api::refusal::Rejection;
use crate::api::resources::deliveries::{DeliveryView, verification_id};
use crate::api::response::Success;
use crate::api::state::ApiState;
use crate::domain::ClientId;

/// `data` of a delivery for the operator: with the client.
#[derive(Serialize)]
struct OwnedDeliveryView {
    /// The client that had the message sent; `null` for a call without a token.
    client_id: Option<ClientId>,
    #[serde(flatten)]
    delivery: DeliveryView,
}

/// `GET /admin/verifications/{id}/delivery`: the state of the message with this verification's code, of any client.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let delivery = state.service.delivery(verification_id(call)?, call.now)?;
    let client_id = delivery.client_id;
    Ok(Success::ok(&OwnedDeliveryView { client_id, delivery: DeliveryView::of(delivery) }))
}
