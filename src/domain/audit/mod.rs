//! Audit rows: for each code, the record of which client and user had it sent, guessed and used.
//!
//! A row contains no secret and no full number: no code, no token, and only a masked phone. The names of
//! [`AuditEvent::word`] and [`AuditEvent::reason`] are a contract with programs and don't change.

mod change;
mod event;
mod request_id;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use change::{AdminAction, AdminChange, AuditTarget, AuditText, FieldChange};
pub use event::{AuditEvent, CredentialKind, GuessFault, RecordKind, SendFault, TokenFault};
pub use request_id::{NotARequestId, RequestId};

use super::{
    MaskedPhone, PersonRequestId, Phone, Purpose, RequestOrigin, Requester, Timestamp,
    VerificationId,
};

/// One event, or several equal ones within a second, with the requester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// When it happened; for several equal events, the first.
    pub at: Timestamp,
    /// The event, its requester, phone and code.
    pub what: AuditSubject,
    /// How many equal events the row stands for.
    pub times: u32,
    /// `x-request-id` of the request; for several equal events, of the first.
    pub request_id: Option<RequestId>,
}

/// The part of a row that two events must have in common to share a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuditSubject {
    /// The event and its reason.
    pub event: AuditEvent,
    /// Client, user and address of the request, as far as they are known.
    pub by: Requester,
    /// The phone that the code was for, masked.
    pub phone: Option<MaskedPhone>,
    /// The phone's HMAC, so that an operator can search for the rows of a number.
    pub phone_hash: Option<PhoneHash>,
    /// The verification of the code, if there is one.
    pub verification_id: Option<VerificationId>,
    /// The person request that the code was for.
    pub person_request_id: Option<PersonRequestId>,
}

/// The first 128 bits of a phone's HMAC-SHA-256 with a secret of the data directory. Equal phones have equal hashes.
/// Without the secret the phone can't be found by trying all numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PhoneHash([u8; 16]);

impl PhoneHash {
    /// The hash with these sixteen bytes: see `audit::PhoneKey::hash`.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for PhoneHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneHash(…)")
    }
}

impl AuditRow {
    /// A row for one event, without phone, verification or person request.
    pub fn new(at: Timestamp, event: AuditEvent, origin: impl Into<RequestOrigin>) -> Self {
        let RequestOrigin { requester: by, request_id } = origin.into();
        let what = AuditSubject {
            event,
            by,
            phone: None,
            phone_hash: None,
            verification_id: None,
            person_request_id: None,
        };
        Self { at, what, times: 1, request_id }
    }

    /// The change that an operator made, if the row is about one.
    pub fn change(&self) -> Option<&AdminChange> {
        match &self.what.event {
            AuditEvent::AdminChanged(change) => Some(change),
            _ => None,
        }
    }

    /// The row with the verification of its code.
    #[must_use]
    pub fn of(self, id: VerificationId) -> Self {
        Self { what: AuditSubject { verification_id: Some(id), ..self.what }, ..self }
    }

    /// The row with the masked phone, and the person request of `purpose` if it has one.
    #[must_use]
    pub fn about_phone(self, phone: Phone, purpose: Purpose) -> Self {
        let person_request_id = match purpose {
            Purpose::PhoneVerification => None,
            Purpose::PersonRequest(id) => Some(id),
        };
        Self {
            what: AuditSubject { phone: Some(phone.into()), person_request_id, ..self.what },
            ..self
        }
    }

    /// The row with the person request that it is about.
    #[must_use]
    pub fn about_request(self, id: PersonRequestId) -> Self {
        Self { what: AuditSubject { person_request_id: Some(id), ..self.what }, ..self }
    }

    /// The row with the phone's HMAC; `None` leaves it out.
    #[must_use]
    pub fn findable_by(self, phone_hash: Option<PhoneHash>) -> Self {
        Self { what: AuditSubject { phone_hash, ..self.what }, ..self }
    }
}
