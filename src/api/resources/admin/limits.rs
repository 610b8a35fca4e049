//! The operator's view of limits.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{Access, READS, Row, Surface, read};
use crate::api::state::ApiState;
use crate::domain::limits::{BudgetScope, Rule};
use crate::service::LimitState;

/// The row of limits, for the operator.
pub(in crate::api) const ROUTES: &[Row] = &[Row {
    operation: Operation::GetLimits,
    about: "The limits as they are set, and what is spent of those of the whole node",
    path: "/admin/limits",
    parameters: Parameters::NONE,
    surface: Surface::Internal,
    access: Access::Scope("admin:read"),
    answer: answer::object::<LimitsView>(),
    refusals: &[READS],
    ..read(get)
}];

/// `data` of the limits.
#[derive(JsonSchema, Serialize)]
struct LimitsView {
    /// The percentage of each limit with `keeps_a_share` that only person requests can use.
    kept_for_person_requests: u8,
    /// The end of the alarm, during which every code has one attempt; `null` without an alarm.
    #[schemars(extend("format" = "date-time"))]
    alarm_until: Option<String>,
    /// Every limit: those of sends, those of guesses, and the one that raises the alarm.
    limits: Vec<LimitView>,
}

/// A limit.
#[derive(JsonSchema, Serialize)]
struct LimitView {
    /// The name of its setting below `limits`.
    name: &'static str,
    /// The requests that it counts together: those for a `phone`, for a `range` of numbers, of a `client`, or all of the
    /// `node`.
    per: &'static str,
    /// The most within `seconds`; for a lock the wrong guesses in a row that lock the phone.
    most: Option<u64>,
    /// The length of the window, the time in which an empty budget refills, or the pause of a locked phone.
    seconds: Option<u64>,
    /// The pauses between two sends, in seconds; `null` for every other limit.
    pauses: Option<Vec<u64>>,
    /// Whether phone verifications leave a share of it to person requests.
    keeps_a_share: bool,
    /// The number that is spent and not back; `null` for limits that are not of the whole node.
    spent: Option<u32>,
    /// Until when the budget counts as low; `null` if it does not.
    #[schemars(extend("format" = "date-time"))]
    low_until: Option<String>,
}

impl LimitView {
    fn of(LimitState { limit, budget, of_node }: LimitState) -> Self {
        let (per, most, seconds, pauses) = match (limit.rule, budget) {
            (Rule::Escalating(pauses), _) => {
                let pauses = pauses.iter().map(std::time::Duration::as_secs).collect();
                ("phone", None, None, Some(pauses))
            }
            (Rule::Window { most, length }, _) => {
                ("phone", Some(most as u64), Some(length.as_secs()), None)
            }
            (Rule::Lock { after, pause }, _) => {
                ("phone", Some(after.into()), Some(pause.as_secs()), None)
            }
            (Rule::Rate { .. } | Rule::Share { .. }, Some((per, budget))) => {
                let per = match per {
                    BudgetScope::Range => "range",
                    BudgetScope::Client => "client",
                    BudgetScope::Node => "node",
                };
                (per, Some(budget.burst.into()), Some(budget.period.as_secs()), None)
            }
            // A share of a budget that is switched off.
            (Rule::Rate { .. } | Rule::Share { .. }, None) => ("client", None, None, None),
        };
        let low_until = of_node.and_then(|budget| budget.low_until);
        Self {
            name: limit.name,
            per,
            most,
            seconds,
            pauses,
            keeps_a_share: limit.keeps_a_share,
            spent: of_node.map(|budget| budget.spent),
            low_until: low_until.map(|until| until.to_string()),
        }
    }
}

/// `GET /admin/limits`: the settings, and the state of the budgets of the whole node.
pub(in crate::api) fn get(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let limits = state.service.limits(call.now)?;
    let alarm_until = state.service.alarm_until(call.now)?;
    Ok(Success::ok(&LimitsView {
        kept_for_person_requests: state.service.otp().limits.kept_percent,
        alarm_until: alarm_until.map(|until| until.to_string()),
        limits: limits.into_iter().map(LimitView::of).collect(),
    }))
}
