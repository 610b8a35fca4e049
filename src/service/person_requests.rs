//! Person requests: a code approves them.

use std::time::Duration;

use super::{Caller, RequestCheck, Service};
use crate::audit;
use crate::domain::audit::{AuditEvent, AuditRow};
use crate::domain::{
    AuthenticationMethod, ClientId, Code, MethodType, PersonRequest, PersonRequestId,
    PersonRequestStatus, Phone, Purpose, Refusal, Timestamp, Verification,
};
use crate::otp::Target;
use crate::store::schema::{PERSON_REQUESTS, PERSONS};
use crate::store::{Priority, StoreError, Write};

impl Service {
    /// Sends a new code for this person request to its phone.
    ///
    /// Page "Resend Authorization OTP on Person Request". Errors: [`Refusal::NotFound`], [`Refusal::MethodNotOtp`],
    /// [`Refusal::InvalidTransition`], and those of [`Otp::initialize`](crate::otp::Otp::initialize).
    pub async fn resend_otp(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        let checked = self.checked(caller, id, self.order.resend_otp, now);
        // Each write of `initialize` checks the request anew: it may be approved while the code is hashed.
        let resolve_target = move |write: &Write<'_>| checked.target(write);
        self.otp.initialize(now, caller.context(), resolve_target).await
    }

    /// Approves the person request with its code: NEW → APPROVED.
    ///
    /// Errors: [`Refusal::NotFound`], [`Refusal::MethodNotOtp`], [`Refusal::InvalidTransition`], and those of
    /// [`Otp::complete`](crate::otp::Otp::complete). A guess before any code was sent is [`Refusal::CodeWrong`].
    pub async fn approve(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        guess: Code,
        now: Timestamp,
    ) -> Result<PersonRequest, Refusal> {
        let checked = self.checked(caller, id, self.order.approve, now);
        // The request's checks come before the code: a request that can't be approved costs no attempt.
        let resolve_target = move |write: &Write<'_>| checked.target(write);
        // A right code and the approval are one write. The checks run once more in it, because the request may have
        // changed while the code was compared.
        let approve = move |write: &mut Write<'_>, verified: &Verification| {
            let (request, _) = checked.open_request(write)?;
            let approved = request.approve(verified.id, now, checked.life)?;
            Ok(write.put(PERSON_REQUESTS, &id, &approved)?)
        };
        match self.otp.complete(now, caller.context(), guess, resolve_target, approve).await {
            Ok(_) => self.person_request(caller, id),
            // No code was ever sent for the request, so no guess can be right. A missing request is another `NotFound`.
            Err(Refusal::NotFound) if self.person_request(caller, id).is_ok() => {
                Err(Refusal::CodeWrong)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Approves a person request with the method NA, without a code: NEW → APPROVED. No guess is counted.
    ///
    /// Errors: [`Refusal::NotFound`], [`Refusal::MethodNotOtp`] for another method, [`Refusal::InvalidTransition`].
    pub async fn approve_without_code(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        now: Timestamp,
    ) -> Result<PersonRequest, Refusal> {
        let checked = self.checked(caller, id, self.order.approve, now);
        let row =
            AuditRow::new(now, AuditEvent::RequestApprovedWithoutCode, caller.context().origin());
        let row = row.about_request(id);
        let approve = move |write: &mut Write<'_>| {
            let request = checked.own_request(write)?;
            checked.check(&request, request.needs_no_code())?;
            let approved = request.approve_without_code(now, checked.life)?;
            write.put(PERSON_REQUESTS, &id, &approved)?;
            audit::append(write, &row)?;
            Ok(approved)
        };
        self.store.write(Priority::Normal, approve).await
    }

    /// Whether the person request could be approved now, by a right code or without one. Changes nothing. Errors are
    /// the request's own ones of [`Self::approve`].
    pub async fn may_approve(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let checked = self.checked(caller, id, self.order.approve, now);
        let look = move |write: &mut Write<'_>| {
            let request = checked.own_request(write)?;
            if request.needs_no_code() {
                return checked.check(&request, true);
            }
            checked.open_request(write).map(drop)
        };
        self.store.write(Priority::Normal, look).await
    }

    /// The person request. Another client's request is [`Refusal::NotFound`].
    pub fn person_request(
        &self,
        caller: &Caller,
        id: PersonRequestId,
    ) -> Result<PersonRequest, Refusal> {
        own(self.store.get(PERSON_REQUESTS, &id), caller.client_id)
    }

    /// The age at which a NEW person request counts as EXPIRED.
    pub fn request_life(&self) -> Duration {
        self.person_requests.life
    }

    /// The request's status at `now`: a NEW request counts as EXPIRED after `person_requests.life_days`.
    pub fn status(&self, request: &PersonRequest, now: Timestamp) -> PersonRequestStatus {
        request.status_at(now, self.person_requests.life)
    }

    fn checked(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        checks: &'static [RequestCheck],
        now: Timestamp,
    ) -> CheckedRequest {
        let (client, life) = (caller.client_id, self.person_requests.life);
        CheckedRequest { client, id, checks, life, now }
    }
}

/// A person request that a call names, and the checks that it has to pass within each write of the call.
#[derive(Clone, Copy)]
struct CheckedRequest {
    client: ClientId,
    id: PersonRequestId,
    /// In the dialect's order.
    checks: &'static [RequestCheck],
    /// The age at which a NEW request counts as EXPIRED.
    life: Duration,
    now: Timestamp,
}

impl CheckedRequest {
    /// Phone and purpose of the request's codes, if all checks allow a code.
    fn target(&self, write: &Write<'_>) -> Result<Target, Refusal> {
        let (_, phone) = self.open_request(write)?;
        Ok(Target { phone, purpose: Purpose::PersonRequest(self.id) })
    }

    /// The client's own request and the phone of its codes, if all checks allow a code.
    fn open_request(&self, write: &Write<'_>) -> Result<(PersonRequest, Phone), Refusal> {
        let request = self.own_request(write)?;
        let phone = phone_for_codes(write, &request)?;
        self.check(&request, phone.is_some())?;
        let phone = phone.ok_or(Refusal::MethodNotOtp)?;
        Ok((request, phone))
    }

    /// The client's own request, unchecked.
    fn own_request(&self, write: &Write<'_>) -> Result<PersonRequest, Refusal> {
        own(write.get(PERSON_REQUESTS, &self.id), self.client)
    }

    /// Runs the checks in their order. `method_allows` is the result of [`RequestCheck::Method`], which depends on the
    /// operation.
    fn check(&self, request: &PersonRequest, method_allows: bool) -> Result<(), Refusal> {
        for check in self.checks {
            match check {
                RequestCheck::Method if !method_allows => return Err(Refusal::MethodNotOtp),
                RequestCheck::Status => request.must_be_new(self.now, self.life)?,
                RequestCheck::Method => {}
            }
        }
        Ok(())
    }
}

/// The request, if it is the client's own. Another client's request is [`Refusal::NotFound`].
fn own(
    found: Result<Option<PersonRequest>, StoreError>,
    client: ClientId,
) -> Result<PersonRequest, Refusal> {
    found?.filter(|request| request.client_id == client).ok_or(Refusal::NotFound)
}

/// The phone to which a code for the request is sent; `None` if its method allows no code. For `THIRD_PERSON` the
/// confirming person's own method must be OTP.
fn phone_for_codes(write: &Write<'_>, request: &PersonRequest) -> Result<Option<Phone>, Refusal> {
    match request.authentication_method {
        AuthenticationMethod::Otp { phone_number } => Ok(Some(phone_number)),
        AuthenticationMethod::ThirdPerson { person_id, phone_number } => {
            let person = write.get(PERSONS, &person_id)?;
            let by_code = person.is_some_and(|person| match person.authentication_method {
                MethodType::Otp => true,
                MethodType::Offline | MethodType::ThirdPerson | MethodType::Na => false,
            });
            Ok(phone_number.filter(|_| by_code))
        }
        AuthenticationMethod::Offline | AuthenticationMethod::Na => Ok(None),
    }
}
