//! The operator's view of drivers.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, Rejection};
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{Access, NOT_FOUND, Row, Surface, WRITES, change, read};
use crate::api::state::ApiState;
use crate::contract::{Field, Presence, Shape, Shaped as _, TextForm, shape};
use crate::domain::{Phone, RefusalKind};
use crate::sms::{Accepted, DriverReport, SendError};

/// The rows of drivers, for the operator.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::ListDrivers,
        about: "The drivers in their order, and the state of their circuit breakers",
        path: "/admin/drivers",
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: Access::Scope("admin:read"),
        answer: answer::list::<DriverView>(),
        ..read(list)
    },
    Row {
        operation: Operation::TestDriver,
        about: "Sends a text without a code with one driver: a real message, which no limit counts",
        path: "/admin/drivers/{name}/actions/test",
        params: NAME,
        parameters: Parameters::NONE,
        surface: Surface::Internal,
        access: Access::Scope("admin:write"),
        body: Body::Json(&[TestDriver::SHAPE]),
        answer: answer::object::<TestedView>(),
        refusals: &[NOT_FOUND, &[ErrorKind::Refused(RefusalKind::PhoneRefused)], WRITES],
        // `sms.timeout_seconds` is 30 at most, and a driver has a second more to answer.
        deadline: Duration::from_secs(35),
        ..change("POST", &test)
    },
];

const NAME: &[Field] = &[Field {
    name: "name",
    about: "The name of the driver in `sms.drivers`.",
    shape: &Shape::Text(TextForm { example: Some("turbosms"), ..TextForm::any("a name") }),
    presence: Presence::Required,
}];

shape! {
    /// A test of a driver.
    pub(in crate::api) struct TestDriver {
        /// The phone that the text is sent to.
        phone_number: Phone,
    }
}

/// One entry of `data`: a driver. Times are those since the start of the node.
#[derive(JsonSchema, Serialize)]
pub(super) struct DriverView {
    /// The name in `sms.drivers`.
    name: String,
    /// The host of the gateway's URL; `null` for a driver without a gateway.
    host: Option<String>,
    /// The circuit: `closed` while the driver gets every message, `open` while it is paused, `half_open` during a trial.
    state: &'static str,
    /// The failures in a row, each for another number, up to the five that open the circuit.
    failures: usize,
    /// The end of the pause; `null` without one.
    #[schemars(extend("format" = "date-time"))]
    paused_until: Option<String>,
    /// When the driver last accepted a message, or refused one in its own words; `null` if it has not yet.
    #[schemars(extend("format" = "date-time"))]
    answered_at: Option<String>,
    /// When the driver last failed; `null` if it has not yet.
    #[schemars(extend("format" = "date-time"))]
    failed_at: Option<String>,
}

/// `data` of a test: the driver's answer.
#[derive(JsonSchema, Serialize)]
struct TestedView {
    /// The driver.
    driver: String,
    /// The phone, masked.
    phone_number: String,
    /// `accepted`, `refused` for good, `not_accepted`, or `uncertain` without a clear answer.
    outcome: &'static str,
    /// The gateway's id of the message; `null` if it gave none.
    gateway_id: Option<String>,
    /// The reason in words; `null` if the driver accepted the text.
    error: Option<String>,
}

impl DriverView {
    pub(super) fn of(report: DriverReport) -> Self {
        let DriverReport { name, host, circuit } = report;
        let text = |at: Option<crate::domain::Timestamp>| at.map(|at| at.to_string());
        Self {
            name,
            host,
            state: circuit.state,
            failures: circuit.failures,
            paused_until: text(circuit.paused_until),
            answered_at: text(circuit.answered_at),
            failed_at: text(circuit.failed_at),
        }
    }
}

/// `GET /admin/drivers`: every driver.
#[expect(clippy::unnecessary_wraps, reason = "the type of every handler that reads")]
pub(in crate::api) fn list(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let drivers = state.service.drivers(call.now);
    let views: Vec<_> = drivers.into_iter().map(DriverView::of).collect();
    Ok(Success::list(&views, views.len()))
}

/// `POST /admin/drivers/{name}/actions/test`: sends a text with this driver, and answers with what it said.
pub(in crate::api) async fn test(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let TestDriver { phone_number: phone } = call.read_body(&state)?;
    let driver = call.param().to_owned();
    let origin = call.context().origin();
    let said = state.service.test_driver(origin, &driver, phone, call.now).await?;
    let (outcome, gateway_id, error) = match said {
        Ok(Accepted { gateway_id }) => ("accepted", gateway_id, None),
        Err(SendError::AlreadyAccepted { error, gateway_id }) => {
            ("not_accepted", gateway_id, Some(error))
        }
        Err(SendError::Refused(error)) => ("refused", None, Some(error)),
        Err(SendError::NotAccepted { error, .. }) => ("not_accepted", None, Some(error)),
        Err(SendError::Ambiguous(error)) => ("uncertain", None, Some(error)),
    };
    let (phone_number, error) = (phone.masked(), error.map(|error| error.to_string()));
    Ok(Success::ok(&TestedView { driver, phone_number, outcome, gateway_id, error }))
}
