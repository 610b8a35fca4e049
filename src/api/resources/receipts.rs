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
            shape: &Shape::Text(TextForm::any("a name")),
            presence: Presence::Required,
        },
        Field {
            name: "secret",
            about: "The secret of the gateway's receipts.",
            shape: &Shape::Text(TextForm::any("a secret")),
            presence: Presence::Required,
        },
    ],
    body: Body::JsonWithEveryDigit,
    max_body: 64 * 1024,
    answer: answer::object::<ReceivedView>(),
    refusals: &[&[ErrorKind::Rejected(RejectionKind::RouteUnknown)], WRITES],
    ..change("POST", &receive)
}];

/// `data`: the number of receipts by result.
#[derive(JsonSchema, Serialize)]
struct ReceivedView {
    known: usize,
    unknown: usize,
    unreadable: usize,
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
