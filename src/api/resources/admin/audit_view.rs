use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::audit::{AuditRow, FieldChange, RequestId};
use crate::domain::{ClientId, Peer, PersonRequestId, UserId, VerificationId};

/// One entry of `data`, or one line of a stream: an audit row with its number. The phone is masked.
#[derive(JsonSchema, Serialize)]
pub(super) struct AuditView<'r> {
    /// The number of the row. Later rows have larger numbers.
    number: u64,
    /// When it happened; for several equal events the first time.
    #[schemars(extend("format" = "date-time"))]
    at: String,
    /// The event, such as `code_issued`.
    event: &'static str,
    /// The reason of the event; `null` for events without one.
    reason: Option<&'r str>,
    /// The client that made the request; `null` without a token.
    client_id: Option<ClientId>,
    /// The user of the token; `null` without a token.
    user_id: Option<UserId>,
    /// The caller's address, of IPv4 or IPv6.
    peer: Option<IpAddr>,
    /// The user id of a caller on the Unix socket; `null` for every other caller.
    uid: Option<u32>,
    /// The phone of the code, masked.
    phone_number: Option<String>,
    /// The verification of the code.
    verification_id: Option<VerificationId>,
    /// The person request that the code was for.
    person_request_id: Option<PersonRequestId>,
    /// The number of equal events within a second that the row stands for.
    times: u32,
    /// The `x-request-id` of the request: at most 64 characters, with digits masked that may be a phone number.
    request_id: Option<RequestId>,
    /// The kind of record that an operator changed, such as `client`. Only in rows of `admin_changed`, as the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_kind: Option<&'static str>,
    /// The id of that record: a UUID, a masked phone, or a driver's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_id: Option<String>,
    /// The fields that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<FieldView<'r>>>,
}

/// A field that an operator changed. Phone numbers are masked, and long values are cut.
#[derive(JsonSchema, Serialize)]
struct FieldView<'r> {
    /// The field's name.
    field: &'r str,
    /// The value before; `null` for none.
    before: Option<&'r str>,
    /// The value after; `null` for none.
    after: Option<&'r str>,
}

impl<'r> FieldView<'r> {
    fn of(FieldChange { name, before, after }: &'r FieldChange) -> Self {
        Self { field: name, before: before.as_deref(), after: after.as_deref() }
    }
}

pub(super) fn view(number: u64, row: &AuditRow) -> AuditView<'_> {
    let AuditRow { at, what, times, request_id } = row;
    let change = row.change();
    AuditView {
        number,
        at: at.to_string(),
        event: what.event.word(),
        reason: what.event.reason(),
        client_id: what.by.client_id,
        user_id: what.by.user_id,
        peer: what.by.peer.and_then(Peer::address),
        uid: what.by.peer.and_then(Peer::uid),
        phone_number: what.phone.map(|phone| phone.to_string()),
        verification_id: what.verification_id,
        person_request_id: what.person_request_id,
        times: *times,
        request_id: *request_id,
        target_kind: change.map(|change| change.target.kind()),
        target_id: change.map(|change| change.target.id()),
        changes: change.map(|change| change.fields.iter().map(FieldView::of).collect()),
    }
}
