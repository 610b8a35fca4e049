//! What only `demo` answers, for authors of tests.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::refusal::Fault;
use super::request::properties::Properties;
use super::request::query::Query;
use super::response::Answer;
use super::routes::{Call, Operating, scopes};
use super::{Api, Rejection};
use crate::config::Word as _;
use crate::domain::{Refusal, SecretDigest, Timestamp, VerificationId};
use crate::entropy::Tape;
use crate::service::fixtures::{self, Expected, FixturesError, Known, Notices, World};
use crate::sms::{DemoGateway, GatewayPlan, Memory, Sent};
use crate::store::Store;

/// For how long a message is waited for: nobody keeps a demo that busy.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// To how many messages a gateway can be told to behave in some way.
const MESSAGES: std::ops::RangeInclusive<u32> = 1..=1000;

/// What a demo has beside a node.
pub struct Demo {
    /// What takes its messages.
    pub gateway: DemoGateway,
    /// Where its world is.
    pub store: Store,
    /// The text of its world; each reset reads it again.
    pub world: ReadWorld,
    /// The secrets that the file wants made.
    pub secrets: Arc<Tape>,
    /// The secrets that its console has shown.
    pub shown: Mutex<HashSet<SecretDigest>>,
    /// Shows secrets on its console.
    pub show: ShowSecrets,
    /// After how long a request of its world that is NEW counts as EXPIRED.
    pub request_life: Duration,
    /// Tells what of a world that was read again may not be what was meant.
    pub notices: Option<TellNotices>,
    /// Takes a line for each call.
    pub calls: Option<TakeLine>,
    /// Origins whose pages may call it.
    pub origins: Vec<String>,
}

/// Reads the text of a demo's world, or says why it can't be read.
pub type ReadWorld = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// Shows secrets to whoever runs a demo.
pub type ShowSecrets = Box<dyn Fn(&[Known]) + Send + Sync>;

/// Tells whoever runs a demo what was noticed.
pub type TellNotices = Box<dyn Fn(&Notices) + Send + Sync>;

/// Takes a line, and keeps nobody waiting.
pub type TakeLine = Box<dyn Fn(String) + Send + Sync>;

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
pub(super) fn messages(api: Arc<Api>, call: Call) -> Operating {
    Box::pin(async move {
        let demo = demo_of(&api)?;
        let mut query = Query::of(call.query.as_deref());
        let phone = query.phone("phone");
        query.finish()?;
        api.service.otp().outbox.run_empty(ON_ITS_WAY).await;
        let sent = demo.gateway.sent.sent(phone);
        let views: Vec<_> = sent.iter().map(MessageView::of).collect();
        Ok(Answer::list(&views, Memory::REMEMBERED))
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
pub(super) fn gateway(api: &Api, _: &Call) -> Result<Answer, Rejection> {
    Ok(Answer::ok(&GatewayView::of(demo_of(api)?.gateway.plan())))
}

/// `POST /demo/gateway`: how it behaves from now on, to all messages or to the next few.
pub(super) fn set_gateway(api: Arc<Api>, call: Call) -> Operating {
    Box::pin(async move {
        let demo = demo_of(&api)?;
        let mut properties = Properties::of(&call.body, &["mode", "messages"]);
        let mode = properties.word("mode");
        let messages = properties.number("messages", &MESSAGES);
        let plan = properties.finish(mode.map(|mode| GatewayPlan { mode, messages }))?;
        demo.gateway.follow(plan);
        Ok(Answer::ok(&GatewayView::of(plan)))
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
pub(super) fn reset(api: Arc<Api>, call: Call) -> Operating {
    #[derive(Serialize)]
    struct ResetView {
        status: &'static str,
    }
    let now = call.now;
    Box::pin(async move {
        let demo = demo_of(&api)?;
        // The disk may be slow, and a world long.
        let reader = Arc::clone(&api);
        let read = tokio::task::spawn_blocking(move || demo_of(&reader)?.read(now));
        let (mut world, notices) = read.await.map_err(|_| Refusal::StorageFailed)??;
        let known = std::mem::take(&mut world.known);
        // What is on its way belongs to the old world.
        api.service.otp().outbox.run_empty(ON_ITS_WAY).await;
        fixtures::replace(&demo.store, world).await.map_err(not_loaded)?;
        demo.gateway.reset();
        api.service.otp().outbox.forget();
        let new = demo.not_shown(known);
        let shower = Arc::clone(&api);
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
        Ok(Answer::ok(&ResetView { status: "ok" }))
    })
}

impl Demo {
    fn read(&self, now: Timestamp) -> Result<(World, Notices), Rejection> {
        let unreadable = |why: String| Rejection::Invalid(vec![Fault::of_file("", &why)]);
        let text = (self.world)().map_err(unreadable)?;
        let expected = Expected { scopes: &scopes(), request_life: self.request_life };
        fixtures::read_and_notice(&text, now, &self.secrets.replay(), expected).map_err(not_loaded)
    }

    /// Those of these secrets that nobody was shown before.
    fn not_shown(&self, known: Vec<Known>) -> Vec<Known> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        known.into_iter().filter(|known| shown.insert(known.secret.digest())).collect()
    }
}

/// Rows of the demo are served with a demo only.
fn demo_of(api: &Api) -> Result<&Demo, Rejection> {
    api.demo.as_ref().ok_or(Rejection::RouteUnknown)
}

/// Everything that is wrong with the file, as far as anybody reads.
fn not_loaded(error: FixturesError) -> Rejection {
    match error {
        FixturesError::Format { line, column, what } => {
            let place = format!("line {line}, column {column}");
            Rejection::Invalid(vec![Fault::of_file(&place, &what)])
        }
        FixturesError::Faults(faults) => {
            let told = faults.iter().take(MOST_FAULTS).map(|fault| {
                let place = format!("line {}: {}", fault.line(), fault.place());
                Fault::of_file(&place, fault.what())
            });
            let untold = faults.len().saturating_sub(MOST_FAULTS);
            let rest =
                (untold > 0).then(|| Fault::of_file("", &format!("{untold} more are wrong")));
            Rejection::Invalid(told.chain(rest).collect())
        }
        FixturesError::NotTold(_) | FixturesError::Store(_) => {
            tracing::error!(%error, "the demo's world cannot be loaded again");
            Rejection::Refused(Refusal::StorageFailed)
        }
    }
}

/// An answer must stay readable.
const MOST_FAULTS: usize = 100;
