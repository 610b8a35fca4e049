//! Layouts of records that earlier releases have written. They are read, and never written again.

use serde::Deserialize;

use crate::domain::audit::{AuditEvent, AuditRow, Audited};
use crate::domain::limits::Rate;
use crate::domain::{By, MaskedPhone, PersonRequestId, Timestamp, VerificationId};

/// A row of audit before it had a hash of the number and the request's id.
#[derive(Deserialize)]
pub(super) struct AuditRowV1 {
    at: Timestamp,
    what: AuditedV1,
    times: u32,
}

#[derive(Deserialize)]
struct AuditedV1 {
    event: AuditEvent,
    by: By,
    phone: Option<MaskedPhone>,
    verification_id: Option<VerificationId>,
    person_request_id: Option<PersonRequestId>,
}

impl From<AuditRowV1> for AuditRow {
    fn from(AuditRowV1 { at, what, times }: AuditRowV1) -> Self {
        let AuditedV1 { event, by, phone, verification_id, person_request_id } = what;
        let what =
            Audited { event, by, phone, phone_hash: None, verification_id, person_request_id };
        Self { at, what, times, request_id: None }
    }
}

/// A budget before it was kept when it was last spent from.
#[derive(Deserialize)]
pub(super) struct RateV1 {
    full_at: Timestamp,
    is_low: bool,
}

impl From<RateV1> for Rate {
    fn from(RateV1 { full_at, is_low }: RateV1) -> Self {
        Self::of_old(full_at, is_low)
    }
}
