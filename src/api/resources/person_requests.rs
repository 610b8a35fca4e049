use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::verifications::VerificationView;
use crate::api::answer::{self, Answer};
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, Rejection};
use crate::api::request::body::Body;
use crate::api::response::Success;
use crate::api::route::{Access, GUESSES, NOT_FOUND, READS, Row, SENDS, WRITES, change, read};
use crate::api::state::ApiState;
use crate::contract::{Field, Presence, Reader, Reported, Shape, Shaped, Source, shape};
use crate::domain::{
    AuthenticationMethod, Code, Id, MethodType, PersonRequest, PersonRequestId,
    PersonRequestStatus, Phone, Refusal, RefusalKind, Timestamp,
};

/// The rows of person requests. Live clients use all three versions of a path, and they do the same.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::ResendOtp,
        about: "Sends the code of a person request again",
        path: "/api/person_requests/{id}/actions/resend_otp",
        params: ID,
        access: Access::Scope("person_request:write"),
        answer: answer::object::<VerificationView>(),
        refusals: &[NOT_FOUND, NOT_AWAITED, SENDS, WRITES],
        ..change("POST", &resend_otp)
    },
    Row { path: "/api/person_requests/{id}/actions/approve", ..APPROVE },
    Row { path: "/api/v2/person_requests/{id}/actions/approve", ..APPROVE },
    Row { path: "/api/v3/person_requests/{id}/actions/approve", ..APPROVE },
    Row { path: "/api/person_requests/{id}", ..GET },
    Row { path: "/api/v2/person_requests/{id}", ..GET },
    Row { path: "/api/v3/person_requests/{id}", ..GET },
];

const APPROVE: Row = Row {
    operation: Operation::Approve,
    about: "Approves a person request by its code, or without one for the method NA",
    params: ID,
    access: Access::Scope("person_request:write"),
    body: Body::Json(&[Approve::SHAPE, ApproveWithoutCode::SHAPE]),
    answer: ANSWER,
    refusals: &[NOT_FOUND, NOT_AWAITED, GUESSES, WRITES],
    ..change("PATCH", &approve)
};

const GET: Row = Row {
    operation: Operation::GetPersonRequest,
    about: "The status of a person request",
    params: ID,
    access: Access::Scope("person_request:read"),
    answer: ANSWER,
    refusals: &[NOT_FOUND, READS],
    ..read(get)
};

const ANSWER: Answer = Answer {
    urgent: Some(answer::schema::<UrgentView>()),
    ..answer::object::<PersonRequestView>()
};

/// The person request waits for no code.
const NOT_AWAITED: &[ErrorKind] = &[
    ErrorKind::Refused(RefusalKind::MethodNotOtp),
    ErrorKind::Refused(RefusalKind::InvalidTransition),
];

/// The parameter of paths of a person request.
pub(super) const ID: &[Field] = &[Field {
    name: "id",
    about: "The id of the person request.",
    shape: PersonRequestId::SHAPE,
    presence: Presence::Required,
}];

/// `POST …/{id}/actions/resend_otp`: page "Resend Authorization OTP on Person Request". The body is ignored: the code
/// goes to the phone number of the person request.
pub(in crate::api) async fn resend_otp(
    state: Arc<ApiState>,
    call: Call,
) -> Result<Success, Rejection> {
    let id = person_request_id(&call)?;
    let verification = state.service.resend_otp(call.caller()?, id, call.now).await?;
    Ok(Success::ok(&VerificationView::of(&verification, call.now)))
}

/// `PATCH …/{id}/actions/approve {"verification_code"}`, without the code for a person request with the method NA.
///
/// A refusal of the person request (not found, not NEW, another method) comes before a fault of the body.
pub(in crate::api) async fn approve(
    state: Arc<ApiState>,
    call: Call,
) -> Result<Success, Rejection> {
    let id = person_request_id(&call)?;
    let caller = call.caller()?;
    let read = if state.service.person_request(caller, id)?.needs_no_code() {
        read_no_code(&state, &call).map(|()| None)
    } else {
        call.read_body(&state).map(|Approve { verification_code }| Some(verification_code))
    };
    let request = match read {
        Ok(Some(code)) => state.service.approve(caller, id, code, call.now).await?,
        Ok(None) => state.service.approve_without_code(caller, id, call.now).await?,
        // The body is wrong. Its faults are the answer only if a right code would have been accepted.
        Err(faults) => {
            state.service.may_approve(caller, id, call.now).await?;
            return Err(faults);
        }
    };
    Ok(view(&state, &request, call.now))
}

shape! {
    /// The body of `PATCH /api/person_requests/{id}/actions/approve`.
    struct Approve {
        /// The code that was sent for the request.
        verification_code: Code,
    }

    /// The body of the same where no code is due.
    struct ApproveWithoutCode {
        /// Accepted and ignored.
        _verification_code: Option<IgnoredCode> as "verification_code",
    }
}

/// A code that is not compared. Clients that read the description send one, so its form is a code's; another value is
/// ignored as well.
#[derive(Debug)]
struct IgnoredCode;

impl Shaped for IgnoredCode {
    const SHAPE: &'static Shape = Code::SHAPE;

    fn read<'a, S: Source<'a>>(_: &mut Reader, _: S) -> Result<Self, Reported> {
        Ok(Self)
    }
}

/// Accepts `{}`, `null` or an empty body. A code is ignored.
fn read_no_code(state: &ApiState, call: &Call) -> Result<(), Rejection> {
    if call.body.is_null() {
        return Ok(());
    }
    call.read_body::<ApproveWithoutCode>(state).map(drop)
}

/// `GET …/{id}`: the person request's status, and its authentication method under `urgent`.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let request = state.service.person_request(call.caller()?, person_request_id(call)?)?;
    Ok(view(state, &request, call.now))
}

/// The id in the path. A text that is no UUID is [`Refusal::NotFound`], like an unknown id.
pub(super) fn person_request_id(call: &Call) -> Result<PersonRequestId, Refusal> {
    Id::parse(call.param()).ok_or(Refusal::NotFound)
}

/// `data` of a person request.
#[derive(JsonSchema, Serialize)]
struct PersonRequestView {
    /// The id of the person request.
    id: PersonRequestId,
    /// The status. A request that stays `NEW` for `person_requests.life_days` is `EXPIRED`.
    status: PersonRequestStatus,
    /// When the request was made.
    #[schemars(extend("format" = "date-time"))]
    inserted_at: String,
    /// When the status last changed.
    #[schemars(extend("format" = "date-time"))]
    updated_at: String,
}

/// `urgent` of a person request.
#[derive(JsonSchema, Serialize)]
struct UrgentView {
    /// The method by which the person confirms the request.
    authentication_method_current: AuthenticationMethodView,
}

/// The authentication method of a person request.
#[derive(JsonSchema, Serialize)]
struct AuthenticationMethodView {
    /// The method.
    #[serde(rename = "type")]
    method_type: MethodType,
    /// The phone that the code goes to, masked. Methods without a phone leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
}

fn view(state: &ApiState, request: &PersonRequest, now: Timestamp) -> Success {
    let view = PersonRequestView {
        id: request.id,
        status: state.service.status(request, now),
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
    let method = AuthenticationMethodView { method_type, phone_number: phone.map(Phone::masked) };
    Success::ok(&view).with_urgent(&UrgentView { authentication_method_current: method })
}
