//! Who may not call.

use esoz_otp::api::Kind;
use esoz_otp::api::routes::Operation;

use super::{Case, FACTOR, RESEND, UNKNOWN, case};

const DENIED: &str = "access_denied";

pub(super) static CASES: &[Case] = &[
    Case {
        path: FACTOR,
        provoke: |node, path| node.call("GET", path, &[], ""),
        message: Some("Authorization header is not set or doesn't contain Bearer token"),
        ..case(Kind::TokenMissing, 401, DENIED)
    },
    Case {
        on: Some(Operation::AuthenticationFactor),
        path: FACTOR,
        provoke: |node, path| node.get_as("nobody-s-token", path),
        message: Some("Token was not found"),
        ..case(Kind::TokenUnknown, 404, "not_found")
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("nobody-s-token", path),
        message: Some("Invalid access token"),
        ..case(Kind::TokenUnknown, 401, DENIED)
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-expired-token", path),
        message: Some("Access denied"),
        ..case(Kind::TokenExpired, 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-blocked-client-token", path),
        message: Some("Access denied"),
        ..case(Kind::ClientBlocked, 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-mis-token", path),
        message: Some("Api key is not set"),
        ..case(Kind::ApiKeyMissing, 401, DENIED)
    },
    Case {
        path: RESEND,
        provoke: |node, path| {
            let headers = [("authorization", "Bearer demo-mis-token"), ("api-key", "nobody-s-key")];
            node.call("POST", path, &headers, "")
        },
        message: Some("Invalid api key"),
        ..case(Kind::ApiKeyInvalid, 401, DENIED)
    },
    Case {
        on: Some(Operation::ResendOtp),
        path: RESEND,
        provoke: |node, path| {
            let token = [("authorization", "Bearer demo-noscope-token")];
            node.call("POST", path, &token, "")
        },
        message: Some("Invalid scope"),
        ..case(Kind::ScopeMissing, 403, "forbidden")
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-noscope-token", path),
        message: Some(
            "Your scope does not allow to access this resource. Missing allowances: \"person:read\"",
        ),
        ..case(Kind::ScopeMissing, 403, "forbidden")
    },
    Case {
        on: Some(Operation::AuthenticationFactor),
        path: FACTOR,
        provoke: |node, path| node.get_as("gone-user-token", path),
        message: Some("Person not found"),
        ..case(Kind::UserUnknown, 404, "not_found")
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("gone-user-token", path),
        message: Some("Invalid access token"),
        ..case(Kind::UserUnknown, 401, DENIED)
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-blocked-user-token", path),
        message: Some("User blocked"),
        ..case(Kind::UserBlocked, 401, DENIED)
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("no-person-token", path),
        message: Some("Person not found"),
        ..case(Kind::PersonNotFound, 404, "not_found")
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-inactive-person-token", path),
        message: Some("Person is not active"),
        ..case(Kind::PersonNotActive, 409, "request_conflict")
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-nofactor-token", path),
        message: Some("Factor not set"),
        ..case(Kind::FactorNotSet, 404, "not_found")
    },
];
