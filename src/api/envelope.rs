//! `{"meta": …, "data": …}` and `{"meta": …, "error": …}` (Nebo15/eview, `lib/eview/renders`).

use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::dialect::Worded;
use super::request::head::Head;
use crate::domain::VerificationId;
use crate::http::Response;

/// A success, its data already written as JSON.
pub struct Answer {
    status: StatusCode,
    data: Box<RawValue>,
    paging: Option<Paging>,
    urgent: Option<Box<RawValue>>,
    location: Option<String>,
}

/// Where a list stands among its pages.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Paging {
    /// Its one page has all of it.
    Whole { page_number: usize, page_size: usize, total_entries: usize, total_pages: usize },
    /// It grows while it is read, and nobody counts it. What comes behind this page is asked for by what it comes
    /// behind, if there is any.
    Part { page_size: usize, next_after: Option<After> },
}

/// What a page comes behind.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum After {
    /// A row of audit.
    Row(u64),
    /// The message with this verification's code.
    Delivery(VerificationId),
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
    invalid: &'a [serde_json::Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
}

impl Answer {
    /// 200 with this view.
    pub fn ok(view: &impl Serialize) -> Self {
        Self {
            status: StatusCode::OK,
            data: json(view),
            paging: None,
            urgent: None,
            location: None,
        }
    }

    /// 200 with all of a list, which its one page has room for.
    pub fn list(views: &[impl Serialize], page_size: usize) -> Self {
        let (page_number, total_entries, total_pages) = (1, views.len(), 1);
        let paging = Paging::Whole { page_number, page_size, total_entries, total_pages };
        Self { paging: Some(paging), ..Self::ok(&views) }
    }

    /// 200 with a part of a list, and where the next one begins.
    pub fn part_of_list(
        views: &[impl Serialize],
        page_size: usize,
        next_after: Option<After>,
    ) -> Self {
        let paging = Paging::Part { page_size, next_after };
        Self { paging: Some(paging), ..Self::ok(&views) }
    }

    /// 201 with this view.
    pub fn created(view: &impl Serialize) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(view) }
    }

    /// The same with `urgent` beside `data`.
    pub fn with_urgent(self, view: &impl Serialize) -> Self {
        Self { urgent: Some(json(view)), ..self }
    }

    /// The same with a `location` header.
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }
}

/// Room for most answers, so that they need not grow while they are written.
const USUAL_BYTES: usize = 512;

fn json(view: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(view).expect("views have text keys and no failing fields")
}

pub(super) fn success(head: &Head, answer: &Answer) -> Response {
    let data_type = if answer.paging.is_some() { "list" } else { "object" };
    let envelope = Envelope {
        meta: meta(head, answer.status, data_type),
        data: Some(&answer.data),
        paging: answer.paging,
        urgent: answer.urgent.as_deref(),
        error: None,
    };
    let mut response = respond(head, answer.status, &envelope);
    if let Some(location) = &answer.location {
        add(&mut response, LOCATION, location);
    }
    response
}

pub(super) fn failure(head: &Head, worded: &Worded) -> Response {
    let error = ErrorView {
        error_type: worded.error_type,
        message: worded.message.as_deref(),
        invalid: &worded.invalid,
        reason: worded.reason,
        next_attempt_at: worded.next_attempt_at.map(|at| at.to_string()),
    };
    let status = StatusCode::from_u16(worded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let envelope = Envelope {
        meta: meta(head, status, "object"),
        data: None,
        paging: None,
        urgent: None,
        error: Some(error),
    };
    let mut response = respond(head, status, &envelope);
    if let Some(seconds) = worded.retry_after {
        add(&mut response, RETRY_AFTER, &seconds.to_string());
    }
    if status == StatusCode::UNAUTHORIZED {
        // A 401 has to say which scheme would do (RFC 9110, 15.5.2).
        add(&mut response, WWW_AUTHENTICATE, "Bearer");
    }
    if let Some(methods) = &worded.allow {
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
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in head.repeated() {
        headers.insert(name, value);
    }
    response
}

/// Values are ours: a path with an id, a number, a list of methods.
fn add(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
