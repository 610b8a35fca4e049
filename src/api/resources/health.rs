use serde::Serialize;

use crate::api::handler::Call;
use crate::api::refusal::Rejection;
use crate::api::response::Success;
use crate::api::state::ApiState;

#[derive(Serialize)]
struct HealthView {
    status: &'static str,
}

/// `GET /health/live`: the process answers.
#[expect(clippy::unnecessary_wraps, reason = "the type of every handler that reads")]
pub(in crate::api) fn live(_: &ApiState, _: &Call) -> Result<Success, Rejection> {
    Ok(Success::ok(&HealthView { status: "ok" }))
}

/// `GET /health/ready`: writes are taken, and messages leave.
pub(in crate::api) fn ready(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    state.service.ready(call.now)?;
    Ok(Success::ok(&HealthView { status: "ok" }))
}
