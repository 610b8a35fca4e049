//! The envelope around every answer: `{"meta": …, "data": …}` or `{"meta": …, "error": …}` (Nebo15/eview,
//! `lib/eview/renders`), and its headers.

use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::document;
use super::success::{Enveloped, Paging};
use crate::api::media_type::MediaType;
use crate::api::request::head::Head;
use crate::domain::Timestamp;
use crate::http::{Response, ResponseBody};

/// A rejection in the words of a dialect: status, `error`, and headers.
pub(in crate::api) struct ErrorBody {
    pub(in crate::api) status: u16,
    pub(in crate::api) error_type: &'static str,
    pub(in crate::api) message: Option<String>,
    pub(in crate::api) invalid: Vec<Value>,
    pub(in crate::api) reason: Option<&'static str>,
    pub(in crate::api) next_attempt_at: Option<Timestamp>,
    /// The header `Retry-After`, in seconds.
    pub(in crate::api) retry_after: Option<u64>,
    /// The header `Allow`: the methods of a path, separated by commas.
    pub(in crate::api) allow: Option<String>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    meta: Meta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
    #[serde(skip_serializing_if = "Option::is_none")]
    urgent: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorView<'a>>,
}

#[derive(Serialize)]
struct Meta<'a> {
    code: u16,
    url: &'a str,
    #[serde(rename = "type")]
    data_type: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
}

#[derive(Serialize)]
struct ErrorView<'a> {
    #[serde(rename = "type")]
    error_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    invalid: &'a [Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
}

impl<'a> ErrorView<'a> {
    fn of(body: &'a ErrorBody) -> Self {
        Self {
            error_type: body.error_type,
            message: body.message.as_deref(),
            invalid: &body.invalid,
            reason: body.reason,
            next_attempt_at: body.next_attempt_at.map(|at| at.to_string()),
        }
    }
}

/// `error` of an answer with this body.
pub(in crate::api) fn error_json(body: &ErrorBody) -> Value {
    serde_json::to_value(ErrorView::of(body)).expect("an error has text keys only")
}

/// The initial capacity of an answer's buffer, in bytes. Most answers are smaller.
const USUAL_BYTES: usize = 512;

pub(super) fn success(
    head: &Head,
    status: StatusCode,
    data: &Enveloped,
    location: Option<&str>,
) -> Response {
    let data_type = if data.paging.is_some() { "list" } else { "object" };
    let envelope = Envelope {
        meta: meta(head, status, data_type),
        data: Some(&data.data),
        paging: data.paging,
        urgent: data.urgent.as_deref(),
        error: None,
    };
    let mut response = respond(head, status, &envelope);
    if let Some(location) = location {
        add(&mut response, LOCATION, location);
    }
    response
}

pub(in crate::api) fn failure(head: &Head, body: &ErrorBody) -> Response {
    let error = ErrorView::of(body);
    let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let envelope = Envelope {
        meta: meta(head, status, "object"),
        data: None,
        paging: None,
        urgent: None,
        error: Some(error),
    };
    let mut response = respond(head, status, &envelope);
    if let Some(seconds) = body.retry_after {
        add(&mut response, RETRY_AFTER, &seconds.to_string());
    }
    if status == StatusCode::UNAUTHORIZED {
        // A 401 names the scheme that is required (RFC 9110, 15.5.2).
        add(&mut response, WWW_AUTHENTICATE, "Bearer");
    }
    if let Some(methods) = &body.allow {
        add(&mut response, ALLOW, methods);
    }
    response
}

fn meta<'h>(head: &'h Head, status: StatusCode, data_type: &'static str) -> Meta<'h> {
    Meta {
        code: status.as_u16(),
        url: &head.url,
        data_type,
        request_id: head.request_id(),
        idempotency_key: head.idempotency_key(),
    }
}

fn respond(head: &Head, status: StatusCode, envelope: &Envelope<'_>) -> Response {
    let mut body = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut body, envelope).expect("an envelope has text keys only");
    document::respond(head, status, MediaType::Json, ResponseBody::whole(body))
}

/// Adds a header. The program makes its value, so it is always valid: a path with an id, a number, a list of methods.
fn add(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
