//! Asks gateways what became of messages that they took.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::driver::Told;
use super::outbox::Shared;
use super::{receipts, rows};
use crate::domain::{Receipt, Timestamp};
use crate::store::schema::{ASKS, DELIVERIES, GatewayKey};
use crate::store::{StoreError, Write};

/// How many questions are open at a time.
const PARALLEL: usize = 4;

/// A question that is not answered by then is asked again another time.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Asking {
    shared: Arc<Shared>,
    asking: JoinSet<()>,
}

/// Who is asked, and for what.
struct Question {
    driver: String,
    gateway_id: String,
}

impl Asking {
    pub(super) fn of(shared: Arc<Shared>) -> Self {
        Self { shared, asking: JoinSet::new() }
    }

    /// Asks as much as may be asked at a time of what is due. When to ask again is kept before: an answer that never
    /// comes does not end the asking.
    pub(super) async fn ask_what_is_due(&mut self, now: Timestamp) -> Result<(), StoreError> {
        while self.asking.try_join_next().is_some() {}
        let due = self.shared.store.page(ASKS, None, PARALLEL - self.asking.len())?;
        let due: Vec<_> = due.into_iter().map(|(key, _)| key).filter(|key| key.at <= now).collect();
        if due.is_empty() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let ask_later = move |write: &mut Write<'_>| {
            let mut questions = Vec::new();
            for key in due {
                write.remove(ASKS, &key);
                let Some(delivery) = write.get(DELIVERIES, &key.id)? else { continue };
                let Some(GatewayKey { driver, gateway_id }) = rows::gateway_key(&delivery) else {
                    continue;
                };
                if shared.chain.is_asked(&driver) && rows::ask_later(write, &delivery, now)? {
                    questions.push(Question { driver, gateway_id });
                }
            }
            Ok::<_, StoreError>(questions)
        };
        for question in self.shared.store.write(ask_later).await? {
            let shared = Arc::clone(&self.shared);
            self.asking.spawn(async move { shared.ask(question).await });
        }
        Ok(())
    }
}

impl Shared {
    async fn ask(self: Arc<Self>, Question { driver: name, gateway_id }: Question) {
        let Some(driver) = self.chain.driver(&name) else { return };
        let answer = tokio::time::timeout(PATIENCE, driver.ask(&gateway_id)).await;
        let fate = match answer {
            Ok(Ok(fate)) => fate,
            Ok(Err(error)) => return tracing::warn!(driver = name, %error, "no receipt"),
            Err(_) => return tracing::warn!(driver = name, "no receipt: time-out"),
        };
        let told = Told { receipts: vec![Receipt { gateway_id, fate }], ..Told::default() };
        if let Err(error) = receipts::receive(&self, &name, told, self.clock.now()).await {
            tracing::warn!(%error, "a receipt could not be kept; it is asked for again");
        }
        // A worker with more to ask need not wait.
        self.wake.notify_one();
    }
}
