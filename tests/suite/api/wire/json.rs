//! JSON that can be read in one way only, and other bytes.

use super::{Row, row};

pub(super) static ROWS: &[Row] = &[
    row(
        "ours: a member once",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 57\r\n\r\n\
              {\"phone_number\": \"+380631112233\", \"phone_number\": \"+380\"}",
            &[400],
        )],
    ),
    row(
        "ours: wherever it stands",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 39\r\n\r\n\
              {\"provider\": [{\"a\": 1, \"\\u0061\": [2]}]}",
            &[400],
        )],
    ),
    row(
        "ours: 32 levels",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 64\r\n\r\n\
              {[*32}{]*32}",
            &[422],
        )],
    ),
    row(
        "ours: no more",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 66\r\n\r\n\
              {[*33}{]*33}",
            &[400],
        )],
    ),
    row(
        "ours: as deep as it may be long",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 16384\r\n\
              \r\n{[*16384}",
            &[400],
        )],
    ),
    row(
        "RFC 8259, 2: nothing behind it",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n\r\n\
              {}{}",
            &[400],
        )],
    ),
    row(
        "RFC 8259, 8.1: no byte order mark",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\n\
              \xef\xbb\xbf{}",
            &[400],
        )],
    ),
    row(
        "RFC 8259, 8.1: UTF-8",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\n\
              {\"a\": \"\xff\"}",
            &[400],
        )],
    ),
    row(
        "RFC 8259, 8.2: whole characters",
        &[(
            b"POST /verifications HTTP/1.1\r\nHost: {host}\r\nContent-Length: 15\r\n\r\n\
              {\"a\": \"\\ud800\"}",
            &[400],
        )],
    ),
];
