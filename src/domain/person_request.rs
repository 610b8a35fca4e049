use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use super::{ClientId, Id, PersonId, Phone, Refusal, Timestamp, VerificationId};

/// The UUID of a person request: `{id}` of its routes.
pub type PersonRequestId = Id<PersonRequest>;

/// A clinic's request to create or update a [`Person`](super::Person). The person approves it with a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRequest {
    /// The UUID in the path of `resend_otp` and `approve`.
    pub id: PersonRequestId,
    /// The client that created the request. For every other client the answer is 404.
    pub client_id: ClientId,
    /// The person to update; `None` if the request creates one.
    pub person_id: Option<PersonId>,
    /// The stored status. A request that is too old is still stored as `New`: read [`PersonRequest::status_at`].
    pub status: PersonRequestStatus,
    /// The authentication method at the time of creation; later changes of the person's method don't reach it.
    pub authentication_method: AuthenticationMethod,
    /// The verification of the code that approved the request; `None` before, and if no code was required.
    pub approved_by: Option<VerificationId>,
    /// When the request was created: its life begins here.
    pub inserted_at: Timestamp,
    /// When the request last changed: `updated_at` of the answer.
    pub updated_at: Timestamp,
}

/// Status of a person request: the page of the model `person_requests` and its chart of states.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    JsonSchema,
    Serialize,
    Deserialize,
    VariantArray,
    VariantNames,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PersonRequestStatus {
    /// Waits for the person's code, or for an approval without one.
    New,
    /// Approved by a code, or without one if the method is `NA`.
    Approved,
    /// Signed by the clinic and written to the registry.
    Signed,
    /// Rejected by the clinic before it was signed.
    Rejected,
    /// Replaced by a newer person request.
    Cancelled,
    /// Its life ended while it was `New`.
    Expired,
}

/// The authentication method of a person request, with the phone that its code is sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthenticationMethod {
    /// A code by SMS confirms the request.
    Otp {
        /// The number that the request was created with: codes go only there.
        phone_number: Phone,
    },
    /// Another person confirms, by the method that this person has at the time of the call.
    ThirdPerson {
        /// The person who confirms in place of the patient.
        person_id: PersonId,
        /// That person's number when the request was created; `None` if they had none.
        phone_number: Option<Phone>,
    },
    /// The clinic looks at documents: no code can be sent.
    Offline,
    /// No method was chosen: the request is approved without a code.
    Na,
}

impl PersonRequest {
    /// The status at `now`. A request that is still `New` `life` after `inserted_at` is `Expired`, even though the
    /// store has `New`.
    pub fn status_at(&self, now: Timestamp, life: Duration) -> PersonRequestStatus {
        match self.status {
            PersonRequestStatus::New if self.inserted_at + life <= now => {
                PersonRequestStatus::Expired
            }
            status => status,
        }
    }

    /// Returns [`Refusal::InvalidTransition`] unless the request is `New` at `now`. Its field `already_used` is true if
    /// a code approved the request before.
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

    /// Whether the request needs no code: it was created with the method `NA`. The method of a third person, and
    /// changes after the creation, don't count.
    pub fn needs_no_code(&self) -> bool {
        matches!(self.authentication_method, AuthenticationMethod::Na)
    }

    /// `New` → `Approved` by the code of the verification `by`. [`Refusal::InvalidTransition`] unless the request is
    /// `New` at `now`.
    pub fn approve(
        self,
        by: VerificationId,
        now: Timestamp,
        life: Duration,
    ) -> Result<Self, Refusal> {
        self.must_be_new(now, life)?;
        Ok(self.approved(Some(by), now))
    }

    /// `New` → `Approved` without a code. [`Refusal::MethodNotOtp`] if the request requires one.
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
