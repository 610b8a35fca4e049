//! What is read of a request's head.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName, HeaderValue};

use super::Rejection;
use super::request_id::RequestIds;
use crate::http::{Request, single};
use crate::service::Credentials;

/// What the envelope says of the request.
pub(super) struct Head {
    /// `http://host/path`, without the query.
    pub(super) url: String,
    request_id: HeaderValue,
}

impl Head {
    pub(super) fn of(request: &Request, scheme: &str, ids: &RequestIds) -> Self {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let host = host.unwrap_or("localhost");
        let usual_port = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(usual_port).unwrap_or(host);
        let url = [scheme, "://", host, request.uri().path()].concat();
        Self { url, request_id: ids.of(request.headers()) }
    }

    pub(super) fn request_id(&self) -> &str {
        self.request_id.to_str().unwrap_or("-")
    }

    /// What a log may say of it. A caller can put anything into an id of their own, a phone or a token too, so only
    /// ids of the forms that gateways make are repeated: a UUID, and a UUID with a short counter behind it. (A UUID whose
    /// last twelve digits are all decimal is a phone's number more often than it is chance.)
    pub(super) fn loggable_request_id(&self) -> &str {
        let id = self.request_id();
        let (uuid, counter) = id.split_once('#').unwrap_or((id, ""));
        let ends_in_a_number = uuid.rsplit('-').next().is_some_and(is_number);
        let is_made = uuid::Uuid::try_parse(uuid).is_ok() && uuid.len() == 36 && !ends_in_a_number;
        let is_short = counter.len() <= 8 && is_number(counter);
        if is_made && is_short { id } else { "(the caller's own)" }
    }

    pub(super) fn request_id_header(&self) -> HeaderValue {
        self.request_id.clone()
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Token and api-key. Two of one kind are refused even when equal: whoever stands between might look at the other.
pub(super) fn credentials(headers: &HeaderMap) -> Result<Credentials<'_>, Rejection> {
    let authorization = single(headers, &AUTHORIZATION)?.map(HeaderValue::as_bytes);
    let api_key = single(headers, &API_KEY)?.map(HeaderValue::as_bytes);
    Ok(Credentials { bearer: authorization.and_then(bearer), api_key })
}

const API_KEY: HeaderName = HeaderName::from_static("api-key");

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}

/// No content type is taken for JSON: the page's own clients send none with an empty body. No coding of it is undone.
pub(super) fn must_be_json(headers: &HeaderMap) -> Result<(), Rejection> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Rejection::ContentEncoding);
    }
    let Some(value) = single(headers, &CONTENT_TYPE)? else { return Ok(()) };
    let kind = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    if kind.eq_ignore_ascii_case(b"application/json") { Ok(()) } else { Err(Rejection::MediaType) }
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
    fn parameters_of_a_content_type_do_not_matter() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            must_be_json(&headers).is_ok()
        };
        assert!(with("application/json") && with("Application/JSON; charset=utf-8"));
        assert!(!with("text/plain") && !with("application/json-patch+json") && !with(""));
        assert!(must_be_json(&HeaderMap::new()).is_ok());
    }
}
