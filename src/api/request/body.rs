//! Reads the body where a row takes one, and drops it otherwise, so that the next request can follow.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{head, json};
use crate::api::refusal::Rejection;
use crate::http::{BodyFault, Request, discard, is_empty_body, read_body};
use crate::sms::with_every_digit;

/// Whether a method takes a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None is read.
    None,
    /// JSON; none at all counts as `{}`.
    Json,
    /// The same, but a number that 64 bits don't hold is the text of its digits.
    JsonWithEveryDigit,
    /// Any JSON, or none; its content is ignored.
    AnyJson,
}

/// The state of a request's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::api) enum BodyState {
    /// It was not read.
    #[default]
    Unread,
    /// It has been read to its end.
    Read,
    /// It was given up; where the next request begins is not known.
    GivenUp,
}

/// What a body that nobody wants may have, to be waited for.
const UNWANTED_BYTES: usize = 16 * 1024;
const UNWANTED_TIME: Duration = Duration::from_secs(1);

impl BodyState {
    /// Whether the connection may go on. A body that was sent with a refused request is let pass, if it is small, soon
    /// there, and does not wait to be asked for.
    pub(in crate::api) async fn is_gone(self, request: &mut Request) -> bool {
        match self {
            Self::Unread => discard(request, UNWANTED_BYTES, UNWANTED_TIME).await,
            Self::Read => true,
            Self::GivenUp => false,
        }
    }
}

/// The body as JSON, of no more than `most` bytes; an empty one is `{}`, whatever its type: many stacks put one of their own beside no body at all.
pub(in crate::api) async fn read(
    request: &mut Request,
    body: Body,
    most: usize,
    deadline: Duration,
    state: &mut BodyState,
) -> Result<Value, Rejection> {
    let parse: fn(&str) -> serde_json::Result<Value> = match body {
        Body::None => return Ok(Value::Null),
        Body::Json => json::value,
        Body::JsonWithEveryDigit => |text| json::check(text).and_then(|()| with_every_digit(text)),
        // Numbers beyond our types are JSON too, as long as nobody looks.
        Body::AnyJson => |text| json::check(text).map(|()| Value::Null),
    };
    match head::must_be_json(request.headers()) {
        Ok(()) => {}
        Err(twice @ Rejection::HeaderTwice(_)) => return Err(twice),
        Err(_) if is_empty(request, deadline, state).await? => {}
        Err(unfit) => return Err(unfit),
    }
    let bytes = read_body(request, most, deadline).await;
    *state = if bytes.is_ok() { BodyState::Read } else { BodyState::GivenUp };
    let bytes = bytes.map_err(broken)?;
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let text = str::from_utf8(&bytes).map_err(|_| Rejection::BodyMalformed)?;
    parse(text).map_err(|_| Rejection::BodyMalformed)
}

/// Whether there is no body. One in chunks is waited for: its head does not say it.
async fn is_empty(
    request: &mut Request,
    deadline: Duration,
    state: &mut BodyState,
) -> Result<bool, Rejection> {
    let is_empty = is_empty_body(request, deadline).await;
    is_empty.map_err(|fault| {
        *state = BodyState::GivenUp;
        broken(fault)
    })
}

fn broken(fault: BodyFault) -> Rejection {
    match fault {
        BodyFault::TooLarge => Rejection::BodyTooLarge,
        BodyFault::TooSlow => Rejection::BodyTooSlow,
        BodyFault::Broken => Rejection::BodyMalformed,
    }
}
