//! Receipts of gateways for messages that they took.

use std::sync::Arc;

use serde::Serialize;

use crate::api::handler::{Call, HandlerFuture};
use crate::api::refusal::Rejection;
use crate::api::response::Success;
use crate::api::state::ApiState;
use crate::sms::Reception;

#[derive(Serialize)]
struct ReceivedView {
    known: usize,
    unknown: usize,
    unreadable: usize,
    unlisted: usize,
}

/// `POST /receipts/{driver}/{secret}`: receipts from the gateway of this driver. Without its secret there is nothing here,
/// whether there is such a driver or not.
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
