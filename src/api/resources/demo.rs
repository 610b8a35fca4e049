//! The methods of `demo`, with which a client's tests read codes and set the gateway's behaviour.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::admin::apply::APPLY;
use crate::api::answer;
use crate::api::handler::Call;
use crate::api::operation::Operation;
use crate::api::refusal::{ErrorKind, FieldError, Rejection, RejectionKind};
use crate::api::request::body::Body;
use crate::api::request::query::Parameters;
use crate::api::response::Success;
use crate::api::route::{Row, Surface, WRITES, change, read, set};
use crate::api::state::{ApiState, Demo};
use crate::config::Keyword as _;
use crate::contract::{Shaped as _, Whole, shape, words};
use crate::domain::{Phone, Refusal, Timestamp, VerificationId};
use crate::service::import::{self, Expected, ImportError, Notices, World};
use crate::sms::{GatewayMode, GatewayPlan, Memory, Sent};

/// The rows of `demo`.
pub(in crate::api) const ROUTES: &[Row] = &[
    Row {
        operation: Operation::DemoMessages,
        about: "The messages that the demo sent",
        path: "/demo/messages",
        parameters: Parameters::Only(MessagesQuery::SHAPE),
        surface: Surface::Demo,
        body: Body::None,
        max_body: 0,
        answer: answer::list::<MessageView<'static>>(),
        ..change("GET", &messages)
    },
    Row {
        operation: Operation::DemoReset,
        about: "Replaces the world by that of the file",
        path: "/demo/reset",
        parameters: Parameters::NONE,
        surface: Surface::Demo,
        body: Body::Json(&[]),
        answer: answer::object::<ResetView>(),
        refusals: &[&[ErrorKind::Rejected(RejectionKind::Invalid)], WRITES],
        ..change("POST", &reset)
    },
    Row {
        operation: Operation::DemoWorld,
        about: "Adds and changes records of the world, one a line",
        path: "/demo/world",
        surface: Surface::Demo,
        ..APPLY
    },
    Row {
        operation: Operation::DemoGateway,
        about: "The behaviour of the demo's gateway",
        path: "/demo/gateway",
        parameters: Parameters::NONE,
        surface: Surface::Demo,
        answer: answer::object::<GatewayView>(),
        ..read(gateway)
    },
    Row {
        operation: Operation::DemoSetGateway,
        about: "Sets the behaviour of the demo's gateway",
        path: "/demo/gateway",
        parameters: Parameters::NONE,
        surface: Surface::Demo,
        body: Body::Json(&[SetGateway::SHAPE]),
        answer: answer::object::<GatewayView>(),
        ..set("POST", set_gateway)
    },
];

/// The longest wait for messages that are still in the outbox. A demo sends them within milliseconds.
const DRAIN_TIME: Duration = Duration::from_secs(1);

shape! {
    /// Which messages are shown.
    pub(in crate::api) struct MessagesQuery {
        /// The phone that they were sent to; without it those to all phones.
        phone: Option<Phone>,
    }

    /// How the gateway of a demo behaves.
    struct SetGateway {
        /// What it does with a message.
        mode: GatewayMode,
        /// The number of messages that the mode holds for; without it for all.
        messages: Option<Whole<1, 1000>>,
    }
}

words!(GatewayMode);

/// One entry of `data`: a message that the demo's gateway accepted.
#[derive(JsonSchema, Serialize)]
struct MessageView<'a> {
    /// The verification of the code.
    verification_id: VerificationId,
    /// The phone in full.
    phone_number: String,
    /// The code; `null` in a message without one.
    code: Option<&'a str>,
    /// The text of the SMS.
    text: &'a str,
    /// When the gateway accepted the message.
    #[schemars(extend("format" = "date-time"))]
    sent_at: String,
}

/// `data` of the demo's gateway.
#[derive(JsonSchema, Serialize)]
struct GatewayView {
    /// The mode: `ok`, `slow`, `down`, `refuse` or `lost`.
    mode: &'static str,
    /// The number of messages that the mode still holds for; `null` for all.
    messages: Option<u32>,
}

/// `GET /demo/messages?phone=`: the messages that were sent to this phone, or to all phones, oldest first. One page
/// holds all that the demo remembers ([`Memory::REMEMBERED`]); a test reads the last entry.
///
/// A message is sent after the answer to the call that caused it. So the handler first waits, up to [`DRAIN_TIME`],
/// until the outbox is empty.
pub(in crate::api) async fn messages(
    state: Arc<ApiState>,
    call: Call,
) -> Result<Success, Rejection> {
    let demo = demo_of(&state)?;
    let MessagesQuery { phone } = call.read_query(&state).finish()?;
    state.service.otp().outbox.drain(DRAIN_TIME).await;
    let sent = demo.gateway.sent.sent(phone);
    let views: Vec<_> = sent.iter().map(MessageView::of).collect();
    Ok(Success::list(&views, Memory::REMEMBERED))
}

impl<'a> MessageView<'a> {
    fn of(sent: &'a Sent) -> Self {
        Self {
            verification_id: sent.message.verification_id,
            phone_number: sent.message.phone.full(),
            code: sent.message.code(),
            text: sent.message.text(),
            sent_at: sent.at.to_string(),
        }
    }
}

/// `GET /demo/gateway`: the gateway's mode, and the number of messages that it still holds for.
pub(in crate::api) fn gateway(state: &ApiState, _: &Call) -> Result<Success, Rejection> {
    Ok(Success::ok(&GatewayView::of(demo_of(state)?.gateway.plan())))
}

/// `POST /demo/gateway {"mode", "messages"}`: sets the gateway's mode, for the next `messages` messages or for all.
pub(in crate::api) fn set_gateway(state: &ApiState, call: &Call) -> Result<Success, Rejection> {
    let demo = demo_of(state)?;
    let SetGateway { mode, messages } = call.read_body(state)?;
    let messages = messages.map(|Whole(messages)| u32::try_from(messages).unwrap_or(u32::MAX));
    let plan = GatewayPlan { mode, messages };
    demo.gateway.follow(plan);
    Ok(Success::ok(&GatewayView::of(plan)))
}

/// `data` of a reset: `ok`.
#[derive(JsonSchema, Serialize)]
struct ResetView {
    /// Always `ok`.
    status: &'static str,
}

impl GatewayView {
    fn of(plan: GatewayPlan) -> Self {
        Self { mode: plan.mode.word(), messages: plan.messages }
    }
}

/// `POST /demo/reset`: replaces the world by that of the file, and removes all messages and limits. If the file has
/// faults by now, nothing changes and the answer is [`Rejection::Invalid`] with the faults.
pub(in crate::api) async fn reset(state: Arc<ApiState>, call: Call) -> Result<Success, Rejection> {
    let now = call.now;
    let demo = demo_of(&state)?;
    // The file is read and checked first. It may be large and the disk slow, so not on a thread that serves calls.
    let reader = Arc::clone(&state);
    let read = tokio::task::spawn_blocking(move || read_world(&reader, now));
    let (mut world, notices) = read.await.map_err(|_| Refusal::StorageFailed)??;
    let known = std::mem::take(&mut world.known);
    // Messages of the old world are sent before it goes, so that none of them arrives in the new one.
    state.service.otp().outbox.drain(DRAIN_TIME).await;
    // One write replaces the world. What is held in memory follows it.
    import::replace(&demo.store, world).await.map_err(not_loaded)?;
    demo.gateway.reset();
    demo.rename_secrets(&known);
    state.service.otp().outbox.forget();
    // The console shows secrets that are new in the file. It may be slow, as the disk may.
    let new = demo.not_shown(known);
    let shower = Arc::clone(&state);
    let shown = tokio::task::spawn_blocking(move || {
        let Ok(demo) = demo_of(&shower) else { return };
        if !new.is_empty() {
            (demo.show)(&new);
        }
        if let Some(tell) = &demo.notices {
            tell(&notices);
        }
    });
    drop(shown.await);
    Ok(Success::ok(&ResetView { status: "ok" }))
}

/// Reads the file of the world again. Errors: [`Rejection::Invalid`] with the faults.
fn read_world(state: &ApiState, now: Timestamp) -> Result<(World, Notices), Rejection> {
    let demo = demo_of(state)?;
    let unreadable = |why: String| Rejection::Invalid(vec![FieldError::of_file("", &why)]);
    let text = (demo.world)().map_err(unreadable)?;
    let expected = Expected { scopes: &state.scopes, request_life: demo.request_life };
    import::read_and_notice(&text, now, &demo.secrets.replay(), expected).map_err(not_loaded)
}

/// The demo's part of the state. It is always there: the rows of `Surface::Demo` are served only with a demo.
pub(super) fn demo_of(state: &ApiState) -> Result<&Demo, Rejection> {
    state.demo.as_ref().ok_or(Rejection::RouteUnknown)
}

/// The answer to a file that can't be loaded: its first [`MOST_FAULTS`] faults, and the number of the others.
fn not_loaded(error: ImportError) -> Rejection {
    match error {
        ImportError::Format { line, column, what } => {
            let location = format!("line {line}, column {column}");
            Rejection::Invalid(vec![FieldError::of_file(&location, &what)])
        }
        ImportError::Faults(faults) => {
            let told = faults.iter().take(MOST_FAULTS).map(|fault| {
                let location = format!("line {}: {}", fault.line(), fault.location());
                FieldError::of_file(&location, fault.what())
            });
            let untold = faults.len().saturating_sub(MOST_FAULTS);
            let rest =
                (untold > 0).then(|| FieldError::of_file("", &format!("{untold} more are wrong")));
            Rejection::Invalid(told.chain(rest).collect())
        }
        ImportError::NotTold(_) | ImportError::Store(_) => {
            tracing::error!(%error, "the demo's world cannot be loaded again");
            Rejection::Refused(Refusal::StorageFailed)
        }
    }
}

/// The most faults of a file that an answer lists.
const MOST_FAULTS: usize = 100;
