//! Checks of a request's head that hold for every route.

use std::net::Ipv6Addr;

use hyper::header::{EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{Uri, Version};

use super::Request;

/// The most bytes of a request target.
pub const URI_BYTES: usize = 2 * 1024;

/// The most bytes of a head.
pub const HEAD_BYTES: usize = 16 * 1024;

/// The most fields of a head.
pub const FIELDS: usize = 64;

/// The fault of a refused head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// The target has too many bytes.
    UriTooLong,
    /// It has too many bytes, or too many fields.
    TooLarge,
    /// A header that may appear once appears twice.
    Twice(HeaderName),
    /// `Host` is missing, names no host, or another one than the target.
    Host,
    /// `Expect` asks for something other than `100-continue`.
    Expectation,
    /// `Transfer-Encoding` is other than `chunked`.
    TransferEncoding,
}

/// Refuses a head that is too large. The count leaves out white space between the parts of a field, and has its line end.
pub fn check_size(request: &Request) -> Result<(), HeadFault> {
    let uri = uri_bytes(request.uri());
    if uri > URI_BYTES {
        return Err(HeadFault::UriTooLong);
    }
    let headers = request.headers();
    let line = request.method().as_str().len() + uri + "  HTTP/1.1\r\n".len();
    let fields = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    if headers.len() > FIELDS || line + fields.sum::<usize>() > HEAD_BYTES {
        return Err(HeadFault::TooLarge);
    }
    Ok(())
}

fn uri_bytes(uri: &Uri) -> usize {
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let scheme = uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
    path + scheme + uri.authority().map_or(0, |authority| authority.as_str().len())
}

/// The host of the request: a name or an address, with an optional port. A target with a host must name the same one
/// (RFC 9112, 3.2).
pub fn host(request: &Request) -> Result<&str, HeadFault> {
    let host = single(request.headers(), &HOST)?.and_then(|host| host.to_str().ok());
    let host = host.filter(|host| is_host(host)).ok_or(HeadFault::Host)?;
    let is_same = match request.uri().authority() {
        None => true,
        Some(authority) => is_same_host(authority.as_str(), host),
    };
    if is_same { Ok(host) } else { Err(HeadFault::Host) }
}

/// Whether two hosts are the same. Either may leave out a default port; behind a proxy that is the port of TLS.
fn is_same_host(one: &str, other: &str) -> bool {
    let leaves_out = |short: &str, long: &str| {
        let name = long.strip_suffix(":80").or_else(|| long.strip_suffix(":443"));
        name.is_some_and(|name| name.eq_ignore_ascii_case(short))
    };
    one.eq_ignore_ascii_case(other) || leaves_out(one, other) || leaves_out(other, one)
}

fn is_host(text: &str) -> bool {
    let (name, port) = split_port(text);
    let is_name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(is_of_a_name),
    };
    let is_port =
        |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_name && port.is_none_or(is_port)
}

/// Whether the host's characters are allowed. Other scripts come as punycode; escapes are not allowed.
fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

/// Splits a host into name and port. The port of an address in brackets stands behind the bracket.
pub fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        Some(_) | None => (host, None),
    }
}

/// Refuses expectations and transfer codings that this server does not support. `Expect` of an HTTP/1.0 client is
/// ignored (RFC 9110, 10.1.1).
pub fn check_demands(request: &Request) -> Result<(), HeadFault> {
    let headers = request.headers();
    let known = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if !headers.get_all(EXPECT).iter().all(known) && request.version() > Version::HTTP_10 {
        return Err(HeadFault::Expectation);
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(_), _) => Err(HeadFault::TransferEncoding),
    }
}

/// Whether the client waits for `100 Continue` before it sends the body.
pub fn expects_continue(request: &Request) -> bool {
    request.headers().contains_key(EXPECT)
}

/// The value of a header that may appear once.
pub fn single<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'h HeaderValue>, HeadFault> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        Some(_) => Err(HeadFault::Twice(name.clone())),
        None => Ok(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_usual_port_may_be_left_out_and_only_on_one_side() {
        for (one, other) in [("a", "A"), ("a:80", "a"), ("a", "a:443"), ("a:8080", "A:8080")] {
            assert!(is_same_host(one, other), "{one} {other}");
        }
        for (one, other) in [("a:80", "a:443"), ("a", "a:8080"), ("a", "b"), ("a:80", "b")] {
            assert!(!is_same_host(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for host in [
            "localhost",
            "LocalHost:4000",
            "api.example.ua",
            "127.0.0.1:80",
            "[::1]",
            "[2001:db8::1]:65535",
            "a_b",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "localhost:",
            "localhost:65536",
            "localhost:+1",
            "localhost:1x",
            "localhost:4000:1",
            "a b",
            "user@localhost",
            "http://localhost",
            "localhost/",
            "::1",
            "[::1",
            "[localhost]",
            "[::1]x",
            "приклад.укр",
            "a%2eb",
            "a,b",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
