use hyper::StatusCode;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::api::media_type::MediaType;
use crate::api::request::head::Head;
use crate::http::{Response, ResponseBody};

/// The headers of a page: it loads nothing, runs nothing, sends no form, and stands in no frame.
pub(in crate::api) const PAGE_HEADERS: [(HeaderName, &str); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// The response with this body of this type. `204` has neither.
pub(super) fn respond(
    head: &Head,
    status: StatusCode,
    media_type: MediaType,
    body: ResponseBody,
) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if status != StatusCode::NO_CONTENT {
        headers.insert(CONTENT_TYPE, media_type.header());
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    match media_type {
        MediaType::Json | MediaType::NdJson => {}
        MediaType::Html => {
            for (name, value) in PAGE_HEADERS {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }
    for (name, value) in head.repeated() {
        headers.insert(name, value);
    }
    response
}
