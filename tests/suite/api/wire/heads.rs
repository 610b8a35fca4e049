//! Request lines and header fields.

use super::{Row, bare, last, row};

const fn challenged(row: Row) -> Row {
    Row { field: Some(("www-authenticate", "Bearer")), ..row }
}

pub(super) static ROWS: &[Row] = &[
    row("it works", &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[200])]),
    row(
        "RFC 9112, 2.2: an empty line before a request is passed over",
        &[(b"\r\nGET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[200])],
    ),
    row(
        "RFC 9112, 2.2: a lone line feed may end a line",
        &[(b"GET /health/live HTTP/1.1\nHost: {host}\n\n", &[200])],
    ),
    row(
        "RFC 9110, 5.1: names are of any case",
        &[(b"GET /health/live HTTP/1.1\r\nhOsT: {host}\r\n\r\n", &[200])],
    ),
    last(
        "RFC 9112, 9.3: HTTP/1.0 is for one request",
        &[(b"GET /health/live HTTP/1.0\r\nHost: {host}\r\n\r\n", &[200])],
    ),
    row(
        "RFC 9112, 9.3: unless it is asked for more",
        &[(b"GET /health/live HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n", &[200])],
    ),
    bare(
        "RFC 9112, 2.3: another version",
        &[(b"GET /health/live HTTP/3.0\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9112, 2.3: the version is in capitals",
        &[(b"GET /health/live http/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    bare("RFC 9112, 3: no version", &[(b"GET /health/live\r\n\r\n", &[400])]),
    bare(
        "RFC 9112, 3: one space between the parts",
        &[(b"GET  /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9110, 9.1: a method is a token",
        &[(b"G(T /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9112, 5.1: no space before the colon",
        &[(b"GET /health/live HTTP/1.1\r\nHost : {host}\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9112, 5.2: no folded lines",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nA: b\r\n c\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9112, 5: a field has a colon",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nA\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9110, 5.1: a name is a token",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nA@: b\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9110, 5.5: no NUL in a value",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nA: \0\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9110, 5.5: no lone CR in a value",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nA: a\rb\r\n\r\n", &[400])],
    ),
    row("RFC 9112, 3.2: there is a Host", &[(b"GET /health/live HTTP/1.1\r\n\r\n", &[400])]),
    last("ours: in HTTP/1.0 too", &[(b"GET /health/live HTTP/1.0\r\n\r\n", &[400])]),
    row(
        "RFC 9112, 3.2: there is one Host",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "RFC 9112, 3.2: it names something",
        &[(b"GET /health/live HTTP/1.1\r\nHost:\r\n\r\n", &[400])],
    ),
    row(
        "RFC 9110, 4.2.4: nobody stands before it",
        &[(b"GET /health/live HTTP/1.1\r\nHost: a@{host}\r\n\r\n", &[400])],
    ),
    row(
        "RFC 9110, 7.2: a port is a number",
        &[(b"GET /health/live HTTP/1.1\r\nHost: localhost:x\r\n\r\n", &[400])],
    ),
    row(
        "ours: a host that is served here",
        &[(b"GET /health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n", &[400])],
    ),
    row(
        "ours: no page of another site",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\n\r\n", &[403])],
    ),
    row(
        "ours: 64 fields",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\na: 1\r\na: 2\r\n\
              b: {c*14000}\r\n\r\n",
            &[200],
        )],
    ),
    row(
        "ours: no more bytes than 16 KiB",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nA: {b*16384}\r\n\r\n", &[431])],
    ),
    bare(
        "ours: hyper's own bound lies beyond it",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nA: {b*300000}\r\n\r\n", &[431])],
    ),
    row(
        "ours: one Authorization",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer a\r\n\
              Authorization: Bearer a\r\n\r\n",
            &[400],
        )],
    ),
    row(
        "ours: one api-key",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\napi-key: a\r\nApi-Key: b\r\n\
              \r\n",
            &[400],
        )],
    ),
    challenged(row(
        "RFC 9110, 15.5.2: a 401 says which scheme would do",
        &[(
            b"GET /api/cabinet/authentication_factor HTTP/1.1\r\nHost: {host}\r\n\
              Authorization: Basic YTpi\r\n\r\n",
            &[401],
        )],
    )),
    challenged(row(
        "ours: a cookie is no credential",
        &[(
            b"GET /api/cabinet/authentication_factor HTTP/1.1\r\nHost: {host}\r\n\
              Cookie: authorization=demo-patient-token\r\n\r\n",
            &[401],
        )],
    )),
    row(
        "RFC 9110, 12.5.1: JSON is not taken",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\
              Accept: text/html, application/xml;q=0.9\r\n\r\n",
            &[406],
        )],
    ),
    row(
        "RFC 9110, 12.5.1: JSON is excluded",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\
              Accept: application/json;q=0, */*\r\n\r\n",
            &[406],
        )],
    ),
    row(
        "RFC 9110, 5.3: lines of a list are one list",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\
              Accept: application/*;q=0.1\r\n\r\n",
            &[200],
        )],
    ),
    row(
        "RFC 9110, 10.1.1: an unknown expectation",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nExpect: 200-ok\r\n\r\n", &[417])],
    ),
    row(
        "RFC 9110, 10.1.1: nothing to wait for without a body",
        &[(b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nExpect: 100-Continue\r\n\r\n", &[200])],
    ),
    row(
        "RFC 9110, 7.8: an upgrade may be passed over",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
              Upgrade: websocket\r\n\r\n",
            &[200],
        )],
    ),
    row(
        "ours: no method but the one that is sent",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\
              X-HTTP-Method-Override: DELETE\r\nX-Method-Override: POST\r\n\r\n",
            &[200],
        )],
    ),
    row(
        "ours: nobody else's word for the host",
        &[(
            b"GET /health/live HTTP/1.1\r\nHost: evil.example\r\n\
              X-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\n\r\n",
            &[400],
        )],
    ),
];
