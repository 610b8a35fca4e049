//! Asks gateways for the state of messages that they accepted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{self, JoinSet};

use super::driver::ReceiptBatch;
use super::outbox_state::OutboxState;
use super::poll_budget::PollBudget;
use super::{delivery_index, receipts};
use crate::domain::{Receipt, Timestamp};
use crate::store::schema::{DELIVERIES, GatewayKey, QUESTIONS, QuestionKey};
use crate::store::{Priority, StoreError, Write};

/// Questions of one write that are dropped because their driver can't be asked any more.
const DROPPED: usize = 64;

/// The time for an answer. After that the question is asked again later.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct ReceiptPoller {
    shared: Arc<OutboxState>,
    /// The open questions. A task returns whether its question was answered.
    tasks: JoinSet<bool>,
    /// The driver that each task asks, and when it began.
    open: HashMap<task::Id, (String, Timestamp)>,
    budgets: BTreeMap<String, PollBudget>,
}

/// A question to a driver.
struct Question {
    driver: String,
    gateway_id: String,
}

impl ReceiptPoller {
    pub(super) fn of(shared: Arc<OutboxState>) -> Self {
        Self { shared, tasks: JoinSet::new(), open: HashMap::new(), budgets: BTreeMap::new() }
    }

    /// Asks the due questions within each driver's budget. The time of the next question is stored first, so an answer that
    /// never comes does not end the polling.
    pub(super) async fn poll_due(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let due = self.due(now)?;
        if due.is_empty() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let ask_later = move |write: &mut Write<'_>| {
            let mut questions = Vec::new();
            for key in due {
                write.remove(QUESTIONS, &key);
                let Some(delivery) = write.get(DELIVERIES, &key.id)? else { continue };
                let Some(GatewayKey { driver, gateway_id }) =
                    delivery_index::gateway_key(&delivery)
                else {
                    continue;
                };
                if shared.failover.is_asked(&driver)
                    && delivery_index::ask_later(write, &delivery, now)?
                {
                    questions.push(Question { driver, gateway_id });
                }
            }
            Ok::<_, StoreError>(questions)
        };
        for question in self.shared.store.write(Priority::Normal, ask_later).await? {
            let driver = question.driver.clone();
            self.budgets.entry(driver.clone()).or_default().begin();
            let shared = Arc::clone(&self.shared);
            let task = self.tasks.spawn(async move { shared.ask(question).await });
            self.open.insert(task.id(), (driver, now));
        }
        Ok(())
    }

    /// Returns when a question has ended. Waits for ever while none is open.
    pub(super) async fn ended(&mut self) {
        let (id, is_answered) = match self.tasks.join_next_with_id().await {
            Some(Ok(ended)) => ended,
            Some(Err(broken)) => (broken.id(), false),
            None => return std::future::pending().await,
        };
        let Some((driver, began)) = self.open.remove(&id) else { return };
        let budget = self.budgets.entry(driver).or_default();
        if is_answered { budget.answered() } else { budget.failed(began) }
    }

    /// The due questions of all drivers, within their budgets.
    fn due(&self, now: Timestamp) -> Result<Vec<QuestionKey>, StoreError> {
        let (mut due, mut after) = (Vec::new(), None);
        while let Some((first, _)) = self.shared.store.page(QUESTIONS, after.as_ref(), 1)?.pop() {
            let driver = first.driver;
            let room = match self.budgets.get(&driver) {
                _ if !self.shared.failover.is_asked(&driver) => DROPPED,
                budget => budget.copied().unwrap_or_default().allowed(now),
            };
            let page = self.shared.store.page(QUESTIONS, after.as_ref(), room)?;
            let its = page.into_iter().map(|(key, _)| key);
            due.extend(its.take_while(|key| key.driver == driver && key.at <= now));
            after = Some(QuestionKey::last_of(driver));
        }
        Ok(due)
    }
}

impl OutboxState {
    /// Asks, and stores the answer. Returns whether there was one.
    async fn ask(self: Arc<Self>, Question { driver: name, gateway_id }: Question) -> bool {
        let Some(driver) = self.failover.driver(&name) else { return false };
        let report = match tokio::time::timeout(PATIENCE, driver.ask(&gateway_id)).await {
            Ok(Ok(report)) => report,
            Ok(Err(error)) => {
                tracing::warn!(driver = name, %error, "no receipt");
                return false;
            }
            Err(_) => {
                tracing::warn!(driver = name, "no receipt: time-out");
                return false;
            }
        };
        let told = ReceiptBatch {
            receipts: vec![Receipt { gateway_id, report }],
            ..ReceiptBatch::default()
        };
        if let Err(error) = receipts::receive(&self, &name, told, self.clock.now()).await {
            tracing::warn!(%error, "a receipt could not be stored; the gateway is asked again");
        }
        true
    }
}
