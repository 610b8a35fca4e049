//! Things that are not there or not in the state for it, and requests that are not as they should be.

use esoz_otp::api::ErrorKind::{Refused, Rejected};
use esoz_otp::api::{Operation, RejectionKind};
use esoz_otp::domain::RefusalKind;

use super::{Case, RESEND, case};
use crate::support::MIS;

const OFFLINE: &str =
    "/api/person_requests/e0000000-0000-4000-8000-000000000003/actions/resend_otp";
const SIGNED: &str = "/api/person_requests/e0000000-0000-4000-8000-000000000006/actions/resend_otp";
const APPLY: &str = "/admin/apply";
const ADMIN: (&str, &str) = ("authorization", "Bearer demo-admin-token");
const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");
const JSON_ONLY: (&str, &str) = ("accept", "application/json");
const LINES_ONLY: Case = Case {
    message: Some(
        "Invalid Content-Type header. Try to set 'Content-Type: application/x-ndjson' header.",
    ),
    ..case(Rejected(RejectionKind::MediaType), 415, "content_type_invalid")
};
const ANSWERS_IN_LINES: Case = Case {
    message: Some(
        "Accept header is missing or invalid. Try to set 'Accept: application/x-ndjson' header.",
    ),
    ..case(Rejected(RejectionKind::NotAcceptable), 406, "content_type_invalid")
};
const MALFORMED: &str = "request_malformed";

pub(super) static CASES: &[Case] = &[
    Case {
        path: "/api/verifications/+380631999999",
        provoke: |node, path| node.call("GET", path, &MIS, ""),
        ..case(Refused(RefusalKind::NotFound), 404, "not_found")
    },
    Case {
        path: OFFLINE,
        provoke: |node, path| node.call("POST", path, &MIS, ""),
        message: Some("Auth method is not OTP"),
        ..case(Refused(RefusalKind::MethodNotOtp), 409, "request_conflict")
    },
    Case {
        path: SIGNED,
        provoke: |node, path| node.call("POST", path, &MIS, ""),
        message: Some("Invalid transition"),
        ..case(Refused(RefusalKind::InvalidTransition), 409, "request_conflict")
    },
    Case {
        path: "/admin/clients/c0000000-0000-4000-8000-000000000001/actions/unblock",
        provoke: |node, path| node.call("PATCH", path, &[ADMIN], "{}"),
        message: Some("client already unblocked"),
        reason: Some("client_unblocked"),
        ..case(Refused(RefusalKind::Conflict), 409, "request_conflict")
    },
    Case {
        path: "/admin/clients",
        provoke: |node, path| node.call("POST", path, &[ADMIN], r#"{"client": {}}"#),
        message: Some(
            "Validation failed. You can find validators description at our API Manifest: \
             http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors.",
        ),
        ..case(Refused(RefusalKind::FieldRefused), 422, "validation_failed")
    },
    Case {
        path: "/health/live",
        host: Some("evil.example"),
        provoke: |node, path| node.by_hand("GET", path, &[("host", "evil.example")], b""),
        message: Some(
            "Malformed request. The header Host names no host that is served here: \
             evil.example is not in the setting server.hosts.",
        ),
        ..case(Rejected(RejectionKind::HostUnknown), 400, MALFORMED)
    },
    Case {
        path: "/verifications",
        provoke: |node, path| node.call("POST", path, &[("origin", "https://evil.example")], "{}"),
        message: Some("Requests from pages of other sites are refused."),
        ..case(Rejected(RejectionKind::CrossSite), 403, "forbidden")
    },
    Case {
        path: "/nowhere",
        provoke: |node, path| node.call("GET", path, &[], ""),
        ..case(Rejected(RejectionKind::RouteUnknown), 404, "not_found")
    },
    Case {
        path: "/verifications/%00",
        provoke: |node, path| node.by_hand("GET", path, &[], b""),
        message: Some(
            "Malformed request. The path or the query has characters, escapes or dot segments that \
             have no place in it.",
        ),
        ..case(Rejected(RejectionKind::PathMalformed), 400, MALFORMED)
    },
    Case {
        path: RESEND,
        provoke: |node, path| node.call("GET", path, &MIS, ""),
        message: Some("Method is not allowed. See the header Allow."),
        ..case(Rejected(RejectionKind::MethodNotAllowed), 405, "method_not_allowed")
    },
    Case {
        path: RESEND,
        provoke: |node, path| node.by_hand("POST", path, &[MIS[0], MIS[1], MIS[1]], b""),
        message: Some("Malformed request. Header given twice: api-key"),
        ..case(Rejected(RejectionKind::HeaderTwice), 400, MALFORMED)
    },
    Case {
        path: RESEND,
        provoke: |node, path| node.call("POST", path, &MIS, "{"),
        message: Some("Malformed request. Probably, you have sent corrupted JSON."),
        ..case(Rejected(RejectionKind::BodyMalformed), 400, MALFORMED)
    },
    Case {
        path: RESEND,
        provoke: |node, path| {
            node.by_hand("POST", path, &[MIS[0], MIS[1], ("content-length", "16385")], b"")
        },
        message: Some("Request body is too large."),
        ..case(Rejected(RejectionKind::BodyTooLarge), 413, "request_too_large")
    },
    Case {
        path: RESEND,
        provoke: |node, path| {
            let headers = [MIS[0], MIS[1], ("content-type", "text/plain")];
            node.call("POST", path, &headers, "{}")
        },
        message: Some(
            "Invalid Content-Type header. Try to set 'Content-Type: application/json' header: \
             http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/content-type.",
        ),
        ..case(Rejected(RejectionKind::MediaType), 415, "content_type_invalid")
    },
    Case {
        path: APPLY,
        provoke: |node, path| node.call("POST", path, &[ADMIN, NDJSON], &"x".repeat(16_385)),
        message: Some("A line of the request body is too long: line 1."),
        ..case(Rejected(RejectionKind::LineTooLong), 413, "request_too_large")
    },
    Case {
        on: Some(Operation::Apply),
        path: APPLY,
        provoke: |node, path| node.call("POST", path, &[ADMIN], "{}"),
        ..LINES_ONLY
    },
    Case {
        on: Some(Operation::DemoWorld),
        path: "/demo/world",
        provoke: |node, path| node.call("POST", path, &[], "{}"),
        ..LINES_ONLY
    },
    Case {
        on: Some(Operation::Apply),
        path: APPLY,
        provoke: |node, path| node.call("POST", path, &[ADMIN, NDJSON, JSON_ONLY], ""),
        ..ANSWERS_IN_LINES
    },
    Case {
        on: Some(Operation::DemoWorld),
        path: "/demo/world",
        provoke: |node, path| node.call("POST", path, &[NDJSON, JSON_ONLY], ""),
        ..ANSWERS_IN_LINES
    },
    Case {
        path: "/verifications",
        provoke: |node, path| node.call("POST", path, &[], "{}"),
        message: Some(
            "Validation failed. You can find validators description at our API Manifest: \
             http://docs.apimanifest.apiary.io/#introduction/interacting-with-api/errors.",
        ),
        ..case(Rejected(RejectionKind::Invalid), 422, "validation_failed")
    },
];
