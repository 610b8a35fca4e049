//! The operator's view of messages with codes.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::list_order::ListOrder;
use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{FieldError, Rejection};
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::resources::deliveries::{
    After, AfterParameter, DeliveryView, VERIFICATION_ID, verification_id,
};
use crate::api::response::{Cursor, Success};
use crate::api::route::{Access, NOT_FOUND, READS, Row, Surface, change, read};
use crate::api::state::ApiState;
use crate::contract::{Moment, Name, Shaped as _, Whole, shape};
use crate::domain::audit::RequestId;
use crate::domain::{ClientId, Delivery, DeliveryStatus, PersonRequestId, Phone};
use crate::service::{DeliveryFilter, DeliveryPage, DeliverySearch, MOST_READ};
use crate::store::Order;

shape! {
    /// The messages that match every given parameter, and the page of them.
    pub(in crate::api) struct DeliveryParameters {
        /// The phone in full.
        phone: Option<Phone>,
        /// The status.
        status: Option<DeliveryStatus>,
        /// The driver that accepted the message, or that was called last.
        driver: Option<Name>,
        /// The `x-request-id` of the request that had the code sent.
        request_id: Option<RequestId>,
        /// The client that had the code sent.
        client_id: Option<ClientId>,
        /// The person request that the code is for.
        person_request_id: Option<PersonRequestId>,
        /// The earliest `queued_at`.
        from: Option<Moment>,
        /// The end of the time of `queued_at`, which is not included.
        to: Option<Moment>,
        /// Newest first (`desc`, the default) or oldest first.
        order: Option<ListOrder>,
        /// The `verification_id` of the message behind which the page begins, in this order.
        after: Option<After>,
        /// The maximum of messages.
        page_size: Whole<1, 500> = 50,
    }
}

/// The rows of messages, for the operator.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::AdminGetDelivery,
        about: "The state of the message with the code of a verification, of any client",
        path: "/admin/verifications/{id}/delivery",
        params: VERIFICATION_ID,
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: Access::Scope("admin:read"),
        answer: answer::object::<OwnedDeliveryView>(),
        refusals: &[NOT_FOUND, READS],
        ..read(get)
    },
    Row {
        operation: Operation::AdminListDeliveries,
        about: "The messages that match every parameter, of any client",
        path: "/admin/deliveries",
        parameters: Parameters::Only(DeliveryParameters::SHAPE),
        surface: Surface::Internal,
        access: Access::Scope("admin:read"),
        body: Body::None,
        max_body: 0,
        answer: answer::page::<OwnedDeliveryView>(),
        refusals: &[READS],
        ..change("GET", &list)
    },
];

/// `data` of a delivery for the operator: with the client.
#[derive(JsonSchema, Serialize)]
pub(super) struct OwnedDeliveryView {
    /// The client that had the message sent; `null` for a call without a token.
    client_id: Option<ClientId>,
    #[serde(flatten)]
    delivery: DeliveryView,
}

impl OwnedDeliveryView {
    pub(super) fn of(delivery: Delivery) -> Self {
        Self { client_id: delivery.client_id, delivery: DeliveryView::of(delivery) }
    }
}

/// `GET /admin/verifications/{id}/delivery`: the state of the message with this verification's code, of any client.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let delivery = state.service.delivery(verification_id(call)?, call.now)?;
    Ok(Success::ok(&OwnedDeliveryView::of(delivery)))
}

/// `GET /admin/deliveries`: the messages that match every parameter, newest or oldest first.
pub(in crate::api) async fn list(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let mut query = call.read_query::<DeliveryParameters>(&state);
    if let Some(AfterParameter { after: Some(after) }) = call.read_part(&state)
        && !matches!(after.0, Some(id) if state.service.has_delivery(id)?)
    {
        query.refuse(FieldError::not_listed("after", "verification_id of a delivery"));
    }
    let search = query.finish()?.search();
    let page_size = search.most;
    let DeliveryPage { deliveries, next_after } =
        state.service.search_deliveries(search, call.now).await?;
    let views: Vec<_> = deliveries.into_iter().map(OwnedDeliveryView::of).collect();
    Ok(Success::part_of_list(&views, page_size, next_after.map(Cursor::Delivery)))
}

impl DeliveryParameters {
    fn search(self) -> DeliverySearch {
        let filter = DeliveryFilter {
            phone: self.phone,
            status: self.status,
            driver: self.driver.map(|driver| driver.0),
            request_id: self.request_id,
            client_id: self.client_id,
            person_request_id: self.person_request_id,
            from: self.from.map(|from| from.0),
            to: self.to.map(|to| to.0),
        };
        let order = match self.order {
            Some(ListOrder::Asc) => Order::Ascending,
            Some(ListOrder::Desc) | None => Order::Descending,
        };
        let most = usize::try_from(self.page_size.0).unwrap_or(usize::MAX);
        let after = self.after.and_then(|after| after.0);
        DeliverySearch { filter, order, after, most, most_read: MOST_READ }
    }
}
