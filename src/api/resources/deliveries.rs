//! The state of messages with codes.

use schemars::JsonSchema;
use serde::Serialize;

use super::person_requests::{ID, person_request_id};
use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{FieldError, Rejection};
use crate::api::request::query::Parameters;
use crate::api::response::{Cursor, Success};
use crate::api::route::{Access, NOT_FOUND, READS, Row, Surface, read};
use crate::api::state::ApiState;
use crate::contract::{Field, Presence, Reader, Reported, Shape, Shaped, Source, Whole, shape};
use crate::domain::audit::RequestId;
use crate::domain::{Delivery, DeliveryStatus, Id, Refusal, Timestamp, VerificationId};

/// The rows of messages, for the clients that had them sent.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::ListDeliveries,
        about: "The messages with the codes of a person request, newest first",
        path: "/api/person_requests/{id}/deliveries",
        params: ID,
        access: Access::Scope("person_request:read"),
        parameters: Parameters::Known(DeliveriesQuery::SHAPE),
        answer: answer::page::<DeliveryView>(),
        refusals: &[NOT_FOUND, READS],
        ..read(list)
    },
    Row {
        operation: Operation::GetDelivery,
        path: "/api/verifications/{id}/delivery",
        access: Access::Scope("otp:read"),
        ..GET
    },
    Row {
        operation: Operation::InternalGetDelivery,
        path: "/verifications/{id}/delivery",
        surface: Surface::Internal,
        ..GET
    },
];

const GET: Row = Row {
    about: "The state of the message with the code of a verification",
    params: VERIFICATION_ID,
    answer: answer::object::<DeliveryView>(),
    refusals: &[NOT_FOUND, READS],
    ..read(get)
};

/// The parameter of paths of a message.
pub(super) const VERIFICATION_ID: &[Field] = &[Field {
    name: "id",
    about: "The id of the verification.",
    shape: VerificationId::SHAPE,
    presence: Presence::Required,
}];

shape! {
    /// The messages of a page.
    struct DeliveriesQuery {
        /// The `verification_id` of the message behind which the page begins.
        after: Option<After>,
        /// The most messages of the page.
        page_size: Whole<1, 50> = 50,
    }

    /// The beginning of a page, by itself.
    pub(super) struct AfterParameter {
        /// The `verification_id` of the message behind which the page begins.
        pub(super) after: Option<After>,
    }
}

/// The id of a message. A text that is no UUID is the id of none.
#[derive(Clone, Copy, Debug)]
pub(super) struct After(pub(super) Option<VerificationId>);

impl Shaped for After {
    const SHAPE: &'static Shape = VerificationId::SHAPE;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        reader.text(Self::SHAPE, value).map(|text| Self(Id::parse(&text)))
    }
}

/// `GET …/verifications/{id}/delivery`: the state of the message with this verification's code. Only the client that
/// had it sent sees it; for others it is [`Refusal::NotFound`].
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let delivery =
        state.service.delivery_for(call.requester().client_id, verification_id(call)?, call.now)?;
    Ok(Success::ok(&DeliveryView::of(delivery)))
}

/// `GET …/person_requests/{id}/deliveries?after=&page_size=`: the messages with this person request's codes, newest
/// first.
pub(in crate::api) fn list(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let request = state.service.person_request(call.caller()?, person_request_id(call)?)?;
    let mut query = call.read_query::<DeliveriesQuery>(state);
    if let Some(AfterParameter { after: Some(after) }) = call.read_part(state)
        && !matches!(after.0, Some(id) if state.service.is_for(id, &request)?)
    {
        query.refuse(FieldError::not_listed("after", "verification_id of a delivery"));
    }
    let DeliveriesQuery { after, page_size } = query.finish()?;
    let most = usize::try_from(page_size.0).unwrap_or(usize::MAX);
    // One entry more than the page shows whether there is a next page.
    let mut deliveries =
        state.service.deliveries(&request, after.and_then(|after| after.0), most + 1, call.now)?;
    let is_last = deliveries.len() <= most;
    deliveries.truncate(most);
    let last = deliveries.last().filter(|_| !is_last);
    let next_after = last.map(|delivery| Cursor::Delivery(delivery.verification_id));
    let views: Vec<_> = deliveries.into_iter().map(DeliveryView::of).collect();
    Ok(Success::part_of_list(&views, most, next_after))
}

/// The id in the path. A text that is no UUID is [`Refusal::NotFound`], like an unknown id.
pub(super) fn verification_id(call: &Call) -> Result<VerificationId, Refusal> {
    Id::parse(call.param()).ok_or(Refusal::NotFound)
}

/// `data` of a delivery, for clients and for the operator. The phone is masked, and the code is not in it.
#[derive(JsonSchema, Serialize)]
pub(super) struct DeliveryView {
    /// The verification of the code in the message.
    verification_id: VerificationId,
    /// The state of the message.
    status: DeliveryStatus,
    /// The phone, masked, such as `+38095*****84`.
    phone_number: String,
    /// The driver that accepted the message, or that was called last; `null` before the first call.
    driver: Option<String>,
    /// The gateway's own id of the message; `null` if the gateway gave none.
    gateway_id: Option<String>,
    /// The number of calls to drivers so far.
    attempts: u16,
    /// Whether a call ended without a clear answer. Once `true`, it stays so: the message may arrive twice.
    uncertain: bool,
    /// The error of the last call or receipt; `null` after a success.
    last_error: Option<String>,
    /// When the outbox accepted the message.
    #[schemars(extend("format" = "date-time"))]
    queued_at: String,
    /// When the last call to a driver began.
    #[schemars(extend("format" = "date-time"))]
    submitted_at: Option<String>,
    /// When a driver accepted the message.
    #[schemars(extend("format" = "date-time"))]
    sent_at: Option<String>,
    /// When the gateway reported the message as delivered.
    #[schemars(extend("format" = "date-time"))]
    delivered_at: Option<String>,
    /// When the state became final.
    #[schemars(extend("format" = "date-time"))]
    ended_at: Option<String>,
    /// When the outbox calls a driver next; `null` if it calls none any more.
    #[schemars(extend("format" = "date-time"))]
    next_attempt_at: Option<String>,
    /// When the code expires. From then on the message is not sent.
    #[schemars(extend("format" = "date-time"))]
    expires_at: String,
    /// The `x-request-id` of the request that had the code sent: at most 64 characters, with digits masked that may be a
    /// phone number.
    request_id: Option<RequestId>,
}

impl DeliveryView {
    pub(super) fn of(delivery: Delivery) -> Self {
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let (status, next_attempt_at) = (delivery.status(), delivery.due_at());
        let delivered_at = delivery.ended_at.filter(|_| status == DeliveryStatus::Delivered);
        Self {
            verification_id: delivery.verification_id,
            status,
            phone_number: delivery.phone_number.masked(),
            driver: delivery.driver,
            gateway_id: delivery.gateway_id,
            attempts: delivery.attempts,
            uncertain: delivery.is_uncertain,
            last_error: delivery.last_error.map(|error| error.to_string()),
            queued_at: delivery.queued_at.to_string(),
            submitted_at: text(delivery.submitted_at),
            sent_at: text(delivery.sent_at),
            delivered_at: text(delivered_at),
            ended_at: text(delivery.ended_at),
            next_attempt_at: text(next_attempt_at),
            expires_at: delivery.expires_at.to_string(),
            request_id: delivery.request_id,
        }
    }
}
