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
    /// Sends the person a new code for this request.
    ///
    /// Page "Resend Authorization OTP on Person Request": method first, then status, in the documented order.
    pub async fn resend_otp(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        now: Timestamp,
    ) -> Result<Verification, Refusal> {
        let (client, checks, life) =
            (caller.client_id, self.order.resend_otp, self.person_requests.life);
        let gate = move |write: &Write<'_>| {
            let (_, phone) = open_request(write, client, id, checks, life, now)?;
            Ok(Target { phone, purpose: Purpose::PersonRequest(id) })
        };
        self.otp.initialize(now, caller.context(), gate).await
    }

    /// Spends the person's code: NEW → APPROVED.
    pub async fn approve(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        guess: Code,
        now: Timestamp,
    ) -> Result<PersonRequest, Refusal> {
        let (client, checks, life) =
            (caller.client_id, self.order.approve, self.person_requests.life);
        let gate = move |write: &Write<'_>| {
            let (_, phone) = open_request(write, client, id, checks, life, now)?;
            Ok(Target { phone, purpose: Purpose::PersonRequest(id) })
        };
        let approve = move |write: &mut Write<'_>, verified: &Verification| {
            let (request, _) = open_request(write, client, id, checks, life, now)?;
            let approved = request.approve(verified.id, now, life)?;
            Ok(write.put(PERSON_REQUESTS, &id, &approved)?)
        };
        match self.otp.complete(now, caller.context(), guess, gate, approve).await {
            Ok(_) => self.person_request(caller, id),
            // Nothing was ever sent, so nothing can be right.
            Err(Refusal::NotFound) if self.person_request(caller, id).is_ok() => {
                Err(Refusal::CodeWrong)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// NEW → APPROVED where no code is due: the request was made without a method, and what is decided is decided by
    /// what was taken down then. Nothing is compared or counted.
    pub async fn approve_without_code(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        now: Timestamp,
    ) -> Result<PersonRequest, Refusal> {
        let (client, checks, life) =
            (caller.client_id, self.order.approve, self.person_requests.life);
        let row =
            AuditRow::new(now, AuditEvent::RequestApprovedWithoutCode, caller.context().origin());
        let row = row.about_request(id);
        let approve = move |write: &mut Write<'_>| {
            let request = own(write.get(PERSON_REQUESTS, &id), client)?;
            examine(&request, request.needs_no_code(), checks, life, now)?;
            let approved = request.approve_without_code(now, life)?;
            write.put(PERSON_REQUESTS, &id, &approved)?;
            audit::append(write, &row)?;
            Ok(approved)
        };
        self.store.write(Priority::Normal, approve).await
    }

    /// Whether a right code, or no code where none is due, would approve the request.
    pub async fn may_approve(
        &self,
        caller: &Caller,
        id: PersonRequestId,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (client, checks, life) =
            (caller.client_id, self.order.approve, self.person_requests.life);
        let look = move |write: &mut Write<'_>| {
            let request = own(write.get(PERSON_REQUESTS, &id), client)?;
            if request.needs_no_code() {
                return examine(&request, true, checks, life, now);
            }
            open_request(write, client, id, checks, life, now).map(drop)
        };
        self.store.write(Priority::Normal, look).await
    }

    /// The request, if it is the caller's.
    pub fn person_request(
        &self,
        caller: &Caller,
        id: PersonRequestId,
    ) -> Result<PersonRequest, Refusal> {
        own(self.store.get(PERSON_REQUESTS, &id), caller.client_id)
    }

    /// Where the request stands by now.
    pub fn status(&self, request: &PersonRequest, now: Timestamp) -> PersonRequestStatus {
        request.status_at(now, self.person_requests.life)
    }
}

/// The client's own request and the phone its codes go to, if all the checks allow a code.
fn open_request(
    write: &Write<'_>,
    client: ClientId,
    id: PersonRequestId,
    checks: &[RequestCheck],
    life: Duration,
    now: Timestamp,
) -> Result<(PersonRequest, Phone), Refusal> {
    let request = own(write.get(PERSON_REQUESTS, &id), client)?;
    let phone = phone_for_codes(write, &request)?;
    examine(&request, phone.is_some(), checks, life, now)?;
    let phone = phone.ok_or(Refusal::MethodNotOtp)?;
    Ok((request, phone))
}

/// Runs the checks on the request. The caller says whether the request's method allows the operation.
fn examine(
    request: &PersonRequest,
    method_allows: bool,
    checks: &[RequestCheck],
    life: Duration,
    now: Timestamp,
) -> Result<(), Refusal> {
    for check in checks {
        match check {
            RequestCheck::Method if !method_allows => return Err(Refusal::MethodNotOtp),
            RequestCheck::Status => request.must_be_new(now, life)?,
            RequestCheck::Method => {}
        }
    }
    Ok(())
}

/// The client's own request. Another client's request is not found.
fn own(
    found: Result<Option<PersonRequest>, StoreError>,
    client: ClientId,
) -> Result<PersonRequest, Refusal> {
    found?.filter(|request| request.client_id == client).ok_or(Refusal::NotFound)
}

/// The phone that the request was made with, if its confirming person still uses codes.
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
