//! Delivery receipts of SMS gateways for messages that they accepted.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, Rejection, RejectionKind};
use crate::api::request::body::Body;
use crate::api::response::Success;
use crate::api::route::{Row, WRITES, change};
use crate::api::state::ApiState;
use crate::contract::{Field, Presence, Shape, TextForm};
use crate::sms::Reception;

/// The row of receipts.
pub(in crate::api) const ROUTES: &[Row] = &[Row {
    operation: Operation::Receipts,
    about: "Takes receipts from an SMS gateway",
    path: "/receipts/{driver}/{secret}",
    params: &[
        Field {
            name: "driver",
            about: "The name of the gateway in the settings.",
            shape: &Shape::Text(DRIVER),
            presence: Presence::Required,
        },
        Field {
            name: "secret",
            about: "The secret of the gateway's receipts.",
            shape: &Shape::Text(SECRET),
            presence: Presence::Required,
        },
    ],
    body: Body::JsonWithEveryDigit,
    max_body: 64 * 1024,
    answer: answer::object::<ReceivedView>(),
    refusals: &[&[ErrorKind::Rejected(RejectionKind::RouteUnknown)], WRITES],
    ..change("POST", &receive)
}];

/// The names of gateways in the settings.
const DRIVER: TextForm = TextForm {
    what: "a name",
    rule: "is small letters and digits, a letter first, with single hyphens or underscores between them",
    pattern: Some("^[a-z][a-z0-9]*([-_][a-z0-9]+)*$"),
    format: None,
    example: Some("turbosms"),
};
/// The secrets of receipts: the file of the setting `receipts.secret_file`.
const SECRET: TextForm = TextForm {
    what: "a secret",
    rule: "is 16 to 200 letters, digits, `-`, `.`, `_` or `~`",
    pattern: Some("^[A-Za-z0-9._~-]{16,200}$"),
    format: None,
    example: Some("not-a-real-secret"),
};

/// `data`: the number of receipts by result.
#[derive(JsonSchema, Serialize)]
struct ReceivedView {
    /// Receipts of messages that the node knows.
    known: usize,
    /// Receipts of messages that the node does not know.
    unknown: usize,
    /// Receipts without the fields that the gateway's settings name.
    unreadable: usize,
    /// Receipts with a status that the gateway's settings do not list.
    unlisted: usize,
}

/// `POST /receipts/{driver}/{secret}`: receipts from the gateway of this driver. A wrong secret is answered like an
/// unknown path, so that a caller can't find out which drivers there are.
pub(in crate::api) async fn receive(
    state: Arc<ApiState>,
    call: Call,
) -> Result<Success, Rejection> {
    let [driver, secret] = &call.params[..] else { return Err(Rejection::RouteUnknown) };
    match state
        .service
        .receive(call.context().origin(), driver, secret, &call.body, call.now)
        .await?
    {
        Reception::NotCalled => Err(Rejection::RouteUnknown),
        Reception::Received { known, unknown, unreadable, unlisted } => {
            Ok(Success::ok(&ReceivedView { known, unknown, unreadable, unlisted }))
        }
    }
}
