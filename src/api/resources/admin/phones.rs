use std::sync::Arc;

use serde::Serialize;

use crate::api::handler::{Call, HandlerFuture};
use crate::api::response::Success;
use crate::api::state::ApiState;
use crate::domain::Phone;

#[derive(Serialize)]
struct UnlockedView {
    phone_number: String,
    /// The number of wrong guesses in a row before the unlock.
    wrong_guesses: u32,
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
