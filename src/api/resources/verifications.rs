use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::answer::{self, Answer};
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::request::body::Body;
use crate::api::response::Success;
use crate::api::route::{
    Access, GUESSES, NOT_FOUND, READS, Row, SENDS, Surface, WRITES, change, read,
};
use crate::api::state::ApiState;
use crate::contract::{Any, Field, Presence, Recipient, Shaped as _, shape};
use crate::domain::{
    Code, Phone, Refusal, Timestamp, Verification, VerificationId, VerificationStatus,
};

/// The rows of verifications: with a token, and the same without one on the internal listener.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::Initialize,
        path: "/api/verifications",
        access: Access::Scope("otp:write"),
        ..INITIALIZE
    },
    Row {
        operation: Operation::Complete,
        path: "/api/verifications/{phone}/actions/complete",
        access: Access::Scope("otp:write"),
        ..COMPLETE
    },
    Row {
        operation: Operation::GetVerifiedPhone,
        path: "/api/verifications/{phone}",
        access: Access::Scope("otp:read"),
        ..GET
    },
    Row {
        operation: Operation::InternalInitialize,
        path: "/verifications",
        surface: Surface::Internal,
        ..INITIALIZE
    },
    Row {
        operation: Operation::InternalComplete,
        path: "/verifications/{phone}/actions/complete",
        surface: Surface::Internal,
        ..COMPLETE
    },
    Row {
        operation: Operation::InternalGetVerifiedPhone,
        path: "/verifications/{phone}",
        surface: Surface::Internal,
        ..GET
    },
];

const INITIALIZE: Row = Row {
    about: "Sends a code to a phone",
    body: Body::Json(&[Initialize::SHAPE]),
    answer: answer::created::<VerificationView>(),
    refusals: &[SENDS, WRITES],
    ..change("POST", &initialize)
};

const COMPLETE: Row = Row {
    about: "Verifies a phone by the code that was sent to it",
    params: PHONE,
    body: Body::Json(&[Complete::SHAPE]),
    answer: Answer { location: Some(LOCATION), ..answer::object::<VerificationView>() },
    refusals: &[NOT_FOUND, GUESSES, WRITES],
    ..change("PATCH", &complete)
};

const GET: Row = Row {
    about: "Whether a phone was verified within the last 365 days",
    params: PHONE,
    answer: answer::object::<VerifiedPhoneView>(),
    refusals: &[NOT_FOUND, READS],
    ..read(get)
};

/// The meaning of `Location`.
const LOCATION: &str =
    "The path that the verification has in the upstream service. This node serves no such path.";

const PHONE: &[Field] = &[Field {
    name: "phone",
    about: "The phone, with its `+` as it is or as `%2B`.",
    shape: Phone::SHAPE,
    presence: Presence::Required,
}];

shape! {
    /// The body of `POST /verifications`.
    struct Initialize {
        /// The phone that the code is sent to.
        phone_number: Recipient,
        /// Accepted and ignored: the operator's settings choose the driver.
        _provider: Option<Any> as "provider",
    }

    /// The body of `PATCH /verifications/{phone}/actions/complete`.
    struct Complete {
        /// The code that was sent to the phone.
        code: Code,
    }
}

/// `POST …/verifications {"phone_number"}`: "Initialize OTP" of the page on resending.
pub(in crate::api) async fn initialize(
    state: Arc<ApiState>,
    call: Call,
) -> Result<Success, Rejection> {
    let Initialize { phone_number: Recipient(phone_number), .. } = call.read_body(&state)?;
    let verification = state.service.initialize(call.context(), phone_number, call.now).await?;
    Ok(Success::created(&VerificationView::of(&verification, call.now)))
}

/// `PATCH …/verifications/{phone}/actions/complete {"code"}`: completes the phone's verification. `Location` is that of
/// the upstream service.
pub(in crate::api) async fn complete(
    state: Arc<ApiState>,
    call: Call,
) -> Result<Success, Rejection> {
    let Complete { code } = call.read_body(&state)?;
    let verification =
        state.service.complete(call.context(), phone(&call)?, code, call.now).await?;
    let location = format!("/verifications/{}", verification.id);
    Ok(Success::ok(&VerificationView::of(&verification, call.now)).with_location(location))
}

/// `GET …/verifications/{phone}`: `200` if the phone was verified within the last 365 days, otherwise `404`.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let phone = phone(call)?;
    if !state.service.is_verified(phone)? {
        return Err(Refusal::NotFound.into());
    }
    Ok(Success::ok(&VerifiedPhoneView { phone_number: phone.full() }))
}

/// The phone in the path. A text that is no phone number is [`Refusal::NotFound`], like an unknown phone.
fn phone(call: &Call) -> Result<Phone, Refusal> {
    Phone::parse(call.param()).map_err(|_| Refusal::NotFound)
}

/// `data` of a verified phone.
#[derive(JsonSchema, Serialize)]
struct VerifiedPhoneView {
    /// The phone in full.
    phone_number: String,
}

/// `data` of a verification. `active` is `true` while the status is `new`.
#[derive(JsonSchema, Serialize)]
pub(super) struct VerificationView {
    /// The id of the verification.
    id: VerificationId,
    /// The state of the code.
    status: VerificationStatus,
    /// When the code expires.
    #[schemars(extend("format" = "date-time"))]
    code_expired_at: String,
    /// Whether the status is `new`.
    active: bool,
}

impl VerificationView {
    pub(super) fn of(verification: &Verification, now: Timestamp) -> Self {
        let status = verification.status(now);
        Self {
            id: verification.id,
            status,
            code_expired_at: verification.code_expired_at.to_string(),
            active: status == VerificationStatus::New,
        }
    }
}
