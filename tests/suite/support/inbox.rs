use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use esoz_otp::domain::Phone;
use esoz_otp::sms::{Accepted, SendFuture, SmsDriver, SmsMessage};

use super::watch;

/// What the node's driver was handed. Waits for a message rather than for time to pass.
pub struct Inbox {
    coming: Mutex<Receiver<SmsMessage>>,
    unread: Mutex<HashMap<Phone, Vec<SmsMessage>>>,
}

pub struct InboxDriver(Sender<SmsMessage>);

/// Longer than any message takes on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

impl Inbox {
    pub fn new() -> (Self, InboxDriver) {
        let (sender, coming) = channel();
        (Self { coming: Mutex::new(coming), unread: Mutex::default() }, InboxDriver(sender))
    }

    pub fn code_for(&self, phone: Phone) -> String {
        let coming = self.coming.lock().unwrap();
        let mut unread = self.unread.lock().unwrap();
        loop {
            if let Some(messages) = unread.get_mut(&phone).filter(|waiting| !waiting.is_empty()) {
                return code_of(&messages.remove(0));
            }
            let message = coming.recv_timeout(PATIENCE).expect("no message has come");
            unread.entry(message.phone).or_default().push(message);
        }
    }

    pub fn waiting(&self) -> usize {
        let coming = self.coming.lock().unwrap();
        let mut unread = self.unread.lock().unwrap();
        for message in coming.try_iter() {
            unread.entry(message.phone).or_default().push(message);
        }
        unread.values().map(Vec::len).sum()
    }
}

fn code_of(message: &SmsMessage) -> String {
    message.text().rsplit(' ').next().unwrap().to_owned()
}

impl SmsDriver for InboxDriver {
    fn name(&self) -> &'static str {
        "inbox"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        watch::remember_code(&code_of(message));
        // A test that has ended reads no more messages.
        drop(self.0.send(message.clone()));
        Box::pin(std::future::ready(Ok(Accepted::default())))
    }
}
