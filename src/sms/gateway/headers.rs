use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};

use zeroize::Zeroizing;

use super::error::GatewayError;
use crate::config::{HeaderTemplate, SECRET};
use crate::domain::Secret;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const US: HeaderValue = HeaderValue::from_static(concat!("esoz-otp/", env!("CARGO_PKG_VERSION")));

/// The headers of every request.
pub(super) struct Headers(HeaderMap);

impl Headers {
    /// The headers of these templates, with the secret filled in.
    pub(super) fn of(
        templates: &[HeaderTemplate],
        secret: Option<&Secret>,
    ) -> Result<Self, GatewayError> {
        let mut headers = HeaderMap::from_iter([(ACCEPT, JSON), (USER_AGENT, US)]);
        for template in templates {
            headers.insert(template.name(), filled(template, secret)?);
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

/// The value of a header.
fn filled(template: &HeaderTemplate, secret: Option<&Secret>) -> Result<HeaderValue, GatewayError> {
    let value = template.value();
    if !value.contains(SECRET) {
        return Ok(HeaderValue::from_str(value).expect("a template's value was parsed as one"));
    }
    let no_secret = || GatewayError::NoSecret(format!("the header `{template}`"));
    let secret = secret.ok_or_else(no_secret)?;
    let is_plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if secret.reveal().is_empty() || !secret.reveal().bytes().all(is_plain) {
        return Err(GatewayError::Secret);
    }
    // A header's value can't be wiped; it lives as long as the driver.
    let value = value.replace(SECRET, secret.reveal());
    let mut value = HeaderValue::from_str(&value).map_err(|_| GatewayError::Secret)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str], secret: Option<&str>) -> Result<Headers, GatewayError> {
        let lines: Vec<_> = lines.iter().map(|line| line.parse().unwrap()).collect();
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
        let wants = "A: {secret}";
        assert_eq!(
            refusal(wants, None),
            Some(GatewayError::NoSecret(format!("the header `{wants}`")))
        );
        for secret in ["two\nlines", "ключ", ""] {
            assert_eq!(refusal(wants, Some(secret)), Some(GatewayError::Secret));
        }
    }
}
