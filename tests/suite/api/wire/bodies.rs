//! Bodies. What is read and not fit is 422 on `POST /verifications`, so 422 says that it was read to its end.

use super::{Row, bare, last, row};

pub(super) static ROWS: &[Row] = &[
    row(
        "RFC 9112, 6.2: a length",
        &[(b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{}", &[422])],
    ),
    row(
        "RFC 9112, 6.3: neither length nor coding is no body",
        &[(b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\r\n", &[422])],
    ),
    row(
        "RFC 9112, 7.1: chunks",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
            &[422],
        )],
    ),
    row(
        "RFC 9112, 7: codings are of any case",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            &[422],
        )],
    ),
    row(
        "RFC 9112, 7.1.1 and 7.1.2: extensions and trailers",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nA: b\r\n\r\n",
            &[422],
        )],
    ),
    last(
        "RFC 9112, 6.3: a length beside chunks",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n\
              Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            &[422],
        )],
    ),
    last(
        "RFC 9112, 6.3: chunks beside a length",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            &[422],
        )],
    ),
    row(
        "RFC 9112, 6.1: a coding that is not understood",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            &[501],
        )],
    ),
    row(
        "RFC 9112, 6.1: chunked once",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n\
              0\r\n\r\n",
            &[501],
        )],
    ),
    bare(
        "RFC 9112, 6.3: chunked last",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked, gzip\r\n\r\n",
            &[400],
        )],
    ),
    bare(
        "RFC 9112, 6.1: not in HTTP/1.0",
        &[(
            b"POST /verifications HTTP/1.0\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            &[400],
        )],
    ),
    bare(
        "RFC 9112, 6.3: two lengths",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\
              Content-Length: 3\r\n\r\n{}",
            &[400],
        )],
    ),
    row(
        "RFC 9112, 6.3: the same length twice may pass",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\
              Content-Length: 2\r\n\r\n{}",
            &[422],
        )],
    ),
    bare(
        "RFC 9110, 8.6: a length has no sign",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: +2\r\n\r\n{}",
            &[400],
        )],
    ),
    bare(
        "RFC 9110, 8.6: a length is decimal",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0x2\r\n\r\n\
              {}",
            &[400],
        )],
    ),
    bare(
        "RFC 9110, 8.6: a length is one number",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2, 2\r\n\r\n\
              {}",
            &[400],
        )],
    ),
    bare(
        "RFC 9110, 8.6: beyond all numbers",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Content-Length: 99999999999999999999\r\n\r\n{}",
            &[400],
        )],
    ),
    last(
        "ours: 16 KiB",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 16385\r\n\
              \r\n",
            &[413],
        )],
    ),
    last(
        "ours: sent without a look at the answer",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 200000\r\n\
              \r\n{ *200000}",
            &[413],
        )],
    ),
    last(
        "ours: however it is sent",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked\r\n\r\n4001\r\n{ *16385}\r\n0\r\n\r\n",
            &[413],
        )],
    ),
    last(
        "RFC 9112, 7.1: a chunk's size is hexadecimal",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            &[400],
        )],
    ),
    last(
        "RFC 9112, 7.1: a chunk ends where it says",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
            &[400],
        )],
    ),
    row(
        "RFC 9110, 10.1.1: the body is asked for",
        &[
            (
                b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n\
              Content-Length: 2\r\n\r\n",
                &[100],
            ),
            (b"{}", &[422]),
        ],
    ),
    last(
        "ours: not before the caller is known",
        &[(
            b"POST /api/verifications HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n\
              Content-Length: 2\r\n\r\n",
            &[401],
        )],
    ),
    last(
        "ours: nor if it is too large",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n\
              Content-Length: 16385\r\n\r\n",
            &[413],
        )],
    ),
    last(
        "ours: nor if it is no JSON",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n\
              Content-Type: text/xml\r\nContent-Length: 2\r\n\r\n",
            &[415],
        )],
    ),
    last(
        "ours: nor where none is taken",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n\
              Content-Length: 2\r\n\r\n",
            &[200],
        )],
    ),
    row(
        "RFC 9110, 15.5.16: another type",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
              Content-Length: 2\r\n\r\n{}",
            &[415],
        )],
    ),
    row(
        "RFC 9110, 15.5.16: packed",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Encoding: gzip\r\n\
              Content-Length: 2\r\n\r\n{}",
            &[415],
        )],
    ),
    row(
        "ours: no body has no type",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
              Content-Length: 0\r\n\r\n",
            &[422],
        )],
    ),
    row(
        "ours: no chunks are no body either",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
              Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            &[422],
        )],
    ),
    row(
        "ours: chunks are, and what is behind the first is read and forgotten",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
              Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
            &[415],
        )],
    ),
    last(
        "ours: nor do they make no sense",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
              Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            &[400],
        )],
    ),
    row(
        "ours: no chunks that wait to be asked for",
        &[
            (
                b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
                  Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
                &[100],
            ),
            (b"0\r\n\r\n", &[422]),
        ],
    ),
    last(
        "RFC 9112, 6.3: HTTP/1.0 without a length has no body",
        &[(
            b"POST /verifications HTTP/1.0\r\nHost: {host}\r\nContent-Type: text/plain\r\n\r\n",
            &[422],
        )],
    ),
    row(
        "RFC 6839, 3.1: what is written in JSON",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Content-Type: application/vnd.api+json\r\nContent-Length: 2\r\n\r\n{}",
            &[422],
        )],
    ),
    row(
        "RFC 9110, 8.4.1: a coding that changes nothing",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Encoding: identity\r\n\
              Content-Length: 2\r\n\r\n{}",
            &[422],
        )],
    ),
    row(
        "RFC 9110, 8.3: one type, even of nothing",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
              Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
            &[400],
        )],
    ),
    row(
        "RFC 9110, 8.3: one type",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\n\
              Content-Type: application/json\r\nContent-Type: text/plain\r\n\
              Content-Length: 2\r\n\r\n{}",
            &[400],
        )],
    ),
];
