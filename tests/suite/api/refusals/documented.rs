//! What the pages alone say.

use esoz_otp::api::ErrorKind::Refused;
use esoz_otp::api::Operation;
use esoz_otp::domain::RefusalKind;

use super::{
    Case, DENIED, FACTOR, RESEND, UNKNOWN, case, resend_without_the_scope, with_a_wrong_key,
};
use crate::support::MIS;

pub(super) static CASES: &[Case] = &[
    Case {
        on: Some(Operation::AuthenticationFactor),
        path: FACTOR,
        provoke: |node, path| node.get_as("nobody-s-token", path),
        message: Some("Token was not found"),
        ..case(Refused(RefusalKind::TokenUnknown), 404, "not_found")
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-expired-token", path),
        message: Some("Access denied"),
        ..case(Refused(RefusalKind::TokenExpired), 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-blocked-client-token", path),
        message: Some("Access denied"),
        ..case(Refused(RefusalKind::ClientBlocked), 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("demo-mis-token", path),
        message: Some("Api key is not set"),
        ..case(Refused(RefusalKind::ApiKeyMissing), 401, DENIED)
    },
    Case {
        path: RESEND,
        provoke: with_a_wrong_key,
        message: Some("Invalid api key"),
        ..case(Refused(RefusalKind::ApiKeyInvalid), 401, DENIED)
    },
    Case {
        on: Some(Operation::ResendOtp),
        path: RESEND,
        provoke: resend_without_the_scope,
        message: Some("Invalid scope"),
        ..case(Refused(RefusalKind::ScopeMissing), 403, "forbidden")
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-noscope-token", path),
        message: Some(
            "Your scope does not allow to access this resource. Missing allowances: \"person:read\"",
        ),
        ..case(Refused(RefusalKind::ScopeMissing), 403, "forbidden")
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-blocked-user-token", path),
        message: Some("User blocked"),
        ..case(Refused(RefusalKind::UserBlocked), 401, DENIED)
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-nofactor-token", path),
        message: Some("Factor not set"),
        ..case(Refused(RefusalKind::FactorNotSet), 404, "not_found")
    },
    Case {
        on: Some(Operation::ResendOtp),
        path: "/api/person_requests/eeebb86d-5cba-43c9-885b-000000000000/actions/resend_otp",
        provoke: |node, path| node.call("POST", path, &MIS, ""),
        message: Some("not_found"),
        ..case(Refused(RefusalKind::NotFound), 404, "not_found")
    },
    Case {
        on: Some(Operation::Approve),
        path: "/api/person_requests/eeebb86d-5cba-43c9-885b-000000000000/actions/approve",
        provoke: |node, path| node.call("PATCH", path, &MIS, r#"{"verification_code": "000000"}"#),
        message: Some("not_found"),
        ..case(Refused(RefusalKind::NotFound), 404, "not_found")
    },
    Case {
        on: Some(Operation::GetPersonRequest),
        path: UNKNOWN,
        provoke: |node, path| node.call("GET", path, &MIS, ""),
        message: Some("not_found"),
        ..case(Refused(RefusalKind::NotFound), 404, "not_found")
    },
    Case {
        on: Some(Operation::ListDeliveries),
        path: "/api/person_requests/eeebb86d-5cba-43c9-885b-000000000000/deliveries",
        provoke: |node, path| node.call("GET", path, &MIS, ""),
        message: Some("not_found"),
        ..case(Refused(RefusalKind::NotFound), 404, "not_found")
    },
];
