use std::sync::Arc;

use serde::Serialize;

use super::phone_view::PhoneView;
use crate::api::handler::{Call, HandlerFuture};
use crate::api::refusal::Rejection;
use crate::api::response::Success;
use crate::api::state::ApiState;
use crate::domain::Phone;

#[derive(Serialize)]
struct UnlockedView {
    phone_number: String,
    /// The number of wrong guesses in a row before the unlock.
    wrong_guesses: u32,
}

/// `GET /admin/phones/{phone}`: the phone's codes, wrong guesses, sends and messages.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let phone: Phone = call.read_param("phone", state)?;
    let status = state.service.phone(phone, call.now)?;
    Ok(Success::ok(&PhoneView::of(phone, status)))
}

/// `POST /admin/phones/{phone}/actions/unlock`: removes the phone's wrong guesses, and with them its lock.
pub(in crate::api) fn unlock(state: Arc<ApiState>, call: Call) -> HandlerFuture {
    Box::pin(async move {
        let phone: Phone = call.read_param("phone", &state)?;
        let wrong_guesses = state.service.unlock(call.context().origin(), phone, call.now).await?;
        let phone_number = phone.masked();
        Ok(Success::ok(&UnlockedView { phone_number, wrong_guesses }))
    })
}
