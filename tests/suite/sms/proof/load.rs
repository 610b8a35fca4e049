use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use esoz_otp::domain::{Id, Phone, VerificationId};
use serde_json::json;

use crate::support::try_call;

const CALLERS: usize = 4;

/// Longer than any answer takes on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// Callers that have a code sent to one phone after the other, never the same again, until the service is gone.
pub(super) struct Load {
    callers: Vec<JoinHandle<()>>,
    accepted: Receiver<VerificationId>,
    heard: Vec<VerificationId>,
    is_over: Arc<AtomicBool>,
}

/// The phone that comes next.
#[derive(Clone)]
pub(super) struct Phones(Arc<AtomicU32>);

impl Phones {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU32::new(670_000_000)))
    }

    fn next(&self) -> Phone {
        Phone::from_national(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()
    }
}

impl Load {
    pub(super) fn on(address: SocketAddr, phones: &Phones) -> Self {
        let (tell, accepted) = channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let callers = (0..CALLERS).map(|_| {
            let (phones, tell, is_over) = (phones.clone(), tell.clone(), Arc::clone(&is_over));
            std::thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) && ask(address, phones.next(), &tell) {}
            })
        });
        let callers = callers.collect();
        Self { callers, accepted, heard: Vec::new(), is_over }
    }

    /// Waits until so many more messages have been accepted.
    pub(super) fn wait_for(&mut self, messages: usize) {
        for _ in 0..messages {
            self.heard.push(self.accepted.recv_timeout(PATIENCE).expect("a message is accepted"));
        }
    }

    /// Whatever was accepted: to be asked when the service is gone, or answers no more.
    pub(super) fn end(mut self) -> Vec<VerificationId> {
        self.is_over.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.join().unwrap();
        }
        self.heard.extend(self.accepted.try_iter());
        self.heard
    }
}

/// False when nobody answers any more.
fn ask(address: SocketAddr, phone: Phone, tell: &Sender<VerificationId>) -> bool {
    let body = json!({"phone_number": phone.full()}).to_string();
    let Ok(reply) = try_call(address, "POST", "/verifications", &[], &body) else { return false };
    assert_eq!(reply.status, 201, "{}", reply.text);
    let id = Id::parse(reply.data()["id"].as_str().unwrap()).unwrap();
    tell.send(id).is_ok()
}
