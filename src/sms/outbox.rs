use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::driver::{Message, SmsDriver};
use crate::domain::Refusal;

/// Messages that may wait for the driver.
const WAITING: usize = 4096;

/// Where accepted messages go.
#[derive(Clone)]
pub struct Outbox(mpsc::Sender<Message>);

/// Room for one message, taken before anything is written, so that what was accepted is never turned away.
pub struct Place(mpsc::OwnedPermit<Message>);

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

impl Place {
    /// Puts the message in. Its code is durable by now.
    pub fn put(self, message: Message) {
        self.0.send(message);
    }
}

impl Worker {
    /// Sends until every [`Outbox`] is gone and nothing waits.
    pub async fn run(mut self) {
        while let Some(message) = self.messages.recv().await {
            let driver = self.driver.name();
            let (id, phone) = (message.verification_id, message.phone);
            match tokio::time::timeout(self.timeout, self.driver.send(&message)).await {
                Ok(Ok(())) => tracing::info!(verification = %id, %phone, driver, "sms sent"),
                Ok(Err(error)) => {
                    tracing::warn!(verification = %id, %phone, driver, %error, "sms not sent");
                }
                Err(_) => {
                    tracing::warn!(verification = %id, %phone, driver, "sms not sent: time-out");
                }
            }
        }
    }
}
