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
    /// The phone, masked.
    phone_number: String,
    /// When the phone was last verified; `null` if it counts as not verified.
    #[schemars(extend("format" = "date-time"))]
    verified_at: Option<String>,
    /// The latest code for each purpose.
    codes: Vec<CodeView>,
    /// The wrong guesses, and what they limit.
    guesses: GuessesView,
    /// The codes that were sent, and what they limit.
    sends: SendsView,
    /// The latest messages, newest first.
    deliveries: Vec<OwnedDeliveryView>,
}

/// The latest code of a purpose, without its digits.
#[derive(JsonSchema, Serialize)]
struct CodeView {
    /// The verification of the code.
    verification_id: VerificationId,
    /// `phone_verification` or `person_request`.
    purpose: &'static str,
    /// The person request that the code is for; `null` for a phone verification.
    person_request_id: Option<PersonRequestId>,
    /// The state of the code.
    status: VerificationStatus,
    /// When the code was made.
    #[schemars(extend("format" = "date-time"))]
    inserted_at: String,
    /// When the code expires.
    #[schemars(extend("format" = "date-time"))]
    code_expired_at: String,
    /// The number of guesses that the code still allows.
    attempts_left: u8,
}

/// The guesses at codes of a phone.
#[derive(JsonSchema, Serialize)]
struct GuessesView {
    /// The number of wrong guesses since the last right one.
    wrong_in_a_row: u32,
    /// The end of the phone's lock; `null` without a lock.
    #[schemars(extend("format" = "date-time"))]
    locked_until: Option<String>,
    /// Whether a guess is allowed now.
    next: NextView,
    /// The counts of the limits of guesses.
    windows: Vec<WindowView>,
}

/// The codes that were sent to a phone.
#[derive(JsonSchema, Serialize)]
struct SendsView {
    /// Whether a code for a phone verification may be sent now.
    phone_verification: NextView,
    /// Whether a code for a person request may be sent now.
    person_request: NextView,
    /// The counts of the limits of sends.
    windows: Vec<WindowView>,
}

/// The limit that refuses the next send or guess, and until when; both `null` if it is allowed.
#[derive(JsonSchema, Serialize)]
struct NextView {
    /// The name of the limit.
    limit: Option<&'static str>,
    /// The time from which the limit allows it.
    #[schemars(extend("format" = "date-time"))]
    next_attempt_at: Option<String>,
}

/// The count of a limit within its window.
#[derive(JsonSchema, Serialize)]
struct WindowView {
    /// The name of the limit.
    limit: &'static str,
    /// The length of the window, in seconds.
    seconds: u64,
    /// The number within the window that ends now.
    count: usize,
    /// The most that the limit allows.
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
