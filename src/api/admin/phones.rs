use std::sync::Arc;

use serde::Serialize;

use crate::api::Api;
use crate::api::envelope::Answer;
use crate::api::routes::{Call, Operating};
use crate::domain::{Phone, Refusal};

#[derive(Serialize)]
struct UnlockedView {
    phone_number: String,
    /// How many wrong guesses in a row were taken back.
    wrong_guesses: u32,
}

/// `POST /admin/phones/{phone}/actions/unlock`: the phone's wrong guesses are taken back, and with them its lock.
pub(in crate::api) fn unlock(api: Arc<Api>, call: Call) -> Operating {
    Box::pin(async move {
        let phone = Phone::parse(call.param()).map_err(|_| Refusal::NotFound)?;
        let wrong_guesses = api.service.unlock(call.requester().named(), phone, call.now).await?;
        let phone_number = phone.masked();
        Ok(Answer::ok(&UnlockedView { phone_number, wrong_guesses }))
    })
}
