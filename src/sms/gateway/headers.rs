use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};

use zeroize::Zeroizing;

use super::error::GatewayError;
use crate::config::{SECRET, named_header};
use crate::domain::Secret;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const US: HeaderValue = HeaderValue::from_static(concat!("esoz-otp/", env!("CARGO_PKG_VERSION")));

/// The headers of every request.
pub(super) struct Headers(HeaderMap);

impl Headers {
    /// Reads `Name: value` each, the secret put in.
    pub(super) fn of(lines: &[String], secret: Option<&Secret>) -> Result<Self, GatewayError> {
        let mut headers = HeaderMap::from_iter([(ACCEPT, JSON), (USER_AGENT, US)]);
        for line in lines {
            let (name, value) = header(line, secret)?;
            headers.insert(name, value);
        }
        headers.insert(CONTENT_TYPE, JSON);
        Ok(Self(headers))
    }

    /// A request with them. Its body is wiped in the end.
    pub(super) fn on(
        &self,
        method: &Method,
        url: &Uri,
        body: Zeroizing<Vec<u8>>,
    ) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from_owner(body));
        request.method_mut().clone_from(method);
        request.uri_mut().clone_from(url);
        request.headers_mut().clone_from(&self.0);
        request
    }
}

fn header(line: &str, secret: Option<&Secret>) -> Result<(HeaderName, HeaderValue), GatewayError> {
    let none = || GatewayError::Header(line.to_owned());
    let (name, value) = named_header(line).ok_or_else(none)?;
    if !value.contains(SECRET) {
        return HeaderValue::from_str(value).map(|value| (name, value)).map_err(|_| none());
    }
    let secret = secret.ok_or_else(|| GatewayError::NoSecret(format!("the header `{line}`")))?;
    let is_plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if secret.reveal().is_empty() || !secret.reveal().bytes().all(is_plain) {
        return Err(GatewayError::Secret);
    }
    // A header's value can't be wiped; it lives as long as the driver.
    let value = value.replace(SECRET, secret.reveal());
    let mut value = HeaderValue::from_str(&value).map_err(|_| none())?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str], secret: Option<&str>) -> Result<Headers, GatewayError> {
        let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        Headers::of(&lines, secret.map(|it| Secret::new(it.into())).as_ref())
    }

    #[test]
    fn the_secret_stands_where_it_is_wanted_and_is_not_printed() {
        let headers = headers(&["Authorization: Bearer {secret}", "X-Sort: a"], Some("s3cret"));
        let (url, body) = (Uri::from_static("https://a/b"), Zeroizing::default());
        let request = headers.unwrap().on(&Method::PUT, &url, body);
        assert_eq!(request.headers()["authorization"], "Bearer s3cret");
        assert_eq!(request.headers()["x-sort"], "a");
        assert_eq!(request.headers()["content-type"], "application/json");
        let printed = format!("{request:?}");
        assert!(printed.contains("X-Sort") || printed.contains("x-sort"), "{printed}");
        assert!(!printed.contains("s3cret"), "{printed}");
    }

    #[test]
    fn what_can_not_be_sent_is_refused_without_telling_the_secret() {
        let refusal = |line: &str, secret| headers(&[line], secret).err();
        let (line, wants) = ("no header", "A: {secret}");
        assert_eq!(refusal(line, None), Some(GatewayError::Header(line.into())));
        assert_eq!(refusal("a b: c", None), Some(GatewayError::Header("a b: c".into())));
        assert_eq!(
            refusal(wants, None),
            Some(GatewayError::NoSecret(format!("the header `{wants}`")))
        );
        for secret in ["two\nlines", "ключ", ""] {
            assert_eq!(refusal(wants, Some(secret)), Some(GatewayError::Secret));
        }
    }
}
