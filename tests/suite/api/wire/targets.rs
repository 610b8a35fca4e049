//! Methods and request targets.

use super::{Row, bare, last, row};

const ALL: &str = "DELETE, GET, HEAD, PATCH, POST, PUT";

const fn allows(allow: &'static str, row: Row) -> Row {
    Row { field: Some(("allow", allow)), ..row }
}

pub(super) static ROWS: &[Row] = &[
    row(
        "RFC 9112, 3.2.2: a whole URI is a target",
        &[(b"GET http://{host}/health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[200])],
    ),
    row(
        "RFC 9112, 3.2: Host is the target's",
        &[(b"GET http://localhost/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", &[400])],
    ),
    row(
        "RFC 9110, 4.2.3: port 80 may be left off",
        &[(b"GET http://LOCALHOST:80/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", &[200])],
    ),
    row(
        "ours: a host that is served here",
        &[(b"GET http://evil.example/health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n", &[400])],
    ),
    row(
        "RFC 9112, 3.2.3: a host alone is for CONNECT",
        &[(b"GET {host} HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "RFC 9112, 3.2.4: an asterisk is for OPTIONS",
        &[(b"GET * HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    allows(
        ALL,
        row(
            "RFC 9110, 9.3.7: what the server can do",
            &[(b"OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n", &[405])],
        ),
    ),
    allows(
        ALL,
        row(
            "RFC 9110, 9.3.6: no tunnels",
            &[(b"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n", &[405])],
        ),
    ),
    allows(
        "GET, HEAD",
        row(
            "RFC 9110, 15.5.6: OPTIONS",
            &[(b"OPTIONS /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[405])],
        ),
    ),
    allows(
        "GET, HEAD",
        row(
            "RFC 9110, 9.3.8: TRACE",
            &[(b"TRACE /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[405])],
        ),
    ),
    allows(
        "POST",
        row(
            "RFC 9110, 15.5.6: GET where nothing is read",
            &[(b"GET /verifications HTTP/1.1\r\nHost: {host}\r\n\r\n", &[405])],
        ),
    ),
    allows(
        "POST",
        row(
            "RFC 9110, 9.3.2: nor HEAD",
            &[(b"HEAD /verifications HTTP/1.1\r\nHost: {host}\r\n\r\n", &[405])],
        ),
    ),
    allows(
        "GET, HEAD",
        row(
            "RFC 9110, 9.1: an unknown method",
            &[(b"BREW /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[405])],
        ),
    ),
    allows(
        "GET, HEAD",
        row(
            "RFC 9110, 9.1: methods are in capitals",
            &[(b"get /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[405])],
        ),
    ),
    row(
        "RFC 9110, 9.3.2: HEAD is GET without a body",
        &[(b"HEAD /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[200])],
    ),
    row(
        "RFC 9110, 9.3.2: when it is refused too",
        &[(b"HEAD /nowhere HTTP/1.1\r\nHost: {host}\r\n\r\n", &[404])],
    ),
    row(
        "RFC 3986, 2.1: an escape is two digits",
        &[(b"GET /verifications/%zz HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "ours: no controls",
        &[(b"GET /verifications/%00 HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "ours: escapes are of UTF-8",
        &[(b"GET /verifications/%c3%28 HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "RFC 3986, 2: a URI is ASCII",
        &[("GET /verifications/\u{456} HTTP/1.1\r\nHost: {host}\r\n\r\n".as_bytes(), &[400])],
    ),
    bare(
        "RFC 3986, 2: a URI is ASCII, hyper sees to other bytes",
        &[(b"GET /verifications/\xff HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    bare(
        "RFC 9112, 3: no control in a target",
        &[(b"GET /verifications/\x01 HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "RFC 3986, 3.3: characters of a path",
        &[(b"GET /verifications/{a} HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "RFC 3986, 3.3: a backslash is none",
        &[(b"GET /api\\..\\verifications HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "ours: no dot segments",
        &[(b"GET /api/../health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "ours: nor a single dot",
        &[(b"GET /health/./live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "ours: nor escaped",
        &[(b"GET /api/%2E%2e/health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "ours: nor behind an escaped slash",
        &[(b"GET /verifications/..%2fhealth HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "Plug: empty segments are dropped",
        &[(b"GET //health///live/ HTTP/1.1\r\nHost: {host}\r\n\r\n", &[200])],
    ),
    row(
        "ours: beside that a path is taken literally",
        &[(b"GET /health%2Flive HTTP/1.1\r\nHost: {host}\r\n\r\n", &[404])],
    ),
    row(
        "ours: no dot segments behind empty ones",
        &[(b"GET //..//health/live HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "ours: in a query too, escapes are escapes",
        &[(b"GET /health/live?a=% HTTP/1.1\r\nHost: {host}\r\n\r\n", &[400])],
    ),
    row(
        "ours: a query that nobody reads",
        &[(b"GET /health/live?a=[1]&a HTTP/1.1\r\nHost: {host}\r\n\r\n", &[200])],
    ),
    row(
        "RFC 9112, 3.2: a fragment is no part of a target, but hyper has taken it off",
        &[(b"GET /health/live#a HTTP/1.1\r\nHost: {host}\r\n\r\n", &[200])],
    ),
    row("ours: 2 KiB of target", &[(b"GET /{a*2047} HTTP/1.1\r\nHost: {host}\r\n\r\n", &[404])]),
    row(
        "RFC 9110, 15.5.15: no more",
        &[(b"GET /{a*2048} HTTP/1.1\r\nHost: {host}\r\n\r\n", &[414])],
    ),
    row(
        "RFC 9110, 15.5.15: with a query",
        &[(b"GET /health/live?{a*2048} HTTP/1.1\r\nHost: {host}\r\n\r\n", &[414])],
    ),
    bare(
        "ours: hyper's own bound lies beyond it",
        &[(b"GET /{a*300000} HTTP/1.1\r\nHost: {host}\r\n\r\n", &[431])],
    ),
    last(
        "ours: HTTP/1.0 is told the same",
        &[(b"GET /nowhere HTTP/1.0\r\nHost: {host}\r\n\r\n", &[404])],
    ),
];
