//! The methods of `demo`, for authors of tests.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::api::demo::Demo;
use crate::api::handler::{Call, HandlerFuture};
use crate::api::refusal::{FieldError, Rejection};
use crate::api::request::properties::Properties;
use crate::api::request::query::Query;
use crate::api::response::Success;
use crate::api::state::ApiState;
use crate::config::Word as _;
use crate::domain::{Refusal, Timestamp, VerificationId};
use crate::service::import::{self, Expected, ImportError, Notices, World};
use crate::sms::{GatewayPlan, Memory, Sent};

/// For how long a message is waited for: nobody keeps a demo that busy.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// To how many messages a gateway can be told to behave in some way.
const MESSAGES: std::ops::RangeInclusive<u32> = 1..=1000;

#[derive(Serialize)]
struct MessageView<'a> {
    verification_id: VerificationId,
    phone_number: String,
    code: Option<&'a str>,
    text: &'a str,
    sent_at: String,
}

#[derive(Serialize)]
struct GatewayView {
    mode: &'static str,
    messages: Option<u32>,
}

/// `GET /demo/messages?phone=`: what was sent, to this phone or to anybody, oldest first, and all of it: who waits for
/// an SMS looks at the last one, and no more are remembered than a page holds. Messages leave behind the answers that
/// promise them, so those that are on their way are waited for.
pub(in crate::api) fn messages(state: Arc<ApiState>, call: Call) -> HandlerFuture {
    Box::pin(async move {
        let demo = demo_of(&state)?;
        let mut query = Query::of(call.query.as_deref());
        let phone = query.phone("phone");
        query.finish()?;
        state.service.otp().outbox.drain(ON_ITS_WAY).await;
        let sent = demo.gateway.sent.sent(phone);
        let views: Vec<_> = sent.iter().map(MessageView::of).collect();
        Ok(Success::list(&views, Memory::REMEMBERED))
    })
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

/// `GET /demo/gateway`: how the gateway behaves, and to how many messages more.
pub(in crate::api) fn gateway(state: &ApiState, _: &Call) -> Result<Success, Rejection> {
    Ok(Success::ok(&GatewayView::of(demo_of(state)?.gateway.plan())))
}

/// `POST /demo/gateway`: how it behaves from now on, to all messages or to the next few.
pub(in crate::api) fn set_gateway(state: Arc<ApiState>, call: Call) -> HandlerFuture {
    Box::pin(async move {
        let demo = demo_of(&state)?;
        let mut properties = Properties::of(&call.body, &["mode", "messages"]);
        let mode = properties.word("mode");
        let messages = properties.number("messages", &MESSAGES);
        let plan = properties.finish(mode.map(|mode| GatewayPlan { mode, messages }))?;
        demo.gateway.follow(plan);
        Ok(Success::ok(&GatewayView::of(plan)))
    })
}

impl GatewayView {
    fn of(plan: GatewayPlan) -> Self {
        Self { mode: plan.mode.word(), messages: plan.messages }
    }
}

/// `POST /demo/reset`: the world of the file again, nothing sent, nothing limited. A file that is wrong by now changes
/// nothing.
#[expect(clippy::needless_pass_by_value, reason = "the type of every handler that waits")]
pub(in crate::api) fn reset(state: Arc<ApiState>, call: Call) -> HandlerFuture {
    #[derive(Serialize)]
    struct ResetView {
        status: &'static str,
    }
    let now = call.now;
    Box::pin(async move {
        let demo = demo_of(&state)?;
        // The disk may be slow, and a world long.
        let reader = Arc::clone(&state);
        let read = tokio::task::spawn_blocking(move || read_world(&reader, now));
        let (mut world, notices) = read.await.map_err(|_| Refusal::StorageFailed)??;
        let known = std::mem::take(&mut world.known);
        // What is on its way belongs to the old world.
        state.service.otp().outbox.drain(ON_ITS_WAY).await;
        import::replace(&demo.store, world).await.map_err(not_loaded)?;
        demo.gateway.reset();
        state.service.otp().outbox.forget();
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
    })
}

/// The world of the file as it is now, or what is wrong with it.
fn read_world(state: &ApiState, now: Timestamp) -> Result<(World, Notices), Rejection> {
    let demo = demo_of(state)?;
    let unreadable = |why: String| Rejection::Invalid(vec![FieldError::of_file("", &why)]);
    let text = (demo.world)().map_err(unreadable)?;
    let expected = Expected { scopes: &state.scopes, request_life: demo.request_life };
    import::read_and_notice(&text, now, &demo.secrets.replay(), expected).map_err(not_loaded)
}

/// Rows of the demo are served with a demo only.
fn demo_of(state: &ApiState) -> Result<&Demo, Rejection> {
    state.demo.as_ref().ok_or(Rejection::RouteUnknown)
}

/// Everything that is wrong with the file, as far as anybody reads.
fn not_loaded(error: ImportError) -> Rejection {
    match error {
        ImportError::Format { line, column, what } => {
            let place = format!("line {line}, column {column}");
            Rejection::Invalid(vec![FieldError::of_file(&place, &what)])
        }
        ImportError::Faults(faults) => {
            let told = faults.iter().take(MOST_FAULTS).map(|fault| {
                let place = format!("line {}: {}", fault.line(), fault.place());
                FieldError::of_file(&place, fault.what())
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

/// An answer must stay readable.
const MOST_FAULTS: usize = 100;
