use schemars::JsonSchema;
use serde::Serialize;

use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, Rejection};
use crate::api::response::Success;
use crate::api::route::{READS, Row, read};
use crate::api::state::ApiState;
#[cfg(doc)]
use crate::domain::Refusal;
use crate::domain::RefusalKind;

/// The rows for monitors.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::Live,
        about: "Whether the process answers",
        path: "/health/live",
        answer: answer::object::<HealthView>(),
        ..read(live)
    },
    Row {
        operation: Operation::Ready,
        about: "Whether the store accepts writes and messages are sent",
        path: "/health/ready",
        answer: answer::object::<HealthView>(),
        refusals: &[
            &[
                ErrorKind::Refused(RefusalKind::MessagesLate),
                ErrorKind::Refused(RefusalKind::DriversDown),
                ErrorKind::Refused(RefusalKind::DiskFull),
            ],
            READS,
        ],
        ..read(ready)
    },
];

/// `data` of a healthy node.
#[derive(JsonSchema, Serialize)]
struct HealthView {
    /// Always `ok`.
    status: &'static str,
}

/// `GET /health/live`: `200` as long as the process answers.
#[expect(clippy::unnecessary_wraps, reason = "the type of every handler that reads")]
pub(in crate::api) fn live(_: &ApiState, _: &Call) -> Result<Success, Rejection> {
    Ok(Success::ok(&HealthView { status: "ok" }))
}

/// `GET /health/ready`: `200` if the store accepts writes and messages are sent. Otherwise `503`, by
/// [`Refusal::DiskFull`], [`Refusal::StorageFailed`], [`Refusal::DriversDown`] or [`Refusal::MessagesLate`].
pub(in crate::api) fn ready(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    state.service.ready(call.now)?;
    Ok(Success::ok(&HealthView { status: "ok" }))
}
