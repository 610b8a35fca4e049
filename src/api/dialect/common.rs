//! The rows on which the pages and the live system agree, and those that neither has.

use super::error_row::ErrorMessage::{self, Absent, LateBy, NextAttemptAt, OfConflict, Text};
use super::error_row::{ErrorRow, on, refused, rejected};
use crate::api::operation::Operation;
use crate::api::refusal::RejectionKind;
use crate::domain::RefusalKind;

/// Sources: types and fixed messages are those of Nebo15/eview, `views/error_view.ex`; the messages about codes those
/// of ehealth-ua/otp_verification.api; the message of `SendLimited` that of the page "Resend device request SMS"
/// (17492804985).
pub(super) static ROWS: &[ErrorRow] = &[
    refused(
        RefusalKind::TokenMissing,
        401,
        "access_denied",
        Text("Authorization header is not set or doesn't contain Bearer token"),
    ),
    refused(RefusalKind::TokenUnknown, 401, "access_denied", Text("Invalid access token")),
    on(
        Operation::AuthenticationFactor,
        refused(RefusalKind::UserUnknown, 404, "not_found", Text("Person not found")),
    ),
    refused(RefusalKind::UserUnknown, 401, "access_denied", Text("Invalid access token")),
    refused(
        RefusalKind::NotAnOperator,
        403,
        "forbidden",
        Text("Only root and the user of this node may call over this socket."),
    ),
    refused(RefusalKind::NotFound, 404, "not_found", Absent),
    refused(RefusalKind::PersonNotFound, 404, "not_found", Text("Person not found")),
    refused(RefusalKind::PersonNotActive, 409, "request_conflict", Text("Person is not active")),
    // No page has this message. `deployed` answers an empty list instead.
    refused(RefusalKind::FactorNotSet, 404, "not_found", Text("Factor not set")),
    refused(RefusalKind::MethodNotOtp, 409, "request_conflict", Text("Auth method is not OTP")),
    refused(RefusalKind::InvalidTransition, 409, "request_conflict", Text("Invalid transition")),
    refused(RefusalKind::Conflict, 409, "request_conflict", OfConflict),
    refused(RefusalKind::FieldRefused, 422, "validation_failed", VALIDATION),
    refused(RefusalKind::PhoneRefused, 422, "validation_failed", VALIDATION),
    refused(
        RefusalKind::SendLimited,
        429,
        "too_many_requests",
        NextAttemptAt("Sending SMS timeout. Try later. Next attempt will be available at "),
    ),
    refused(
        RefusalKind::GuessLimited,
        429,
        "too_many_requests",
        NextAttemptAt("Too many attempts. Next attempt will be available at "),
    ),
    on(Operation::Approve, refused(RefusalKind::CodeWrong, 422, "forbidden", WRONG)),
    on(Operation::Approve, refused(RefusalKind::CodeExpired, 422, "forbidden", EXPIRED)),
    on(Operation::Approve, refused(RefusalKind::CodeSpent, 422, "forbidden", SPENT)),
    refused(RefusalKind::CodeWrong, 403, "forbidden", WRONG),
    refused(RefusalKind::CodeExpired, 403, "forbidden", EXPIRED),
    refused(RefusalKind::CodeSpent, 403, "forbidden", SPENT),
    refused(
        RefusalKind::Busy,
        503,
        "internal_error",
        Text("The server is busy. Nothing has changed. Try again."),
    ),
    refused(
        RefusalKind::HashingFailed,
        500,
        "internal_error",
        Text("The code could not be hashed."),
    ),
    refused(
        RefusalKind::StorageFailed,
        503,
        "internal_error",
        Text("The server cannot reach its storage. Try again later."),
    ),
    refused(
        RefusalKind::DiskFull,
        503,
        "internal_error",
        Text(
            "The server's disk is nearly full: it changes nothing until there is room. Nothing has changed.",
        ),
    ),
    refused(
        RefusalKind::MessagesLate,
        503,
        "internal_error",
        LateBy("Messages wait: the oldest has waited for "),
    ),
    refused(
        RefusalKind::DriversDown,
        503,
        "internal_error",
        Text("Messages wait: every driver has failed too often, and is tried now and then only."),
    ),
    rejected(
        RejectionKind::TooSlow,
        503,
        "internal_error",
        Text("The answer took too long. It is not known whether the request was carried out."),
    ),
    rejected(
        RejectionKind::UriTooLong,
        414,
        "uri_too_long",
        Text("Request target is longer than 2048 bytes."),
    ),
    rejected(
        RejectionKind::HeadTooLarge,
        431,
        "header_fields_too_large",
        Text("Request head has more than 64 header fields or 16384 bytes."),
    ),
    rejected(
        RejectionKind::HostMalformed,
        400,
        "request_malformed",
        Text(
            "Malformed request. The header Host must be a host's name or address, perhaps with a port, \
             and the one in the request line.",
        ),
    ),
    rejected(
        RejectionKind::HostUnknown,
        400,
        "request_malformed",
        Text("Malformed request. The header Host names no host that is served here:"),
    ),
    rejected(
        RejectionKind::CrossSite,
        403,
        "forbidden",
        Text("Requests from pages of other sites are refused."),
    ),
    rejected(RejectionKind::RouteUnknown, 404, "not_found", Absent),
    rejected(
        RejectionKind::PathMalformed,
        400,
        "request_malformed",
        Text(
            "Malformed request. The path or the query has characters, escapes or dot segments \
             that have no place in it.",
        ),
    ),
    rejected(
        RejectionKind::MethodNotAllowed,
        405,
        "method_not_allowed",
        Text("Method is not allowed. See the header Allow."),
    ),
    rejected(
        RejectionKind::HeaderTwice,
        400,
        "request_malformed",
        Text("Malformed request. Header given twice"),
    ),
    rejected(
        RejectionKind::Expectation,
        417,
        "expectation_failed",
        Text("The only expectation that is met is 100-continue."),
    ),
    rejected(
        RejectionKind::TransferEncoding,
        501,
        "not_implemented",
        Text("The only transfer coding that is taken is chunked."),
    ),
    on(Operation::Apply, ANSWERS_IN_LINES),
    on(Operation::DemoWorld, ANSWERS_IN_LINES),
    rejected(
        RejectionKind::NotAcceptable,
        406,
        "content_type_invalid",
        Text("Accept header is missing or invalid. Try to set 'Accept: application/json' header."),
    ),
    rejected(
        RejectionKind::BodyMalformed,
        400,
        "request_malformed",
        Text("Malformed request. Probably, you have sent corrupted JSON."),
    ),
    rejected(
        RejectionKind::BodyTooLarge,
        413,
        "request_too_large",
        Text("Request body is too large."),
    ),
    rejected(
        RejectionKind::LineTooLong,
        413,
        "request_too_large",
        Text("A line of the request body is too long: line"),
    ),
    rejected(
        RejectionKind::BodyTooSlow,
        408,
        "request_timeout",
        Text("Request body did not come in time."),
    ),
    on(Operation::Apply, LINES_ONLY),
    on(Operation::DemoWorld, LINES_ONLY),
    rejected(
        RejectionKind::MediaType,
        415,
        "content_type_invalid",
        Text(
            "Invalid Content-Type header. Try to set 'Content-Type: application/json' header: \
             http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/content-type.",
        ),
    ),
    rejected(
        RejectionKind::ContentEncoding,
        415,
        "content_type_invalid",
        Text("Invalid Content-Encoding header. Send the body as it is, without one."),
    ),
    rejected(RejectionKind::Invalid, 422, "validation_failed", VALIDATION),
];

const ANSWERS_IN_LINES: ErrorRow = rejected(
    RejectionKind::NotAcceptable,
    406,
    "content_type_invalid",
    Text("Accept header is missing or invalid. Try to set 'Accept: application/x-ndjson' header."),
);
const LINES_ONLY: ErrorRow = rejected(
    RejectionKind::MediaType,
    415,
    "content_type_invalid",
    Text("Invalid Content-Type header. Try to set 'Content-Type: application/x-ndjson' header."),
);
const WRONG: ErrorMessage = Text("Invalid verification code");
const EXPIRED: ErrorMessage = Text("Verification code expired");
const SPENT: ErrorMessage = Text("Maximum attempts exceed");
const VALIDATION: ErrorMessage = Text(
    "Validation failed. You can find validators description at our API Manifest: \
     http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors.",
);
