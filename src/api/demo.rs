//! What only `demo` answers, for authors of tests.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::envelope::Answer;
use super::routes::{Call, Operating};
use super::{Api, Rejection};
use crate::domain::{Phone, Refusal, VerificationId};
use crate::entropy::Tape;
use crate::http::query_value;
use crate::service::fixtures;
use crate::sms::{Memory, Sent};
use crate::store::Store;

/// For how long a message is waited for: nobody keeps a demo that busy.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// What a demo has beside a node.
pub struct Demo {
    /// What was sent.
    pub sent: Memory,
    /// Where its world is.
    pub store: Store,
    /// The file its world is from.
    pub world: String,
    /// The secrets that the file wants made.
    pub secrets: Arc<Tape>,
}

#[derive(Serialize)]
struct MessageView {
    verification_id: VerificationId,
    phone_number: String,
    text: String,
    sent_at: String,
}

/// `GET /demo/messages?phone=`: what was sent, to this phone or to anybody, oldest first, and all of it: who waits for
/// an SMS looks at the last one, and no more are remembered than a page holds. Messages leave behind the answers that
/// promise them, so those that are on their way are waited for.
pub(super) fn messages(api: Arc<Api>, call: Call) -> Operating {
    Box::pin(async move {
        let demo = api.demo.as_ref().ok_or(Rejection::RouteUnknown)?;
        let phone = query_value(call.query.as_deref(), "phone")?;
        let phone = phone.map(|text| Phone::parse(&text).map_err(|_| Refusal::NotFound));
        let phone = phone.transpose()?;
        api.service.otp().outbox.run_empty(ON_ITS_WAY).await;
        let views: Vec<_> = demo.sent.sent(phone).iter().map(MessageView::of).collect();
        Ok(Answer::list(&views, Memory::REMEMBERED))
    })
}

impl MessageView {
    fn of(sent: &Sent) -> Self {
        Self {
            verification_id: sent.message.verification_id,
            phone_number: sent.message.phone.full(),
            text: sent.message.text().to_owned(),
            sent_at: sent.at.to_string(),
        }
    }
}

/// `POST /demo/reset`: the world of the file again, nothing sent, nothing limited.
#[expect(clippy::needless_pass_by_value, reason = "the type of every handler that waits")]
pub(super) fn reset(api: Arc<Api>, call: Call) -> Operating {
    #[derive(Serialize)]
    struct ResetView {
        status: &'static str,
    }
    let now = call.now;
    Box::pin(async move {
        let demo = api.demo.as_ref().ok_or(Rejection::RouteUnknown)?;
        // What is on its way belongs to the old world.
        api.service.otp().outbox.run_empty(ON_ITS_WAY).await;
        let world = fixtures::read(&demo.world, now, &demo.secrets.replay());
        let replaced = match world {
            Ok(world) => fixtures::replace(&demo.store, world).await,
            Err(error) => Err(error),
        };
        replaced.map_err(|error| {
            tracing::error!(%error, "the demo's world cannot be loaded again");
            Refusal::StorageFailed
        })?;
        demo.sent.clear();
        api.service.otp().outbox.forget();
        Ok(Answer::ok(&ResetView { status: "ok" }))
    })
}
