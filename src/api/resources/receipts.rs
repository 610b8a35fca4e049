//! Delivery receipts of SMS gateways for messages that they accepted.

use std::sync::Arc;

use serde::Serialize;

use crate::api::handler::{Call, HandlerFuture};
use crate::api::refusal::Rejection;
use crate::api::response::Success;
use crate::api::state::ApiState;
use crate::sms::Reception;

/// `data`: the number of receipts by result.
#[derive(Serialize)]
struct ReceivedView {
    known: usize,
    unknown: usize,
    unreadable: usize,
    unlisted: usize,
}

/// `POST /receipts/{driver}/{secret}`: receipts from the gateway of this driver. A wrong secret is answered like an
/// unknown path, so that a caller can't find out which drivers there are.
pub(in crate::api) fn receive(state: Arc<ApiState>, call: Call) -> HandlerFuture {
    Box::pin(async move {
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
    })
}
