use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ClientId, Id, PersonId, Phone, Refusal, Timestamp, VerificationId};

/// The UUID of a person request.
pub type PersonRequestId = Id<PersonRequest>;

/// A clinic's request to create or update a person, which that person confirms by a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRequest {
    /// Its id.
    pub id: PersonRequestId,
    /// The client it was created for; to every other client it does not exist.
    pub client_id: ClientId,
    /// The person it is about, when they are in the registry already.
    pub person_id: Option<PersonId>,
    /// Where it stands, but for its age: see [`PersonRequest::status_at`].
    pub status: PersonRequestStatus,
    /// How it is confirmed, as taken down when it was created.
    pub authentication_method: AuthenticationMethod,
    /// The verification whose code approved it.
    pub approved_by: Option<VerificationId>,
    /// When it was made.
    pub inserted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where a person request stands (model of `person_requests`, and its chart of states).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PersonRequestStatus {
    /// Waits for the person's code.
    New,
    /// Confirmed.
    Approved,
    /// Signed by the clinic: in the registry.
    Signed,
    /// Turned down by the clinic.
    Rejected,
    /// Replaced by a newer request.
    Cancelled,
    /// Too old.
    Expired,
}

/// How a request is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthenticationMethod {
    /// A code to this number.
    Otp {
        /// The number the request was created with.
        phone_number: Phone,
    },
    /// Another person confirms, in the way that person has chosen by then.
    ThirdPerson {
        /// Who confirms.
        person_id: PersonId,
        /// Their number when the request was created, if they had one.
        phone_number: Option<Phone>,
    },
    /// Documents.
    Offline,
    /// Not chosen.
    Na,
}

impl PersonRequest {
    /// The status at `now`: a request still NEW after `life` is EXPIRED, whether or not anything has written that down.
    pub fn status_at(&self, now: Timestamp, life: Duration) -> PersonRequestStatus {
        match self.status {
            PersonRequestStatus::New if self.inserted_at + life <= now => {
                PersonRequestStatus::Expired
            }
            status => status,
        }
    }

    /// Refuses unless the request is NEW. Says so when it is NEW no longer because a code approved it.
    pub fn must_be_new(&self, now: Timestamp, life: Duration) -> Result<(), Refusal> {
        match self.status_at(now, life) {
            PersonRequestStatus::New => Ok(()),
            PersonRequestStatus::Approved
            | PersonRequestStatus::Signed
            | PersonRequestStatus::Rejected
            | PersonRequestStatus::Cancelled
            | PersonRequestStatus::Expired => {
                Err(Refusal::InvalidTransition { already_used: self.approved_by.is_some() })
            }
        }
    }

    /// No code is due: it was made without a method. A request whose method is another's, or whose method was changed
    /// later, is none of these.
    pub fn needs_no_code(&self) -> bool {
        matches!(self.authentication_method, AuthenticationMethod::Na)
    }

    /// NEW → APPROVED by the code of a verification.
    pub fn approve(
        self,
        by: VerificationId,
        now: Timestamp,
        life: Duration,
    ) -> Result<Self, Refusal> {
        self.must_be_new(now, life)?;
        Ok(self.approved(Some(by), now))
    }

    /// NEW → APPROVED without a code, where none is due.
    pub fn approve_without_code(self, now: Timestamp, life: Duration) -> Result<Self, Refusal> {
        self.must_be_new(now, life)?;
        if !self.needs_no_code() {
            return Err(Refusal::MethodNotOtp);
        }
        Ok(self.approved(None, now))
    }

    fn approved(self, by: Option<VerificationId>, now: Timestamp) -> Self {
        let updated_at = now.max(self.updated_at);
        Self { status: PersonRequestStatus::Approved, approved_by: by, updated_at, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_hours(1);

    fn request(status: PersonRequestStatus) -> PersonRequest {
        PersonRequest {
            id: Id::from_bytes([1; 16]),
            client_id: Id::from_bytes([2; 16]),
            person_id: None,
            status,
            authentication_method: AuthenticationMethod::Offline,
            approved_by: None,
            inserted_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn only_a_new_request_is_approved_and_only_once() {
        let now = Timestamp::from_micros(5);
        let by = Id::from_bytes([3; 16]);
        let approved = request(PersonRequestStatus::New).approve(by, now, LIFE).unwrap();
        assert_eq!(approved.status, PersonRequestStatus::Approved);
        assert_eq!(approved.updated_at, now);
        assert_eq!(
            approved.approve(by, now, LIFE),
            Err(Refusal::InvalidTransition { already_used: true })
        );
        for status in [
            PersonRequestStatus::Approved,
            PersonRequestStatus::Signed,
            PersonRequestStatus::Rejected,
            PersonRequestStatus::Cancelled,
            PersonRequestStatus::Expired,
        ] {
            assert_eq!(
                request(status).approve(by, now, LIFE),
                Err(Refusal::InvalidTransition { already_used: false })
            );
        }
    }

    #[test]
    fn only_a_request_that_was_made_without_a_method_is_approved_without_a_code() {
        let now = Timestamp::from_micros(5);
        let phone_number = Phone::parse("+380958697084").unwrap();
        let person_id = Id::from_bytes([4; 16]);
        let new = |authentication_method| PersonRequest {
            authentication_method,
            ..request(PersonRequestStatus::New)
        };
        for method in [
            AuthenticationMethod::Otp { phone_number },
            AuthenticationMethod::ThirdPerson { person_id, phone_number: Some(phone_number) },
            AuthenticationMethod::ThirdPerson { person_id, phone_number: None },
            AuthenticationMethod::Offline,
        ] {
            let refused = new(method).approve_without_code(now, LIFE);
            assert_eq!(refused, Err(Refusal::MethodNotOtp));
        }
        let approved = new(AuthenticationMethod::Na).approve_without_code(now, LIFE).unwrap();
        assert_eq!((approved.status, approved.approved_by), (PersonRequestStatus::Approved, None));
        assert_eq!(
            approved.approve_without_code(now, LIFE),
            Err(Refusal::InvalidTransition { already_used: false })
        );
        let end = Timestamp::from_micros(0) + LIFE;
        assert_eq!(
            new(AuthenticationMethod::Na).approve_without_code(end, LIFE),
            Err(Refusal::InvalidTransition { already_used: false })
        );
    }

    #[test]
    fn age_expires_a_new_request_at_the_microsecond_and_no_other() {
        let end = Timestamp::from_micros(0) + LIFE;
        let before = Timestamp::from_micros(end.as_micros() - 1);
        let new = request(PersonRequestStatus::New);
        assert_eq!(new.status_at(before, LIFE), PersonRequestStatus::New);
        assert_eq!(new.status_at(end, LIFE), PersonRequestStatus::Expired);
        let signed = request(PersonRequestStatus::Signed);
        assert_eq!(signed.status_at(end, LIFE), PersonRequestStatus::Signed);
    }
}
