use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::domain::{Phone, Timestamp};
use crate::sms::driver::{Accepted, SendFuture, SmsDriver, SmsMessage};

/// Keeps the latest messages in memory: for tests, and for the messages page of `demo`.
#[derive(Clone)]
pub struct Memory {
    sent: Arc<Mutex<VecDeque<Sent>>>,
    clock: Arc<dyn Clock>,
}

/// One message, and when it was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The message.
    pub message: SmsMessage,
    /// When.
    pub at: Timestamp,
}

impl Memory {
    /// The most messages that are kept. Then the oldest go.
    pub const REMEMBERED: usize = 10_000;

    /// An empty memory.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { sent: Arc::default(), clock }
    }

    /// The messages that were sent to `phone`, or all messages, oldest first.
    pub fn sent(&self, phone: Option<Phone>) -> Vec<Sent> {
        let wanted = |sent: &&Sent| phone.is_none_or(|phone| sent.message.phone == phone);
        self.lock().iter().filter(wanted).cloned().collect()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SmsDriver for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        let mut sent = self.lock();
        // A second try is the same message.
        sent.retain(|sent| sent.message.verification_id != message.verification_id);
        if sent.len() == Self::REMEMBERED {
            sent.pop_front();
        }
        sent.push_back(Sent { message: message.clone(), at: self.clock.now() });
        Box::pin(std::future::ready(Ok(Accepted::default())))
    }
}
