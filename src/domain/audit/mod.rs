//! What is written down for whoever has to answer, later, for who had which code sent, guessed and used.
//!
//! A row holds no secret and no full number: what a code or a token was is not in it, and a phone is in it as it is
//! masked. The words of [`AuditEvent::word`] and [`AuditEvent::reason`] are for programs and stay as they are.

mod event;
mod request_id;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use event::{AuditEvent, CredentialKind, GuessFault, SendFault, TokenFault};
pub use request_id::{NotARequestId, RequestId};

use super::{
    MaskedPhone, PersonRequestId, Phone, Purpose, RequestOrigin, Requester, Timestamp,
    VerificationId,
};

/// Something that happened, or was refused, and who asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// When; of several times the first.
    pub at: Timestamp,
    /// What happened.
    pub what: AuditSubject,
    /// How often the same has happened about then.
    pub times: u32,
    /// What the caller calls the request; of several the first.
    pub request_id: Option<RequestId>,
}

/// What a row is about: rows of one moment that are equal in this are one row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuditSubject {
    /// What it was.
    pub event: AuditEvent,
    /// Who asked, as far as that is known.
    pub by: Requester,
    /// Whose code it was about.
    pub phone: Option<MaskedPhone>,
    /// The same number, so that its rows can be found by who has it and the directory's secret.
    pub phone_hash: Option<PhoneHash>,
    /// Which code.
    pub verification_id: Option<VerificationId>,
    /// Which person request the code was for.
    pub person_request_id: Option<PersonRequestId>,
}

/// A number under a secret of the data directory: equal for equal numbers, and worth nothing without the secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PhoneHash([u8; 16]);

impl PhoneHash {
    /// From its sixteen bytes.
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
    /// What happened, once.
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

    /// The same about the code of this verification.
    #[must_use]
    pub fn of(self, id: VerificationId) -> Self {
        Self { what: AuditSubject { verification_id: Some(id), ..self.what }, ..self }
    }

    /// The same about a code for this phone and purpose.
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

    /// The same about a person request.
    #[must_use]
    pub fn about_request(self, id: PersonRequestId) -> Self {
        Self { what: AuditSubject { person_request_id: Some(id), ..self.what }, ..self }
    }

    /// The same, to be found by the number that has this hash.
    #[must_use]
    pub fn findable_by(self, phone_hash: Option<PhoneHash>) -> Self {
        Self { what: AuditSubject { phone_hash, ..self.what }, ..self }
    }
}
