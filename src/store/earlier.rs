//! Layouts of records that earlier releases have written. They are read, and never written again.

use serde::Deserialize;

use crate::domain::audit::{AuditEvent, AuditRow, AuditSubject};
use crate::domain::limits::Rate;
use crate::domain::{
    AccessType, Client, ClientId, Delivery, DeliveryError, DeliveryState, Id, MaskedPhone,
    PersonId, PersonRequestId, Phone, Requester, Scopes, SecretDigest, Timestamp, Token, User,
    UserId, VerificationId,
};

/// A client before its api-key was a connection. The migration to data version 5 reads the key.
#[derive(Deserialize)]
pub(super) struct ClientV1 {
    pub(super) id: ClientId,
    name: String,
    access_type: AccessType,
    broker_scope: Option<Scopes>,
    pub(super) api_key_digest: Option<SecretDigest>,
    is_blocked: bool,
}

impl From<ClientV1> for Client {
    fn from(old: ClientV1) -> Self {
        Self {
            id: old.id,
            name: old.name,
            access_type: old.access_type,
            broker_scope: old.broker_scope,
            is_blocked: old.is_blocked,
            block_reason: None,
            inserted_at: None,
            updated_at: None,
        }
    }
}

/// A user before it had times.
#[derive(Deserialize)]
pub(super) struct UserV1 {
    id: UserId,
    person_id: Option<PersonId>,
    is_blocked: bool,
}

impl From<UserV1> for User {
    fn from(UserV1 { id, person_id, is_blocked }: UserV1) -> Self {
        Self { id, person_id, is_blocked, block_reason: None, inserted_at: None, updated_at: None }
    }
}

/// A token before it had an id. The migration to data version 5 gives it one; here it has the id of zeros.
#[derive(Deserialize)]
pub(super) struct TokenV1 {
    user_id: UserId,
    client_id: ClientId,
    scope: Scopes,
    expires_at: Timestamp,
    is_revoked: bool,
}

impl From<TokenV1> for Token {
    fn from(old: TokenV1) -> Self {
        Self {
            id: Id::from_bytes([0; 16]),
            name: None,
            last_four: None,
            user_id: old.user_id,
            client_id: old.client_id,
            scope: old.scope,
            expires_at: old.expires_at,
            inserted_at: None,
            // No release has revoked a token, so that none has a time.
            revoked_at: old.is_revoked.then(|| Timestamp::from_micros(0)),
        }
    }
}

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
