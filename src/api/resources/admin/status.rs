//! The operator's view of the node.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::drivers::DriverView;
use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::Rejection;
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{Access, Row, Surface, WRITES, change};
use crate::api::state::ApiState;
use crate::config::ShownSetting;
use crate::contract::{Shaped as _, shape};
use crate::domain::Refusal;

/// The row of the node's status.
pub(in crate::api) const ROUTES: &[Row] = &[Row {
    operation: Operation::GetStatus,
    about: "The state of the node: version, clocks, queue, drivers, disk and audit",
    path: "/admin/status",
    parameters: Parameters::Only(StatusParameters::SHAPE),
    surface: Surface::Internal,
    access: Access::Scope("admin:read"),
    body: Body::None,
    max_body: 0,
    answer: answer::object::<StatusView>(),
    refusals: &[WRITES],
    ..change("GET", &get)
}];

shape! {
    /// What the status has.
    pub(in crate::api) struct StatusParameters {
        /// Adds every setting with its source. The status has no secret and no phone number then either, for a ticket.
        report: bool = false,
    }
}

/// `data` of the status.
#[derive(JsonSchema, Serialize)]
struct StatusView {
    /// The version of the program.
    version: &'static str,
    /// The dialect of the answers.
    dialect: String,
    /// Whether this is a demo.
    is_demo: bool,
    /// Whether the store accepts writes and messages are sent.
    is_ready: bool,
    /// Why not: `storage_failed`, `disk_full`, `drivers_down` or `messages_late`; `null` if it is ready.
    not_ready_because: Option<&'static str>,
    /// The end of the alarm, during which every code has one attempt; `null` without an alarm.
    #[schemars(extend("format" = "date-time"))]
    alarm_until: Option<String>,
    /// The clocks.
    clocks: ClocksView,
    /// The messages.
    queue: QueueView,
    /// The codes that are hashed ahead of need.
    ready_codes: usize,
    /// The number of the newest row of audit; 0 before the first.
    audit_rows: u64,
    /// The disk of the data directory.
    disk: DiskView,
    /// The drivers, in the order of `sms.drivers`.
    drivers: Vec<DriverView>,
    /// Every setting, if it was asked for. A demo has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Vec<SettingView>>,
}

/// The clocks of the node.
#[derive(JsonSchema, Serialize)]
struct ClocksView {
    /// When the node was started, by its clock.
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// The clock of codes and limits.
    #[schemars(extend("format" = "date-time"))]
    node: String,
    /// The machine's clock, by which tokens expire.
    #[schemars(extend("format" = "date-time"))]
    machine: String,
}

/// The messages that wait.
#[derive(JsonSchema, Serialize)]
struct QueueView {
    /// The number of waiting messages.
    waiting: usize,
    /// How long the oldest first try has been due, in seconds; `null` if none is.
    late_seconds: Option<u64>,
    /// The names of the drivers that are down.
    drivers_down: Vec<String>,
}

/// The disk of the data directory, in bytes.
#[derive(JsonSchema, Serialize)]
struct DiskView {
    /// Free; `null` if the file system does not say it.
    free: Option<u64>,
    /// The database and its neighbours.
    database: u64,
    /// The files of audit.
    audit: u64,
}

/// A setting.
#[derive(JsonSchema, Serialize)]
struct SettingView {
    /// `section.key`.
    key: String,
    /// The value as TOML; `null` for a secret.
    value: Option<String>,
    /// The file and line, the variable, the flag or `default`.
    source: String,
}

impl SettingView {
    fn of(ShownSetting { key, value, source }: &ShownSetting) -> Self {
        Self { key: key.clone(), value: value.clone(), source: source.clone() }
    }
}

/// `GET /admin/status`: the state of the node.
pub(in crate::api) async fn get(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let StatusParameters { report } = call.read_query(&state).finish()?;
    let (service, now) = (&state.service, call.now);
    let not_ready_because = service.ready(now).err().as_ref().map(reason);
    let health = service.outbox_health(now)?;
    let disk = service.disk_use().await;
    let settings = state.settings.get().map_or(&[][..], Vec::as_slice);
    Ok(Success::ok(&StatusView {
        version: env!("CARGO_PKG_VERSION"),
        dialect: state.dialect.name.to_string(),
        is_demo: state.demo.is_some(),
        is_ready: not_ready_because.is_none(),
        not_ready_because,
        alarm_until: service.alarm_until(now)?.map(|until| until.to_string()),
        clocks: ClocksView {
            started_at: state.started_at.to_string(),
            node: now.to_string(),
            machine: state.clock.wall().to_string(),
        },
        queue: QueueView {
            waiting: health.waiting,
            late_seconds: health.late.map(|late| late.as_secs()),
            drivers_down: health.down,
        },
        ready_codes: service.ready_codes(),
        audit_rows: service.newest_audit_row().await?,
        disk: DiskView { free: disk.free, database: disk.database, audit: disk.audit },
        drivers: service.drivers(now).into_iter().map(DriverView::of).collect(),
        settings: report.then(|| settings.iter().map(SettingView::of).collect()),
    }))
}

fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::DiskFull => "disk_full",
        Refusal::DriversDown => "drivers_down",
        Refusal::MessagesLate { .. } => "messages_late",
        _ => "storage_failed",
    }
}
