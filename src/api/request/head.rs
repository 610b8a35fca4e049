//! Reads a request's head: request id, URL, credentials, and the type of the body.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue};

use crate::api::refusal::Rejection;
use crate::domain::audit::RequestId;
use crate::domain::{Id, Peer, is_similar, mask_numbers};
use crate::entropy::{Entropy, NoEntropy, draw_id};
use crate::http::{Request, decode, single};
use crate::service::Credentials;

/// The parts of a request that the envelope and the answer's headers repeat.
pub(in crate::api) struct Head {
    /// `meta.url`: scheme, host, port unless it is the scheme's default, and path. It has no query, and [`masked_path`]
    /// hides a gateway's secret.
    pub(in crate::api) url: String,
    request_id: HeaderValue,
    /// Whether `request_id` holds a part of the caller's token or api-key.
    id_holds_secret: bool,
    idempotency_key: Option<HeaderValue>,
}

/// The scheme of a listener's URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Scheme {
    /// Without TLS; default port 80.
    Http,
    /// Over TLS, which a proxy ends; default port 443.
    Https,
}

impl Scheme {
    /// The start of a URL, and the default port as it ends a host.
    fn in_urls(self) -> (&'static str, &'static str) {
        match self {
            Self::Http => ("http://", ":80"),
            Self::Https => ("https://", ":443"),
        }
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("x-idempotency-key");

/// The lengths of an `X-Request-ID` that is repeated, in bytes. Another one is replaced by an id of [`RequestIds`].
const REQUEST_ID_LENGTHS: RangeInclusive<usize> = 1..=200;
/// The shortest part of a token or api-key that an id is searched for, in bytes. A shorter part would match by chance.
const SHORTEST_SECRET: usize = 8;
/// The lengths of an `X-Idempotency-Key` that is repeated, in bytes. Another one is ignored.
const IDEMPOTENCY_KEY_LENGTHS: RangeInclusive<usize> = 1..=200;

/// Makes ids for requests without `X-Request-ID`: `<UUID of this process>#<counter>`, the form of the ЕСОЗ gateway
/// (`6617aeec-15e2-4d6f-b9bd-53559c358f97#17810`).
pub(in crate::api) struct RequestIds {
    /// The process's UUID and `#`.
    prefix: String,
    /// The number of ids made so far.
    counter: AtomicU64,
}

impl RequestIds {
    pub(in crate::api) fn start(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let process: Id<Self> = draw_id(entropy)?;
        Ok(Self { prefix: format!("{process}#"), counter: AtomicU64::new(0) })
    }

    fn next(&self) -> HeaderValue {
        let number = self.counter.fetch_add(1, Ordering::Relaxed) + 1;
        let text = [&self.prefix, &*number.to_string()].concat();
        HeaderValue::from_maybe_shared(Bytes::from(text))
            .expect("a UUID, a # and digits are visible ASCII")
    }
}

impl Head {
    pub(in crate::api) fn of(request: &Request, scheme: Scheme, ids: &RequestIds) -> Self {
        let headers = request.headers();
        let own_id = repeatable(headers, &X_REQUEST_ID, REQUEST_ID_LENGTHS);
        Self {
            url: url(scheme, headers, request.uri().path()),
            id_holds_secret: own_id.as_ref().is_some_and(|id| holds_secret(id, headers)),
            request_id: own_id.unwrap_or_else(|| ids.next()),
            idempotency_key: repeatable(headers, &X_IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_LENGTHS),
        }
    }

    pub(in crate::api) fn request_id(&self) -> &str {
        self.request_id.to_str().unwrap_or("-")
    }

    /// The caller's `X-Idempotency-Key`. The answer repeats it; it has no other effect.
    pub(in crate::api) fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.as_ref()?.to_str().ok()
    }

    /// The request id for log, audit and delivery, with phone numbers masked. An id that holds a part of the caller's
    /// token or api-key is replaced by `(a-secret)`.
    pub(in crate::api) fn stored_request_id(&self) -> Option<RequestId> {
        RequestId::of(if self.id_holds_secret { "(a-secret)" } else { self.request_id() })
    }

    /// The headers that the answer repeats.
    pub(in crate::api) fn repeated(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let key = self.idempotency_key.clone().map(|key| (X_IDEMPOTENCY_KEY, key));
        [(X_REQUEST_ID, self.request_id.clone())].into_iter().chain(key)
    }
}

fn url(scheme: Scheme, headers: &HeaderMap, path: &str) -> String {
    let (start, own_port) = scheme.in_urls();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let host = host.strip_suffix(own_port).unwrap_or(host);
    // `OPTIONS *` and CONNECT name no path.
    let path = if path.starts_with('/') { path } else { "" };
    [start, host, &masked_path(path)].concat()
}

/// A host for the log and an answer: at most [`LONGEST_HOST`] characters, with digits masked that may be a phone
/// number. An IP address stays as it is.
pub(in crate::api) fn masked_host(host: &str) -> String {
    let is_address = host.parse::<IpAddr>().is_ok() || host.parse::<SocketAddr>().is_ok();
    let shown = if is_address { host.to_owned() } else { mask_numbers(host) };
    shown.chars().take(LONGEST_HOST).collect()
}

/// The longest host, in characters: a name (RFC 1035, 2.3.4) and a port.
const LONGEST_HOST: usize = 260;

/// The path segment before a gateway's name and secret: `/receipts/{driver}/{secret}`.
const RECEIPTS: &str = "receipts";

/// The path with `***` for everything after `receipts`, at any depth and in any spelling. A gateway may be set up with
/// a wrong path and the right secret, and an answer's `meta.url` is often logged.
fn masked_path(path: &str) -> Cow<'_, str> {
    let mut start = 0;
    for segment in path.split('/') {
        let end = start + segment.len();
        // A program that decodes the path again would split it at an escaped separator.
        let text = decode(segment).unwrap_or(Cow::Borrowed(segment));
        let is_theirs = text.split(['/', '\\']).any(|part| part.eq_ignore_ascii_case(RECEIPTS));
        if is_theirs && (end < path.len() || text.len() > RECEIPTS.len()) {
            return Cow::Owned([&path[..start], RECEIPTS, "/***"].concat());
        }
        // After a misspelt `receipts` there is a secret too.
        let is_meant = || is_similar(&segment.to_ascii_lowercase(), RECEIPTS);
        if end < path.len() && segment.len().abs_diff(RECEIPTS.len()) <= 2 && is_meant() {
            return Cow::Owned([&path[..end], "/***"].concat());
        }
        start = end + 1;
    }
    Cow::Borrowed(path)
}

/// A header's value that the answer may repeat: given once, of visible ASCII, with a length within `lengths`. Any other
/// value counts as missing.
fn repeatable(
    headers: &HeaderMap,
    name: &HeaderName,
    lengths: RangeInclusive<usize>,
) -> Option<HeaderValue> {
    let mut given = headers.get_all(name).iter();
    let (Some(value), None) = (given.next(), given.next()) else { return None };
    let is_visible = value.as_bytes().iter().all(u8::is_ascii_graphic);
    (is_visible && lengths.contains(&value.len())).then(|| value.clone())
}

/// Whether the text holds the request's token or api-key, or is a part of one.
fn holds_secret(text: &HeaderValue, headers: &HeaderMap) -> bool {
    let text = text.as_bytes();
    let lines = [AUTHORIZATION, API_KEY].into_iter().flat_map(|name| headers.get_all(name));
    let parts = lines.flat_map(|line| line.as_bytes().split(|b| *b == b' '));
    let holds = |long: &[u8], short: &[u8]| {
        short.len() >= SHORTEST_SECRET && long.windows(short.len()).any(|window| window == short)
    };
    parts.into_iter().any(|secret| holds(text, secret) || holds(secret, text))
}

/// The token of `Authorization: Bearer …` and the header `api-key`. Each may be given once; a second one is
/// [`Rejection::HeaderTwice`] even if it is equal, because a proxy in between may read the other one.
pub(in crate::api) fn credentials(
    headers: &HeaderMap,
    peer: Option<Peer>,
    request_id: Option<RequestId>,
) -> Result<Credentials<'_>, Rejection> {
    let authorization = single(headers, &AUTHORIZATION)?.map(HeaderValue::as_bytes);
    let api_key = single(headers, &API_KEY)?.map(HeaderValue::as_bytes);
    Ok(Credentials { bearer: authorization.and_then(bearer), api_key, peer, request_id })
}

const API_KEY: HeaderName = HeaderName::from_static("api-key");

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}

/// Checks the headers of a JSON body: [`Rejection::ContentEncoding`] for a compressed one, [`Rejection::MediaType`] for
/// another type, [`Rejection::HeaderTwice`] for two types. A missing `Content-Type` is accepted, since live clients
/// send none with an empty body.
pub(in crate::api) fn ensure_json_body(headers: &HeaderMap) -> Result<(), Rejection> {
    ensure_body(headers, is_json)
}

/// The same for lines of JSON: `application/x-ndjson` or `application/ndjson`.
pub(in crate::api) fn ensure_ndjson_body(headers: &HeaderMap) -> Result<(), Rejection> {
    ensure_body(headers, is_ndjson)
}

fn ensure_body(headers: &HeaderMap, is_fit: fn(&[u8]) -> bool) -> Result<(), Rejection> {
    let codings = headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
    if !codings.flat_map(|line| line.split(|b| *b == b',')).all(is_no_coding) {
        return Err(Rejection::ContentEncoding);
    }
    let Some(value) = single(headers, &CONTENT_TYPE)? else { return Ok(()) };
    let kind = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
    if is_fit(kind.trim_ascii()) { Ok(()) } else { Err(Rejection::MediaType) }
}

/// Whether a content coding leaves the body as it is: `identity` (RFC 9110, 12.5.3), or an empty member of the list.
fn is_no_coding(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    name.is_empty() || name.eq_ignore_ascii_case(b"identity")
}

/// Whether a media type is JSON: `application/json`, or `application/*+json` (RFC 6839, 3.1).
fn is_json(kind: &[u8]) -> bool {
    let kind = kind.to_ascii_lowercase();
    let suffixed = kind.strip_prefix(b"application/").and_then(|name| name.strip_suffix(b"+json"));
    kind == b"application/json" || suffixed.is_some_and(|name| !name.is_empty())
}

fn is_ndjson(kind: &[u8]) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind == b"application/x-ndjson" || kind == b"application/ndjson"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_follows_the_word_bearer() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        for value in ["", "Bearer", "Bearer ", "Bearer  ", "Basic abc", "abc", "Bearerabc"] {
            assert_eq!(bearer(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn a_url_leaves_out_its_scheme_s_default_port() {
        for (scheme, host, expected) in [
            (Scheme::Http, "localhost", "http://localhost/a"),
            (Scheme::Http, "localhost:80", "http://localhost/a"),
            (Scheme::Http, "[::1]:80", "http://[::1]/a"),
            (Scheme::Http, "localhost:443", "http://localhost:443/a"),
            (Scheme::Http, "localhost:8080", "http://localhost:8080/a"),
            (Scheme::Https, "otp.example:443", "https://otp.example/a"),
            (Scheme::Https, "otp.example:80", "https://otp.example:80/a"),
        ] {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            assert_eq!(url(scheme, &headers, "/a"), expected);
        }
        for (path, expected) in [("/a", "http://localhost/a"), ("*", "http://localhost")] {
            assert_eq!(url(Scheme::Http, &HeaderMap::new(), path), expected);
        }
    }

    #[test]
    fn an_address_is_no_phone_s_number() {
        for (host, named) in [
            ("67.123.45.67:4000", "67.123.45.67:4000"),
            ("[::1]:4000", "[::1]:4000"),
            ("067.123.45.67", "067.***.**.67"),
            ("380671234567.example", "38067*****67.example"),
        ] {
            assert_eq!(masked_host(host), named);
        }
    }

    #[test]
    fn a_path_is_masked_after_receipts() {
        for (path, expected) in [
            ("/receipts/turbosms/s3cret", "/receipts/***"),
            ("/receipts/turbosms/s3cret/", "/receipts/***"),
            ("/receipts/s3cret", "/receipts/***"),
            ("/receipts//s3cret", "/receipts/***"),
            ("/receipts/", "/receipts/***"),
            ("//receipts/turbosms/s3cret", "//receipts/***"),
            ("/otp/receipts/turbosms/s3cret", "/otp/receipts/***"),
            ("/Receipts/turbosms/s3cret", "/receipts/***"),
            ("/%72eceipts/turbosms/s3cret", "/receipts/***"),
            ("/receipts%2Fturbosms%2Fs3cret", "/receipts/***"),
            ("/a%2freceipts%5Cturbosms/s3cret", "/receipts/***"),
            ("/receipts/turbosms/%zz", "/receipts/***"),
            ("/receipts", "/receipts"),
            ("/receipt/s", "/receipt/***"),
            ("/otp/Reciepts/turbosms/s3cret", "/otp/Reciepts/***"),
            ("/receipt", "/receipt"),
            ("/api/verifications/+380958697084", "/api/verifications/+380958697084"),
            ("/%zz/a", "/%zz/a"),
            ("", ""),
        ] {
            assert_eq!(masked_path(path), expected, "{path}");
        }
    }

    fn is_taken(fields: &[(HeaderName, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        ensure_json_body(&headers).is_ok()
    }

    #[test]
    fn a_json_type_is_accepted_with_any_parameters() {
        for value in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json;charset=windows-1251",
            "application/vnd.api+json",
            "application/json-patch+json",
            "Application/Problem+JSON; charset=utf-8",
        ] {
            assert!(is_taken(&[(CONTENT_TYPE, value)]), "{value}");
        }
        for value in [
            "text/plain",
            "text/json",
            "application/+json",
            "application/json+",
            "application/vnd.api+jsonp",
            "application/x+json+xml",
            "image/svg+json",
            "+json",
            "",
        ] {
            assert!(!is_taken(&[(CONTENT_TYPE, value)]), "{value}");
        }
        assert!(is_taken(&[]));
    }

    #[test]
    fn a_coding_that_changes_nothing_is_accepted() {
        for value in ["identity", "Identity", "identity, identity", "", " , identity"] {
            assert!(is_taken(&[(CONTENT_ENCODING, value)]), "{value}");
        }
        for value in ["gzip", "identity, gzip", "br", "identity;q=1", "identitygzip"] {
            assert!(!is_taken(&[(CONTENT_ENCODING, value)]), "{value}");
        }
        assert!(is_taken(&[(CONTENT_ENCODING, "identity"), (CONTENT_ENCODING, "identity")]));
        assert!(!is_taken(&[(CONTENT_ENCODING, "identity"), (CONTENT_ENCODING, "gzip")]));
    }
}
