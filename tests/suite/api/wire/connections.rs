//! One request after the other.

use super::{Row, last, row};

pub(super) static ROWS: &[Row] = &[
    row(
        "RFC 9112, 9.3.2: sent at once, answered in order",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n\
              GET /nowhere HTTP/1.1\r\nHost: {host}\r\n\r\n\
              POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{}\
              DELETE /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n",
            &[200, 404, 422, 405],
        )],
    ),
    row(
        "RFC 9112, 9.3.2: chunks end where they end",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n\
              2\r\n{}\r\n0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n",
            &[422, 200],
        )],
    ),
    row(
        "RFC 9112, 9.3: a refused body is read and forgotten",
        &[(
            b"POST /api/verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{}\
              GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n",
            &[401, 200],
        )],
    ),
    row(
        "ours: if it is soon there",
        &[
            (
                b"POST /api/verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{",
                &[],
            ),
            (b"}", &[401]),
        ],
    ),
    last(
        "ours: and no longer than may be waited for",
        &[(
            b"POST /api/verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 20000\r\n\r\n{}",
            &[401],
        )],
    ),
    row(
        "RFC 9110, 9.3.1: so is a body that a GET has",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{}\
              GET /nowhere HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            &[200, 404],
        )],
    ),
    last(
        "RFC 9112, 9.6: nothing behind the last request is looked at",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n\
              GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n",
            &[200],
        )],
    ),
    last(
        "RFC 9112, 9.6: close is close whatever stands beside it",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive, close\r\n\r\n",
            &[200],
        )],
    ),
    row(
        "ours: a head may come in pieces",
        &[(b"GET /health/l", &[]), (b"ive HTTP/1.1\r\nHo", &[]), (b"st: {host}\r\n\r\n", &[200])],
    ),
];
