//! What the live system alone says.

use esoz_otp::api::Kind;
use esoz_otp::api::Operation;

use super::{
    Case, DENIED, FACTOR, RESEND, UNKNOWN, case, resend_without_the_scope, with_a_wrong_key,
};

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
        provoke: with_a_wrong_key,
        message: Some(INVALID_TOKEN),
        ..case(Kind::ApiKeyInvalid, 401, DENIED)
    },
    Case {
        path: RESEND,
        provoke: resend_without_the_scope,
        message: Some(
            "Your scope does not allow to access this resource. Missing allowances: person_request:write",
        ),
        ..case(Kind::ScopeMissing, 403, "forbidden")
    },
];
