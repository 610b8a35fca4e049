//! The operator's view of audit rows.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::api::handler::{Call, HandlerFuture};
use crate::api::request::query::Query;
use crate::api::response::{Cursor, Success};
use crate::api::state::ApiState;
use crate::domain::audit::{AuditRow, RequestId};
use crate::domain::{ClientId, PersonRequestId, UserId, VerificationId};

/// The default of `page_size`, in rows.
const USUAL: u64 = 50;
/// The maximum of `page_size`, in rows.
const MOST: u64 = 500;

/// One entry of `data`: an audit row with its number. The phone is masked.
#[derive(Serialize)]
struct AuditView<'r> {
    number: u64,
    at: String,
    event: &'static str,
    reason: Option<&'r str>,
    client_id: Option<ClientId>,
    user_id: Option<UserId>,
    peer: Option<IpAddr>,
    phone_number: Option<String>,
    verification_id: Option<VerificationId>,
    person_request_id: Option<PersonRequestId>,
    times: u32,
    request_id: Option<RequestId>,
}

/// `GET /admin/audit?after=&page_size=`: the audit rows with numbers above `after`, oldest first.
pub(in crate::api) fn list(state: Arc<ApiState>, call: Call) -> HandlerFuture {
    Box::pin(async move {
        let mut query = Query::of(call.query.as_deref());
        let after = query.number("after", 0..=u64::MAX, 0);
        let page_size = query.number("page_size", 1..=MOST, USUAL);
        query.finish()?;
        let most = usize::try_from(page_size).unwrap_or(usize::MAX);
        // One row more than the page shows whether there is a next page.
        let mut rows = state.service.audit(after, most + 1).await?;
        let is_last = rows.len() <= most;
        rows.truncate(most);
        let next_after = rows.last().filter(|_| !is_last).map(|(number, _)| Cursor::Row(*number));
        let views: Vec<_> = rows.iter().map(|(number, row)| view(*number, row)).collect();
        Ok(Success::part_of_list(&views, most, next_after))
    })
}

fn view(number: u64, AuditRow { at, what, times, request_id }: &AuditRow) -> AuditView<'_> {
    AuditView {
        number,
        at: at.to_string(),
        event: what.event.word(),
        reason: what.event.reason(),
        client_id: what.by.client_id,
        user_id: what.by.user_id,
        peer: what.by.peer,
        phone_number: what.phone.map(|phone| phone.to_string()),
        verification_id: what.verification_id,
        person_request_id: what.person_request_id,
        times: *times,
        request_id: *request_id,
    }
}
