//! Who may not call, in words that every dialect has.

use esoz_otp::api::ErrorKind::Refused;
use esoz_otp::api::Operation;
use esoz_otp::domain::RefusalKind;

use super::{Case, DENIED, FACTOR, UNKNOWN, case};

pub(super) static CASES: &[Case] = &[
    Case {
        path: FACTOR,
        provoke: |node, path| node.call("GET", path, &[], ""),
        message: Some("Authorization header is not set or doesn't contain Bearer token"),
        ..case(Refused(RefusalKind::TokenMissing), 401, DENIED)
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("nobody-s-token", path),
        message: Some("Invalid access token"),
        ..case(Refused(RefusalKind::TokenUnknown), 401, DENIED)
    },
    Case {
        on: Some(Operation::AuthenticationFactor),
        path: FACTOR,
        provoke: |node, path| node.get_as("gone-user-token", path),
        message: Some("Person not found"),
        ..case(Refused(RefusalKind::UserUnknown), 404, "not_found")
    },
    Case {
        path: UNKNOWN,
        provoke: |node, path| node.get_as("gone-user-token", path),
        message: Some("Invalid access token"),
        ..case(Refused(RefusalKind::UserUnknown), 401, DENIED)
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("no-person-token", path),
        message: Some("Person not found"),
        ..case(Refused(RefusalKind::PersonNotFound), 404, "not_found")
    },
    Case {
        path: FACTOR,
        provoke: |node, path| node.get_as("demo-inactive-person-token", path),
        message: Some("Person is not active"),
        ..case(Refused(RefusalKind::PersonNotActive), 409, "request_conflict")
    },
];
