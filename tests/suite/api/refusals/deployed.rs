//! What the live system alone says.

use esoz_otp::api::ErrorKind::Refused;
use esoz_otp::api::Operation;
use esoz_otp::domain::RefusalKind;

use super::{
    Case, DENIED, FACTOR, RESEND, UNKNOWN, case, resend_without_the_scope, with_a_wrong_key,
};

const INVALID_TOKEN: &str = "Invalid access token";

pub(super) static CASES: &[Case] = &[
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-expired-token", path),
        message: Some(INVALID_TOKEN),
        ..case(Refused(RefusalKind::TokenExpired), 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-blocked-client-token", path),
        message: Some(INVALID_TOKEN),
        ..case(Refused(RefusalKind::ClientBlocked), 401, DENIED)
    },
    Case {
        on: Some(Operation::AuthenticationFactor),
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-blocked-user-token", path),
        message: Some("User blocked"),
        ..case(Refused(RefusalKind::UserBlocked), 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-blocked-user-token", path),
        message: Some(INVALID_TOKEN),
        ..case(Refused(RefusalKind::UserBlocked), 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-mis-token", path),
        message: Some(INVALID_TOKEN),
        ..case(Refused(RefusalKind::ApiKeyMissing), 401, DENIED)
    },
    Case {
        path: RESEND,
        provoke: with_a_wrong_key,
        message: Some(INVALID_TOKEN),
        ..case(Refused(RefusalKind::ApiKeyInvalid), 401, DENIED)
    },
    Case {
        path: RESEND,
        provoke: resend_without_the_scope,
        message: Some(
            "Your scope does not allow to access this resource. Missing allowances: person_request:write",
        ),
        ..case(Refused(RefusalKind::ScopeMissing), 403, "forbidden")
    },
];
