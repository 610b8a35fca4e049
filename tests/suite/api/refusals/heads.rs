//! Heads that are not as they should be.

use esoz_otp::api::ErrorKind::Rejected;
use esoz_otp::api::RejectionKind;

use super::{Case, case};
use crate::support::MIS;

const LIVE: &str = "/health/live";

pub(super) static CASES: &[Case] = &[
    Case {
        path: LIVE,
        provoke: |node, path| {
            node.by_hand("GET", &[path, "?", &"a".repeat(2048)].concat(), &[], b"")
        },
        message: Some("Request target is longer than 2048 bytes."),
        ..case(Rejected(RejectionKind::UriTooLong), 414, "uri_too_long")
    },
    Case {
        path: LIVE,
        // Host and connection are the other two.
        provoke: |node, path| {
            assert_eq!(node.by_hand("GET", path, &[("a", "b"); 62], b"").status, 200);
            node.by_hand("GET", path, &[("a", "b"); 63], b"")
        },
        message: Some("Request head has more than 64 header fields or 16384 bytes."),
        ..case(Rejected(RejectionKind::HeadTooLarge), 431, "header_fields_too_large")
    },
    Case {
        path: LIVE,
        host: Some("localhost:x"),
        provoke: |node, path| node.by_hand("GET", path, &[("host", "localhost:x")], b""),
        message: Some(
            "Malformed request. The header Host must be a host's name or address, perhaps with a port, \
             and the one in the request line.",
        ),
        ..case(Rejected(RejectionKind::HostMalformed), 400, "request_malformed")
    },
    Case {
        path: LIVE,
        provoke: |node, path| node.by_hand("GET", path, &[("expect", "a miracle")], b""),
        message: Some("The only expectation that is met is 100-continue."),
        ..case(Rejected(RejectionKind::Expectation), 417, "expectation_failed")
    },
    Case {
        path: "/verifications",
        provoke: |node, path| {
            let coded = [("transfer-encoding", "gzip, chunked")];
            node.by_hand("POST", path, &coded, b"0\r\n\r\n")
        },
        message: Some("The only transfer coding that is taken is chunked."),
        ..case(Rejected(RejectionKind::TransferEncoding), 501, "not_implemented")
    },
    Case {
        path: LIVE,
        provoke: |node, path| {
            let reply = node.by_hand("GET", path, &[("accept", "text/html")], b"");
            let entry = serde_json::json!([{"entry_type": "header", "entry": "Accept"}]);
            assert_eq!(reply.error()["invalid"], entry);
            reply
        },
        message: Some(
            "Accept header is missing or invalid. Try to set 'Accept: application/json' header.",
        ),
        ..case(Rejected(RejectionKind::NotAcceptable), 406, "content_type_invalid")
    },
    Case {
        path: "/api/verifications",
        provoke: |node, path| {
            let packed = [MIS[0], MIS[1], ("content-encoding", "gzip"), ("content-length", "2")];
            node.by_hand("POST", path, &packed, b"{}")
        },
        message: Some("Invalid Content-Encoding header. Send the body as it is, without one."),
        ..case(Rejected(RejectionKind::ContentEncoding), 415, "content_type_invalid")
    },
];
