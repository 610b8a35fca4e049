use schemars::JsonSchema;
use serde::Serialize;

use super::deliveries::OwnedDeliveryView;
use crate::domain::limits::WindowUse;
use crate::domain::{
    PersonRequestId, Phone, Purpose, Timestamp, VerificationId, VerificationStatus,
};
use crate::service::{LatestCode, NextAttempt, PhoneStatus};

/// `data` of a phone. The phone is masked, and no code is in it.
#[derive(JsonSchema, Serialize)]
pub(super) struct PhoneView {
    phone_number: String,
    #[schemars(extend("format" = "date-time"))]
    verified_at: Option<String>,
    codes: Vec<CodeView>,
    guesses: GuessesView,
    sends: SendsView,
    deliveries: Vec<OwnedDeliveryView>,
}

#[derive(JsonSchema, Serialize)]
struct CodeView {
    verification_id: VerificationId,
    purpose: &'static str,
    person_request_id: Option<PersonRequestId>,
    status: VerificationStatus,
    #[schemars(extend("format" = "date-time"))]
    inserted_at: String,
    #[schemars(extend("format" = "date-time"))]
    code_expired_at: String,
    attempts_left: u8,
}

#[derive(JsonSchema, Serialize)]
struct GuessesView {
    wrong_in_a_row: u32,
    #[schemars(extend("format" = "date-time"))]
    locked_until: Option<String>,
    next: NextView,
    windows: Vec<WindowView>,
}

#[derive(JsonSchema, Serialize)]
struct SendsView {
    phone_verification: NextView,
    person_request: NextView,
    windows: Vec<WindowView>,
}

/// The limit that refuses the next send or guess, and until when; both `null` if it is allowed.
#[derive(JsonSchema, Serialize)]
struct NextView {
    limit: Option<&'static str>,
    #[schemars(extend("format" = "date-time"))]
    next_attempt_at: Option<String>,
}

#[derive(JsonSchema, Serialize)]
struct WindowView {
    limit: &'static str,
    seconds: u64,
    count: usize,
    most: usize,
}

impl PhoneView {
    pub(super) fn of(phone: Phone, status: PhoneStatus) -> Self {
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            phone_number: phone.masked(),
            verified_at: text(status.verified_at),
            codes: status.codes.into_iter().map(CodeView::of).collect(),
            guesses: GuessesView {
                wrong_in_a_row: status.wrong_guesses,
                locked_until: text(status.locked_until),
                next: NextView::of(status.next_guess),
                windows: status.guesses.into_iter().map(WindowView::of).collect(),
            },
            sends: SendsView {
                phone_verification: NextView::of(status.next_verification),
                person_request: NextView::of(status.next_person_request),
                windows: status.sends.into_iter().map(WindowView::of).collect(),
            },
            deliveries: status.deliveries.into_iter().map(OwnedDeliveryView::of).collect(),
        }
    }
}

impl CodeView {
    fn of(code: LatestCode) -> Self {
        let (purpose, person_request_id) = match code.purpose {
            Purpose::PhoneVerification => ("phone_verification", None),
            Purpose::PersonRequest(id) => ("person_request", Some(id)),
        };
        Self {
            verification_id: code.id,
            purpose,
            person_request_id,
            status: code.status,
            inserted_at: code.inserted_at.to_string(),
            code_expired_at: code.code_expired_at.to_string(),
            attempts_left: code.attempts_left,
        }
    }
}

impl NextView {
    fn of(next: NextAttempt) -> Self {
        Self {
            limit: next.map(|next| next.limit),
            next_attempt_at: next.map(|next| next.next_attempt_at.to_string()),
        }
    }
}

impl WindowView {
    fn of(WindowUse { limit, count, most, length }: WindowUse) -> Self {
        Self { limit, seconds: length.as_secs(), count, most }
    }
}
