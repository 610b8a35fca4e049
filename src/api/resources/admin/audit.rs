//! The operator's view of audit rows.

use std::sync::Arc;

use super::audit_stream;
use super::audit_view::view;
use crate::api::handler::{Call, HandlerFuture};
use crate::api::media_type::MediaType;
use crate::api::refusal::Rejection;
use crate::api::request::query::Query;
use crate::api::response::{Cursor, Success};
use crate::api::state::ApiState;
use crate::audit::{AuditFilter, AuditOrder, AuditPage, AuditQuery};
use crate::domain::Phone;
use crate::domain::audit::AuditEvent;
use crate::domain::limits::Limits;

/// The default of `page_size`, in rows.
const USUAL: u64 = 50;
/// The maximum of `page_size`, in rows.
const MOST: u64 = 500;

/// The query parameters of `GET /admin/audit`.
pub(in crate::api) const PARAMETERS: &[&str] = &[
    "phone",
    "request_id",
    "verification_id",
    "person_request_id",
    "client_id",
    "event",
    "reason",
    "from",
    "to",
    "order",
    "after",
    "page_size",
];

/// `GET /admin/audit`: the audit rows that match every parameter, oldest or newest first. As NDJSON all
/// of them, in a stream.
pub(in crate::api) fn list(state: Arc<ApiState>, call: Call) -> HandlerFuture {
    Box::pin(async move {
        let (phone, query) = read_query(call.query.as_deref())?;
        if call.answer == MediaType::NdJson {
            return audit_stream::of(state, phone, query).await;
        }
        let page_size = query.most;
        let AuditPage { rows, next_after, .. } = state.service.audit(phone, query).await?;
        let views: Vec<_> = rows.iter().map(|(number, row)| view(*number, row)).collect();
        Ok(Success::part_of_list(&views, page_size, next_after.map(Cursor::Row)))
    })
}

/// The query of a call, and its `phone`, which the service turns into the hash that rows have.
fn read_query(query: Option<&str>) -> Result<(Option<Phone>, AuditQuery), Rejection> {
    let mut query = Query::of(query);
    let after = query.is_given("after").then(|| query.number("after", 0..=u64::MAX, 0));
    let page_size = query.number("page_size", 1..=MOST, USUAL);
    let phone = query.phone("phone");
    let filter = AuditFilter {
        phone: None,
        request_id: query.request_id("request_id"),
        verification_id: query.id("verification_id"),
        person_request_id: query.id("person_request_id"),
        client_id: query.id("client_id"),
        event: query.word("event", &AuditEvent::WORDS),
        reason: query.word("reason", &reasons()),
        from: query.time("from"),
        to: query.time("to"),
    };
    let order = match query.word("order", &["asc", "desc"]) {
        Some("desc") => AuditOrder::NewestFirst,
        Some(_) | None => AuditOrder::OldestFirst,
    };
    query.finish()?;
    let most = usize::try_from(page_size).unwrap_or(usize::MAX);
    Ok((phone, AuditQuery { filter, order, after, most, ..AuditQuery::default() }))
}

/// Every word that the reason of a row can be: the words of [`AuditEvent`], and those of limits.
fn reasons() -> Vec<&'static str> {
    let limits = Limits::default();
    let mut reasons = AuditEvent::REASONS.to_vec();
    for limit in limits.rows() {
        if !reasons.contains(&limit.reason) {
            reasons.push(limit.reason);
        }
    }
    reasons
}
