use std::sync::Arc;

use serde::Serialize;

use super::envelope::Answer;
use super::routes::{Call, Operating};
use super::validation::Properties;
use super::verifications::VerificationView;
use super::{Api, Rejection};
use crate::domain::{
    AuthenticationMethod, Id, MethodType, PersonRequest, PersonRequestId, PersonRequestStatus,
    Phone, Refusal, Timestamp,
};

/// `POST …/{id}/actions/resend_otp`: page "Resend Authorization OTP on Person Request". Whatever JSON comes is taken
/// and nothing of it is looked at: the number is the one the request was made with.
pub(super) fn resend_otp(api: Arc<Api>, call: Call) -> Operating {
    Box::pin(async move {
        let id = request_id(&call)?;
        let verification = api.service.resend_otp(call.caller()?, id, call.now).await?;
        Ok(Answer::ok(&VerificationView::of(&verification, call.now)))
    })
}

/// `PATCH …/{id}/actions/approve {"verification_code"}`. What is wrong with the request comes before what is wrong with
/// the code.
pub(super) fn approve(api: Arc<Api>, call: Call) -> Operating {
    Box::pin(async move {
        let id = request_id(&call)?;
        let mut properties = Properties::of(&call.body, &["verification_code"]);
        let code = properties.code("verification_code", api.service.code_format());
        let code = match properties.finish(code) {
            Ok(code) => code,
            Err(faults) => {
                api.service.may_approve(call.caller()?, id, call.now).await?;
                return Err(faults);
            }
        };
        let request = api.service.approve(call.caller()?, id, code, call.now).await?;
        Ok(view(&api, &request, call.now))
    })
}

/// `GET …/{id}`.
pub(super) fn get(api: &Api, call: &Call) -> Result<Answer, Rejection> {
    let request = api.service.person_request(call.caller()?, request_id(call)?)?;
    Ok(view(api, &request, call.now))
}

pub(super) fn request_id(call: &Call) -> Result<PersonRequestId, Refusal> {
    Id::parse(call.param()).ok_or(Refusal::NotFound)
}

#[derive(Serialize)]
struct PersonRequestView {
    id: PersonRequestId,
    status: PersonRequestStatus,
    inserted_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct Urgent {
    authentication_method_current: MethodView,
}

#[derive(Serialize)]
struct MethodView {
    #[serde(rename = "type")]
    method_type: MethodType,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
}

fn view(api: &Api, request: &PersonRequest, now: Timestamp) -> Answer {
    let view = PersonRequestView {
        id: request.id,
        status: api.service.status(request, now),
        inserted_at: request.inserted_at.to_string(),
        updated_at: request.updated_at.to_string(),
    };
    let (method_type, phone) = match request.authentication_method {
        AuthenticationMethod::Otp { phone_number } => (MethodType::Otp, Some(phone_number)),
        AuthenticationMethod::ThirdPerson { phone_number, .. } => {
            (MethodType::ThirdPerson, phone_number)
        }
        AuthenticationMethod::Offline => (MethodType::Offline, None),
        AuthenticationMethod::Na => (MethodType::Na, None),
    };
    let method = MethodView { method_type, phone_number: phone.map(Phone::masked) };
    Answer::ok(&view).with_urgent(&Urgent { authentication_method_current: method })
}
