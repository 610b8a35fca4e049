use serde::Serialize;

use super::response::Answer;
use super::routes::Call;
use super::{Api, Rejection};

#[derive(Serialize)]
struct HealthView {
    status: &'static str,
}

/// `GET /health/live`: the process answers.
#[expect(clippy::unnecessary_wraps, reason = "the type of every handler that reads")]
pub(super) fn live(_: &Api, _: &Call) -> Result<Answer, Rejection> {
    Ok(Answer::ok(&HealthView { status: "ok" }))
}

/// `GET /health/ready`: writes are taken, and messages leave.
pub(super) fn ready(api: &Api, call: &Call) -> Result<Answer, Rejection> {
    api.service.ready(call.now)?;
    Ok(Answer::ok(&HealthView { status: "ok" }))
}
