//! Messages leave after their code is kept, off the way of every answer.

mod backlog;
mod before;
mod behaviours;
mod broken;
mod console;
mod early;
mod file;
mod gateway;
mod hanging;
mod news;
mod node;
mod outbox;
mod proof;
mod questions;
mod shares;
pub(crate) mod stand;
mod templates;
mod watched;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use esoz_otp::domain::DeliveryError;
use esoz_otp::sms::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage};
use tokio::sync::Semaphore;

/// A driver that holds every message until it is let go, and tells when it got it and when it was rid of it.
#[derive(Clone)]
struct Gate {
    passes: Arc<Semaphore>,
    seen: Sender<Seen>,
}

#[derive(Debug)]
enum Seen {
    Accepted(SmsMessage),
    HandedOver(SmsMessage),
}

impl Gate {
    fn new() -> (Self, Receiver<Seen>) {
        let (seen, coming) = channel();
        (Self { passes: Arc::new(Semaphore::new(0)), seen }, coming)
    }

    fn let_go(&self, messages: usize) {
        self.passes.add_permits(messages);
    }
}

impl SmsDriver for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        Box::pin(async move {
            drop(self.seen.send(Seen::Accepted(message.clone())));
            let pass = self.passes.acquire().await;
            pass.map_err(|_| SendError::not_accepted(DeliveryError::NotWritten))?.forget();
            drop(self.seen.send(Seen::HandedOver(message.clone())));
            Ok(Accepted::default())
        })
    }
}

/// A driver that takes nothing.
struct Down;

impl SmsDriver for Down {
    fn name(&self) -> &'static str {
        "down"
    }

    fn send<'a>(&'a self, _: &'a SmsMessage) -> SendFuture<'a> {
        Box::pin(std::future::ready(Err(SendError::not_accepted(DeliveryError::Unreachable))))
    }
}

/// Longer than anything takes on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// The next message that the driver was rid of.
fn handed_over(seen: &Receiver<Seen>) -> SmsMessage {
    loop {
        if let Seen::HandedOver(message) = seen.recv_timeout(PATIENCE).unwrap() {
            return message;
        }
    }
}

/// The next message that the driver got.
fn taken(seen: &Receiver<Seen>) -> SmsMessage {
    loop {
        if let Seen::Accepted(message) = seen.recv_timeout(PATIENCE).unwrap() {
            return message;
        }
    }
}
