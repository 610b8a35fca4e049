use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::phone_view::PhoneView;
use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, Rejection, RejectionKind};
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{Access, READS, Row, Surface, WRITES, change, read};
use crate::api::state::ApiState;
use crate::contract::{Field, Presence, Shaped as _};
use crate::domain::Phone;

/// The rows of phones, for the operator.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::UnlockPhone,
        about: "Lifts the lock of a phone",
        path: "/admin/phones/{phone}/actions/unlock",
        params: PHONE,
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: Access::Scope("admin:write"),
        answer: answer::object::<UnlockedView>(),
        refusals: &[&[ErrorKind::Rejected(RejectionKind::Invalid)], WRITES],
        ..change("POST", &unlock)
    },
    Row {
        operation: Operation::AdminGetPhone,
        about: "The codes, wrong guesses, sends and messages of a phone",
        path: "/admin/phones/{phone}",
        params: PHONE,
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: Access::Scope("admin:read"),
        answer: answer::object::<PhoneView>(),
        refusals: &[READS],
        ..read(get)
    },
];

const PHONE: &[Field] = &[Field {
    name: "phone",
    about: "The phone, with its `+` as it is or as `%2B`.",
    shape: Phone::SHAPE,
    presence: Presence::Required,
}];

/// `data` of an unlocked phone.
#[derive(JsonSchema, Serialize)]
struct UnlockedView {
    /// The phone, masked.
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
pub(in crate::api) async fn unlock(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let phone: Phone = call.read_param("phone", &state)?;
    let wrong_guesses = state.service.unlock(call.context().origin(), phone, call.now).await?;
    let phone_number = phone.masked();
    Ok(Success::ok(&UnlockedView { phone_number, wrong_guesses }))
}
