//! A factor is read.

use super::Row;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("curl", "GET", "1.1", "Accept: */*", "", 200),
    ("wget", "GET", "1.1", "Accept: */*\nAccept-Encoding: identity\nConnection: Keep-Alive", "", 200),
    ("HTTPie", "GET", "1.1", "Accept-Encoding: gzip, deflate\nAccept: */*\nConnection: keep-alive", "", 200),
    ("PHP curl", "GET", "1.1", "Accept: */*", "", 200),
    ("Python urllib", "GET", "1.1", "Accept-Encoding: identity\nConnection: close", "", 200),
    ("Python requests", "GET", "1.1", "Accept-Encoding: gzip, deflate\nAccept: */*\nConnection: keep-alive", "", 200),
    ("Python httpx", "GET", "1.1", "Accept: */*\nAccept-Encoding: gzip, deflate\nConnection: keep-alive", "", 200),
    ("Python urllib3", "GET", "1.1", "Accept-Encoding: identity", "", 200),
    ("Python aiohttp", "GET", "1.1", "Accept: */*\nAccept-Encoding: gzip, deflate", "", 200),
    ("Node fetch", "GET", "1.1", "connection: keep-alive\naccept: */*\naccept-language: *\nsec-fetch-mode: cors\naccept-encoding: gzip, deflate", "", 200),
    ("axios", "GET", "1.1", "Accept: application/json, text/plain, */*\nAccept-Encoding: gzip, compress, deflate, br\nConnection: keep-alive", "", 200),
    ("got", "GET", "1.1", "accept-encoding: gzip, deflate, br\nConnection: keep-alive", "", 200),
    ("Ruby Net::HTTP", "GET", "1.1", "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\nAccept: */*", "", 200),
    ("Perl LWP", "GET", "1.1", "TE: deflate,gzip;q=0.3\nConnection: TE, close", "", 200),
    ("Java HttpURLConnection", "GET", "1.1", "Accept: text/html, image/gif, image/jpeg, */*; q=0.2\nConnection: keep-alive", "", 200),
    ("java.net.http", "GET", "1.1", "Content-Length: 0", "", 200),
    ("PHP stream", "GET", "1.1", "Connection: close", "", 200),
    ("Guzzle 7, Laravel", "GET", "1.1", "X-Custom-PSK: psk", "", 200),
    ("Go", "GET", "1.1", "Accept-Encoding: gzip", "", 200),
    ("Synapse", "GET", "1.0", "Keep-Alive: 300\nConnection: keep-alive", "", 200),
    ("Indy", "GET", "1.0", "Connection: keep-alive\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", 200),
];
