//! Reads a request's head.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue};

use super::request_id::RequestIds;
use crate::api::refusal::Rejection;
use crate::domain::audit::RequestId;
use crate::domain::{is_similar, mask_numbers};
use crate::http::{Request, decode, single};
use crate::service::Credentials;

/// The parts of a request that the envelope repeats.
pub(in crate::api) struct Head {
    /// Scheme, host, port unless it is the scheme's own, and as much of the path as may be seen; no query.
    pub(in crate::api) url: String,
    request_id: HeaderValue,
    /// A secret of the caller's stands in it.
    is_telling: bool,
    idempotency_key: Option<HeaderValue>,
}

/// How a listener is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Scheme {
    /// In clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The beginning of a URL, and the default port.
    fn in_urls(self) -> (&'static str, &'static str) {
        match self {
            Self::Http => ("http://", ":80"),
            Self::Https => ("https://", ":443"),
        }
    }
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("x-idempotency-key");

/// Lengths of ids that are taken over: any that does no harm.
const REQUEST_ID_LENGTHS: RangeInclusive<usize> = 1..=200;
/// A part of a token or api-key that is shorter is found in an id by chance.
const TELLING: usize = 8;
/// A key means something to the caller alone, so any length will do that does no harm.
const IDEMPOTENCY_KEY_LENGTHS: RangeInclusive<usize> = 1..=200;

impl Head {
    pub(in crate::api) fn of(request: &Request, scheme: Scheme, ids: &RequestIds) -> Self {
        let headers = request.headers();
        let own_id = repeatable(headers, &X_REQUEST_ID, REQUEST_ID_LENGTHS);
        Self {
            url: url(scheme, headers, request.uri().path()),
            is_telling: own_id.as_ref().is_some_and(|id| holds_secret(id, headers)),
            request_id: own_id.unwrap_or_else(|| ids.next()),
            idempotency_key: repeatable(headers, &X_IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_LENGTHS),
        }
    }

    pub(in crate::api) fn request_id(&self) -> &str {
        self.request_id.to_str().unwrap_or("-")
    }

    /// The caller's name for what they do, if they gave it one. It is repeated, and that is all.
    pub(in crate::api) fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.as_ref()?.to_str().ok()
    }

    /// What log, audit and delivery keep of it: what a caller has put into it, but for phones' numbers, and nothing of one
    /// that has the caller's own token or api-key in it.
    pub(in crate::api) fn kept_request_id(&self) -> Option<RequestId> {
        RequestId::of(if self.is_telling { "(a-secret)" } else { self.request_id() })
    }

    /// Headers that the answer repeats.
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
    [start, host, &shown(path)].concat()
}

/// What a log and an answer may have of a host: what may be a phone's number masked, and not more than a name has.
pub(in crate::api) fn named_host(host: &str) -> String {
    let is_address = host.parse::<IpAddr>().is_ok() || host.parse::<SocketAddr>().is_ok();
    let shown = if is_address { host.to_owned() } else { mask_numbers(host) };
    shown.chars().take(LONGEST_HOST).collect()
}

/// RFC 1035, 2.3.4, and a port.
const LONGEST_HOST: usize = 260;

/// Where a gateway brings its receipts; what stands behind it is its secret.
const RECEIPTS: &str = "receipts";

/// The path without what stands behind `receipts`, wherever that is and however it is spelled: a gateway may have been
/// told a wrong path with the right secret in it, and answers are kept in more places than secrets.
fn shown(path: &str) -> Cow<'_, str> {
    let mut start = 0;
    for segment in path.split('/') {
        let end = start + segment.len();
        // An escaped separator makes segments too, for whoever decodes a second time.
        let text = decode(segment).unwrap_or(Cow::Borrowed(segment));
        let is_theirs = text.split(['/', '\\']).any(|part| part.eq_ignore_ascii_case(RECEIPTS));
        if is_theirs && (end < path.len() || text.len() > RECEIPTS.len()) {
            return Cow::Owned([&path[..start], RECEIPTS, "/***"].concat());
        }
        // A slip of the hand in that word makes the secret behind it none the less one.
        let is_meant = || is_similar(&segment.to_ascii_lowercase(), RECEIPTS);
        if end < path.len() && segment.len().abs_diff(RECEIPTS.len()) <= 2 && is_meant() {
            return Cow::Owned([&path[..end], "/***"].concat());
        }
        start = end + 1;
    }
    Cow::Borrowed(path)
}

/// A header's value that may be sent back: given once, of visible ASCII, of one of these lengths. Any other is treated as
/// if it were not there.
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

/// Whether a token or api-key of this request stands in the text, or the other way round.
fn holds_secret(text: &HeaderValue, headers: &HeaderMap) -> bool {
    let text = text.as_bytes();
    let lines = [AUTHORIZATION, API_KEY].into_iter().flat_map(|name| headers.get_all(name));
    let parts = lines.flat_map(|line| line.as_bytes().split(|b| *b == b' '));
    let holds = |long: &[u8], short: &[u8]| {
        short.len() >= TELLING && long.windows(short.len()).any(|window| window == short)
    };
    parts.into_iter().any(|secret| holds(text, secret) || holds(secret, text))
}

/// Token and api-key. Two of one kind are refused even when equal: whoever stands between might look at the other.
pub(in crate::api) fn credentials(
    headers: &HeaderMap,
    peer: Option<IpAddr>,
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

/// Refuses a body that says of itself that it is no JSON, or packed. None that says nothing: the page's own clients send no
/// type with an empty body.
pub(in crate::api) fn must_be_json(headers: &HeaderMap) -> Result<(), Rejection> {
    let codings = headers.get_all(CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
    if !codings.flat_map(|line| line.split(|b| *b == b',')).all(is_no_coding) {
        return Err(Rejection::ContentEncoding);
    }
    let Some(value) = single(headers, &CONTENT_TYPE)? else { return Ok(()) };
    let kind = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
    if is_json(kind.trim_ascii()) { Ok(()) } else { Err(Rejection::MediaType) }
}

/// `identity` says that nothing was done (RFC 9110, 8.4.1), and so does an empty member of the list.
fn is_no_coding(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    name.is_empty() || name.eq_ignore_ascii_case(b"identity")
}

/// JSON, or something that is written in it (RFC 6839, 3.1).
fn is_json(kind: &[u8]) -> bool {
    let kind = kind.to_ascii_lowercase();
    let suffixed = kind.strip_prefix(b"application/").and_then(|name| name.strip_suffix(b"+json"));
    kind == b"application/json" || suffixed.is_some_and(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_stands_behind_bearer() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        for value in ["", "Bearer", "Bearer ", "Bearer  ", "Basic abc", "abc", "Bearerabc"] {
            assert_eq!(bearer(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn a_url_leaves_out_the_port_that_its_scheme_has_anyway() {
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
            assert_eq!(named_host(host), named);
        }
    }

    #[test]
    fn what_stands_behind_receipts_is_not_shown() {
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
            assert_eq!(shown(path), expected, "{path}");
        }
    }

    fn is_taken(fields: &[(HeaderName, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        must_be_json(&headers).is_ok()
    }

    #[test]
    fn what_is_written_in_json_is_taken_whatever_its_parameters_say() {
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
    fn a_coding_that_changes_nothing_is_taken() {
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
