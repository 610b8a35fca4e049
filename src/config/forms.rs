//! Forms of texts that settings take.

use std::net::{Ipv6Addr, SocketAddr};

use hyper::Uri;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING,
};

use super::drivers::DriverName;
use super::takes::Form;
use crate::domain::{Network, Segments};

/// What stands for the code in the text of a message.
pub const CODE: &str = "{code}";
/// What stands for a gateway's secret in a header or a body.
pub const SECRET: &str = "{secret}";
/// What stands for something in the body of a message.
pub(super) const IN_MESSAGE: [&str; 5] = ["{phone}", "{text}", "{sender}", "{id}", SECRET];
/// And in that of a question.
pub(super) const IN_QUESTION: [&str; 2] = ["{gateway_id}", SECRET];
/// Headers that follow from a request, whatever is set.
const OURS: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];
/// No gateway's word for an outcome is longer.
const LONGEST_VERDICT: usize = 100;
/// The most parts of a message, whatever the length of its code.
const MOST_PARTS: usize = 10;
const LONGEST_CODE: &str = "0000000000";

pub(super) fn address() -> Form {
    Form::new("addresses with a port, such as 127.0.0.1:4000 or [::1]:4000", |text| {
        text.parse::<SocketAddr>().is_ok()
    })
}

pub(super) fn network() -> Form {
    let words =
        "networks of more than one bit, such as 10.0.0.0/8 or fd00::/8, or single addresses";
    Form::new(words, |text| text.parse::<Network>().is_ok())
}

/// As it stands in `Host`.
pub(super) fn host() -> Form {
    Form::new("names or addresses without a port, an IPv6 one in brackets", |text| {
        if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return inside.parse::<Ipv6Addr>().is_ok();
        }
        let is_good = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        !text.is_empty() && text.bytes().all(is_good)
    })
}

pub(super) fn path() -> Form {
    Form::new("a path", |text| !text.is_empty() && !text.contains('\0'))
}

pub(super) fn path_or_none() -> Form {
    Form::new("a path, or an empty text for none", |text| !text.contains('\0'))
        .because(|_| "has a NUL in it")
}

/// A text of any kind, but for what no terminal survives.
pub(super) fn plain() -> Form {
    Form::new("a text", |text| text.chars().all(|c| !c.is_control() || "\n\r\t".contains(c)))
        .because(|_| "has a control character in it")
}

pub(super) fn driver() -> Form {
    let words = "`console`, `file` or names of gateways (small letters and digits, a letter first, - or _ between)";
    Form::new(words, |text| text.parse::<DriverName>().is_ok())
}

/// One without a fragment, which would not be sent, or a word that would be. That it has no user either is for those to
/// say who look for secrets.
pub(super) fn url() -> Form {
    Form::new(
        "an address that begins with https:// (or http://), without user, fragment or `{secret}`",
        |text| text.is_empty() || is_url(text),
    )
    .because(wrong_with_url)
}

fn wrong_with_url(text: &str) -> &'static str {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("https" | "http") if text.contains('#') => "has a fragment (#)",
        Some("https" | "http") if text.contains(SECRET) => "has `{secret}` in it",
        Some("https" | "http") => "is no address of that kind",
        Some(_) | None => "does not begin with https://",
    }
}

fn is_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_plain = |host: &str| !host.is_empty();
    is_http && !text.contains('#') && !text.contains(SECRET) && uri.host().is_some_and(is_plain)
}

pub(super) fn header() -> Form {
    let words = "headers, each `Name: value`, but for those that a request has by itself (Content-Type, Host and the like)";
    Form::new(words, |text| named_header(text).is_some()).because(wrong_with_header)
}

fn wrong_with_header(text: &str) -> &'static str {
    let Some((name, value)) = text.split_once(':') else { return "has no colon" };
    match HeaderName::from_bytes(name.as_bytes()) {
        Err(_) => "has no header's name before its colon",
        Ok(name) if OURS.contains(&name) => "is a header that a request has by itself",
        Ok(_) if value.trim().is_empty() => "has nothing behind its colon",
        Ok(_) => "has a character that no header may have",
    }
}

/// The name of a header, and its value, which may have [`SECRET`] in it.
pub(crate) fn named_header(text: &str) -> Option<(HeaderName, &str)> {
    let (name, value) = text.split_once(':')?;
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let value = value.trim();
    let fits = !OURS.contains(&name) && !value.is_empty() && HeaderValue::from_str(value).is_ok();
    fits.then_some((name, value))
}

pub(super) fn pointer() -> Form {
    Form::new("JSON pointers such as /result/0/id (RFC 6901)", is_pointer)
}

/// RFC 6901.
pub(crate) fn is_pointer(text: &str) -> bool {
    let is_escaped = |rest: &str| rest.starts_with(['0', '1']);
    (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(is_escaped)
}

pub(super) fn verdict() -> Form {
    Form::new("words or numbers as the gateway writes them, each in quotes", |text| {
        !text.trim().is_empty()
            && text.chars().count() <= LONGEST_VERDICT
            && !text.contains(char::is_control)
    })
}

pub(super) fn prefix() -> Form {
    Form::new("starts of phone numbers: +380 and one to nine digits", |text| {
        let digits = text.strip_prefix("+380").unwrap_or_default();
        (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// One line: a console prints it as one.
pub(super) fn template() -> Form {
    Form::new("a text of one line that has `{code}` in it once", |text| {
        text.matches(CODE).count() == 1
            && !text.contains(char::is_control)
            && Segments::of(&text.replace(CODE, LONGEST_CODE)).parts <= MOST_PARTS
    })
}
