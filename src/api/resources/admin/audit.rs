//! The operator's view of audit rows.

use std::sync::Arc;

use super::audit_stream;
use super::audit_view::{AuditView, view};
use super::list_order::ListOrder;
use crate::api::answer;
use crate::api::handler::Call;
use crate::api::media_type::MediaType;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::response::{Cursor, Success};
use crate::api::route::{Access, Row, Surface, WRITES, change};
use crate::api::state::ApiState;
use crate::audit::{AuditFilter, AuditOrder, AuditPage, AuditQuery};
use crate::contract::{Moment, Name, OneOf, Shaped as _, Whole, WordList, shape};
use crate::domain::audit::{AuditEvent, RequestId};
use crate::domain::limits::Limits;
use crate::domain::{ClientId, PersonRequestId, Phone, VerificationId};

/// The row of audit.
pub(in crate::api) const ROUTES: &[Row] = &[Row {
    operation: Operation::ReadAudit,
    about: "The audit rows that match every parameter",
    path: "/admin/audit",
    answers: &[MediaType::Json, MediaType::NdJson],
    parameters: Parameters::Only(AuditParameters::SHAPE),
    surface: Surface::Internal,
    access: Access::Scope("admin:read"),
    body: Body::None,
    max_body: 0,
    answer: answer::page::<AuditView<'static>>(),
    refusals: &[WRITES],
    ..change("GET", &list)
}];

shape! {
    /// The audit rows that match every given parameter, and the page of them.
    pub(in crate::api) struct AuditParameters {
        /// The phone in full. Rows have its keyed hash.
        phone: Option<Phone>,
        /// The `x-request-id` of the request.
        request_id: Option<RequestId>,
        /// The verification whose code the row is about.
        verification_id: Option<VerificationId>,
        /// The person request that the row is about.
        person_request_id: Option<PersonRequestId>,
        /// The client that made the request.
        client_id: Option<ClientId>,
        /// The event.
        event: Option<OneOf<EventWords>>,
        /// The reason of the event.
        reason: Option<OneOf<ReasonWords>>,
        /// The record that an operator changed: its UUID, its phone as the row has it, or a driver's name.
        target_id: Option<Name>,
        /// The earliest time.
        from: Option<Moment>,
        /// The end of the time, which is not included.
        to: Option<Moment>,
        /// Oldest first (`asc`, the default) or newest first.
        order: Option<ListOrder>,
        /// The number of the row behind which the page begins, in this order.
        after: Option<Whole<0, { u64::MAX }>>,
        /// The maximum of rows.
        page_size: Whole<1, 500> = 50,
    }
}

/// The words of [`AuditEvent::word`].
#[derive(Debug)]
struct EventWords;

/// The words of [`AuditEvent::reason`], and those of limits.
#[derive(Debug)]
struct ReasonWords;

impl WordList for EventWords {
    const WORDS: &'static [&'static str] = &AuditEvent::WORDS;
}

impl WordList for ReasonWords {
    const WORDS: &'static [&'static str] = &{
        const EVENTS: usize = AuditEvent::REASONS.len();
        let mut words = [""; EVENTS + Limits::REASONS.len()];
        words.split_at_mut(EVENTS).0.copy_from_slice(&AuditEvent::REASONS);
        words.split_at_mut(EVENTS).1.copy_from_slice(&Limits::REASONS);
        words
    };
}

/// `GET /admin/audit`: the audit rows that match every parameter, oldest or newest first. As NDJSON all
/// of them, in a stream.
pub(in crate::api) async fn list(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let (phone, query) = call.read_query::<AuditParameters>(&state).finish()?.query();
    if call.answer == MediaType::NdJson {
        return audit_stream::of(state, phone, query).await;
    }
    let page_size = query.most;
    let AuditPage { rows, next_after, .. } = state.service.audit(phone, query).await?;
    let views: Vec<_> = rows.iter().map(|(number, row)| view(*number, row)).collect();
    Ok(Success::part_of_list(&views, page_size, next_after.map(Cursor::Row)))
}

impl AuditParameters {
    /// The query, and its `phone`, which the service turns into the hash that rows have.
    fn query(self) -> (Option<Phone>, AuditQuery) {
        let filter = AuditFilter {
            phone: None,
            request_id: self.request_id,
            verification_id: self.verification_id,
            person_request_id: self.person_request_id,
            client_id: self.client_id,
            event: self.event.map(|event| event.word),
            reason: self.reason.map(|reason| reason.word),
            target_id: self.target_id.map(|target| target.0),
            from: self.from.map(|from| from.0),
            to: self.to.map(|to| to.0),
        };
        let order = match self.order {
            Some(ListOrder::Desc) => AuditOrder::NewestFirst,
            Some(ListOrder::Asc) | None => AuditOrder::OldestFirst,
        };
        let after = self.after.map(|after| after.0);
        let most = usize::try_from(self.page_size.0).unwrap_or(usize::MAX);
        (self.phone, AuditQuery { filter, order, after, most, ..AuditQuery::default() })
    }
}
