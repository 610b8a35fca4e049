//! Reads a request's body as JSON or as lines if its row has one, and otherwise discards it, so that the connection can
//! serve the next request.

use std::time::Duration;

use hyper::body::Body as _;
use serde_json::{Map, Value};

use super::{head, json};
use crate::api::refusal::Rejection;
use crate::contract::Shape;
use crate::domain::Refusal;
use crate::http::{
    BodyFault, Request, RequestLine, RequestLines, RequestStream, StreamBounds, StreamFault,
    StreamLimiter, StreamPermit, discard, is_empty_body, read_body,
};
use crate::sms::with_every_digit;

/// The body that a row of the route table reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The body is not read, and the handler gets `null`.
    None,
    /// JSON of one of these forms; the handler decides which one. An empty body counts as `{}`.
    Json(&'static [&'static Shape]),
    /// Any JSON. A number that 64 bits can't hold becomes the string of its digits. Gateways send such ids.
    JsonWithEveryDigit,
    /// Any JSON, or an empty body. The content is checked and then ignored: the handler gets `null`.
    AnyJson,
    /// NDJSON: a JSON value a line, which the handler reads while it answers. It gets `null`, and `Call::upload`.
    Stream(StreamBody),
}

/// A body of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamBody {
    /// The form of a line.
    pub line: &'static Shape,
    /// The most bytes, the longest line, the least rate and the deadline.
    pub bounds: StreamBounds,
}

/// A body of lines, as a handler reads it.
pub(in crate::api) struct Upload {
    lines: RequestLines,
    is_cut: bool,
    /// One of the node's streams, for as long as the upload is read and answered.
    _permit: StreamPermit,
}

impl Upload {
    /// The next line.
    pub(in crate::api) async fn line(&mut self) -> Result<Option<RequestLine>, Rejection> {
        let line = self.lines.line().await;
        self.is_cut = line == Err(StreamFault::Cut);
        line.map_err(of_stream)
    }

    /// Whether the peer ended its side of the connection in the middle of the body.
    pub(in crate::api) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// How far a request's body has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::api) enum BodyProgress {
    /// Nothing was read.
    #[default]
    Unread,
    /// The body was read to its end.
    Read,
    /// The handler reads it while it answers. The connection closes by itself if the handler leaves a part of it.
    Streamed,
    /// Reading failed half-way, so the start of the next request is unknown.
    Abandoned,
}

/// The largest unread body that is discarded. For a larger one the connection is closed.
const DISCARD_BYTES: usize = 16 * 1024;
/// The longest time that discarding an unread body may take.
const DISCARD_TIME: Duration = Duration::from_secs(1);

impl BodyProgress {
    /// Whether the connection can serve a further request. Discards an unread body first, if it is small, arrives in
    /// time, and its caller does not wait for `100 Continue`.
    pub(in crate::api) async fn can_reuse_connection(self, request: &mut Request) -> bool {
        match self {
            Self::Unread => discard(request, DISCARD_BYTES, DISCARD_TIME).await,
            Self::Read | Self::Streamed => true,
            Self::Abandoned => false,
        }
    }
}

/// The body as JSON, of at most `most` bytes. An empty body is `{}` with any `Content-Type`, because many HTTP
/// libraries send a type of their own with an empty body.
///
/// Errors: [`Rejection::MediaType`], [`Rejection::ContentEncoding`], [`Rejection::HeaderTwice`],
/// [`Rejection::BodyTooLarge`], [`Rejection::BodyTooSlow`] after `deadline`, [`Rejection::BodyMalformed`].
pub(in crate::api) async fn read(
    request: &mut Request,
    body: Body,
    most: usize,
    deadline: Duration,
    progress: &mut BodyProgress,
) -> Result<Value, Rejection> {
    let parse: fn(&str) -> serde_json::Result<Value> = match body {
        Body::None | Body::Stream(_) => return Ok(Value::Null),
        Body::Json(_) => json::value,
        Body::JsonWithEveryDigit => |text| json::check(text).and_then(|()| with_every_digit(text)),
        // A number beyond 64 bits is valid JSON, and here its value is not needed.
        Body::AnyJson => |text| json::check(text).map(|()| Value::Null),
    };
    match head::ensure_json_body(request.headers()) {
        Ok(()) => {}
        Err(twice @ Rejection::HeaderTwice(_)) => return Err(twice),
        Err(_) if is_empty(request, deadline, progress).await? => {}
        Err(unfit) => return Err(unfit),
    }
    let bytes = read_body(request, most, deadline).await;
    *progress = if bytes.is_ok() { BodyProgress::Read } else { BodyProgress::Abandoned };
    let bytes = bytes.map_err(rejection)?;
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let text = str::from_utf8(&bytes).map_err(|_| Rejection::BodyMalformed)?;
    parse(text).map_err(|_| Rejection::BodyMalformed)
}

/// Takes the body as lines. Nothing is read yet.
///
/// Errors: [`Rejection::MediaType`], [`Rejection::ContentEncoding`], [`Rejection::HeaderTwice`], [`Refusal::Busy`] beyond the
/// node's streams, [`Rejection::BodyTooLarge`] for a length that is too large.
pub(in crate::api) fn upload(
    request: &mut Request,
    body: StreamBody,
    streams: &StreamLimiter,
    progress: &mut BodyProgress,
) -> Result<Upload, Rejection> {
    match head::ensure_ndjson_body(request.headers()) {
        // Many HTTP libraries send a type of their own with an empty body.
        Err(Rejection::MediaType) if request.body().is_end_stream() => {}
        checked => checked?,
    }
    let permit = streams.admit().ok_or(Refusal::Busy)?;
    let stream = RequestStream::of(request, body.bounds).map_err(of_stream)?;
    *progress = BodyProgress::Streamed;
    Ok(Upload { lines: stream.lines(), is_cut: false, _permit: permit })
}

fn of_stream(fault: StreamFault) -> Rejection {
    match fault {
        StreamFault::TooLarge => Rejection::BodyTooLarge,
        StreamFault::LineTooLong(number) => Rejection::LineTooLong(number),
        StreamFault::TooSlow => Rejection::BodyTooSlow,
        StreamFault::Broken | StreamFault::Cut => Rejection::BodyMalformed,
    }
}

/// Whether the body is empty. A chunked body has to be awaited: its head does not tell its length.
async fn is_empty(
    request: &mut Request,
    deadline: Duration,
    progress: &mut BodyProgress,
) -> Result<bool, Rejection> {
    let is_empty = is_empty_body(request, deadline).await;
    is_empty.map_err(|fault| {
        *progress = BodyProgress::Abandoned;
        rejection(fault)
    })
}

fn rejection(fault: BodyFault) -> Rejection {
    match fault {
        BodyFault::TooLarge => Rejection::BodyTooLarge,
        BodyFault::TooSlow => Rejection::BodyTooSlow,
        BodyFault::Broken => Rejection::BodyMalformed,
    }
}
