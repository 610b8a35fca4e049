//! Layouts of records that earlier releases have written. They are read, and never written again.

use serde::Deserialize;

use crate::domain::audit::{AuditEvent, AuditRow, AuditSubject};
use crate::domain::limits::Rate;
use crate::domain::{
    ClientId, Delivery, DeliveryError, DeliveryState, MaskedPhone, PersonRequestId, Phone,
    Requester, Timestamp, VerificationId,
};

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
    by: Requester,
    phone: Option<MaskedPhone>,
    verification_id: Option<VerificationId>,
    person_request_id: Option<PersonRequestId>,
}

impl From<AuditRowV1> for AuditRow {
    fn from(AuditRowV1 { at, what, times }: AuditRowV1) -> Self {
        let AuditedV1 { event, by, phone, verification_id, person_request_id } = what;
        let what =
            AuditSubject { event, by, phone, phone_hash: None, verification_id, person_request_id };
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

/// A delivery before it had the request's id.
#[derive(Deserialize)]
pub(super) struct DeliveryV1 {
    verification_id: VerificationId,
    client_id: Option<ClientId>,
    phone_number: Phone,
    previous: Option<VerificationId>,
    queued_at: Timestamp,
    expires_at: Timestamp,
    state: DeliveryState,
    is_uncertain: bool,
    is_final_try: bool,
    doubtful_driver: Option<String>,
    attempts: u16,
    driver: Option<String>,
    gateway_id: Option<String>,
    last_error: Option<DeliveryError>,
    submitted_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

impl From<DeliveryV1> for Delivery {
    fn from(old: DeliveryV1) -> Self {
        Self {
            verification_id: old.verification_id,
            client_id: old.client_id,
            phone_number: old.phone_number,
            previous: old.previous,
            queued_at: old.queued_at,
            expires_at: old.expires_at,
            state: old.state,
            is_uncertain: old.is_uncertain,
            is_final_try: old.is_final_try,
            doubtful_driver: old.doubtful_driver,
            attempts: old.attempts,
            driver: old.driver,
            gateway_id: old.gateway_id,
            last_error: old.last_error,
            submitted_at: old.submitted_at,
            sent_at: old.sent_at,
            ended_at: old.ended_at,
            request_id: None,
        }
    }
}
