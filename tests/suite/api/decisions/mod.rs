//! The whole decision table: who asks for what in which state, and what is answered in either dialect. A row is a case, and
//! the two dialects stand side by side: documented, then deployed.

mod bodies;
mod callers;
mod codes;
mod factor;
mod requests;
mod verifications;

use esoz_otp::config::DialectName;

use crate::support::Reply;

/// Status, `error.type`, `error.message` and `error.reason`.
type Answer = (u16, &'static str, Option<&'static str>, Option<&'static str>);

const OK: Answer = (200, "", None, None);
const CREATED: Answer = (201, "", None, None);

const INVALID_TOKEN: Answer = denied("Invalid access token");

const NOT_OTP: Answer = conflict("Auth method is not OTP");
const NOT_NEW: Answer = conflict("Invalid transition");
const USED: Answer = because("already_used", NOT_NEW);
/// In the page's word.
const UNKNOWN_WORDED: Answer = (404, "not_found", Some("not_found"), None);
const UNKNOWN: Answer = (404, "not_found", None, None);
const NO_PERSON: Answer = (404, "not_found", Some("Person not found"), None);

const INVALID: Answer = (
    422,
    "validation_failed",
    Some(
        "Validation failed. You can find validators description at our API Manifest: \
         http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors.",
    ),
    None,
);
const NO_JSON: Answer = (
    400,
    "request_malformed",
    Some("Malformed request. Probably, you have sent corrupted JSON."),
    None,
);

const fn denied(message: &'static str) -> Answer {
    (401, "access_denied", Some(message), None)
}

const fn conflict(message: &'static str) -> Answer {
    (409, "request_conflict", Some(message), None)
}

const fn because(reason: &'static str, answer: Answer) -> Answer {
    (answer.0, answer.1, answer.2, Some(reason))
}

/// The column of a dialect.
fn column<T>(dialect: DialectName, documented: T, deployed: T) -> T {
    match dialect {
        DialectName::Documented => documented,
        DialectName::Deployed => deployed,
    }
}

/// Holds an answer against a cell of the table. Times of a next attempt are other tests' business.
fn assert_answers(reply: &Reply, expected: Answer, case: &str) {
    let (status, error_type, message, reason) = reply.refusal();
    let message = message.map(|text| match text.split_once(" Next attempt ") {
        Some((before, _)) => before,
        None => text,
    });
    assert_eq!((status, error_type, message, reason), expected, "{case}: {}", reply.text);
}
