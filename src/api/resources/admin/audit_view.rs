use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::audit::{AuditRow, RequestId};
use crate::domain::{ClientId, PersonRequestId, UserId, VerificationId};

/// One entry of `data`, or one line of a stream: an audit row with its number. The phone is masked.
#[derive(JsonSchema, Serialize)]
pub(super) struct AuditView<'r> {
    number: u64,
    #[schemars(extend("format" = "date-time"))]
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

pub(super) fn view(
    number: u64,
    AuditRow { at, what, times, request_id }: &AuditRow,
) -> AuditView<'_> {
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
