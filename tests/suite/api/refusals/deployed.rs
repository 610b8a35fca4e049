//! What the live system alone says.

use esoz_otp::api::Kind;
use esoz_otp::api::routes::Operation;

use super::{Case, DENIED, FACTOR, RESEND, UNKNOWN, case};

const INVALID_TOKEN: &str = "Invalid access token";

pub(super) static CASES: &[Case] = &[
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-expired-token", path),
        message: Some(INVALID_TOKEN),
        ..case(Kind::TokenExpired, 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-blocked-client-token", path),
        message: Some(INVALID_TOKEN),
        ..case(Kind::ClientBlocked, 401, DENIED)
    },
    Case {
        on: Some(Operation::AuthenticationFactor),
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-blocked-user-token", path),
        message: Some("User blocked"),
        ..case(Kind::UserBlocked, 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-blocked-user-token", path),
        message: Some(INVALID_TOKEN),
        ..case(Kind::UserBlocked, 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-mis-token", path),
        message: Some(INVALID_TOKEN),
        ..case(Kind::ApiKeyMissing, 401, DENIED)
    },
    Case {
        path: RESEND,
        provoke: |node, path| {
            let headers = [("authorization", "Bearer demo-mis-token"), ("api-key", "nobody-s-key")];
            node.call("POST", path, &headers, "")
        },
        message: Some(INVALID_TOKEN),
        ..case(Kind::ApiKeyInvalid, 401, DENIED)
    },
    Case {
        path: RESEND,
        provoke: |node, path| {
            let token = [("authorization", "Bearer demo-noscope-token")];
            node.call("POST", path, &token, "")
        },
        message: Some(
            "Your scope does not allow to access this resource. Missing allowances: person_request:write",
        ),
        ..case(Kind::ScopeMissing, 403, "forbidden")
    },
];
