use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use esoz_otp::config::Config;
use esoz_otp::domain::{DeliveryError, DeliveryStatus, VerificationState};
use esoz_otp::sms::{Accepted, SendError, SendFuture, SmsDriver, SmsMessage};
use esoz_otp::store::schema::{DELIVERIES, VERIFICATIONS};

use super::{Down, Gate, PATIENCE, handed_over, taken};
use crate::support::patience::wait_until;
use crate::support::{SEED_PHONE, TestNode, quick, start_of_time};

/// Settings under which no driver is given up on, and messages are handed over one after the other.
fn patient() -> Config {
    let mut config = quick();
    config.sms.parallel = 1;
    config.sms.timeout = PATIENCE * 10;
    config
}

#[test]
fn while_a_driver_hangs_every_resend_is_answered() {
    let (gate, seen) = Gate::new();
    let node = TestNode::with_driver(patient(), gate.clone());
    assert_eq!(node.resend().status, 200);
    let hanging = taken(&seen);
    assert_eq!(hanging.phone.full(), SEED_PHONE);

    let phones = ["+380671000021", "+380671000022", "+380671000023"];
    for phone in phones {
        // What comes in at the same microsecond has no order.
        node.clock.push(Duration::from_millis(1));
        assert_eq!(node.initialize(phone).status, 201);
    }
    assert_eq!(node.resend().reason(), Some("send_pause"), "what was taken on counts");

    gate.let_go(4);
    let order: Vec<_> = (0..4).map(|_| handed_over(&seen).phone.full()).collect();
    assert_eq!(order[0], SEED_PHONE);
    assert_eq!(order[1..], phones, "in the order they came in");
}

#[test]
fn a_driver_that_fails_costs_the_answer_nothing_and_the_pause_counts() {
    let node = TestNode::with_driver(quick(), Down);
    assert_eq!(node.resend().status, 200);
    assert_eq!(node.initialize("+380671000021").status, 201);
    assert_eq!(node.resend().reason(), Some("send_pause"));
}

/// Copies the data directory at the moment a message leaves: what a process that is killed then leaves behind.
struct Photographer {
    copies: Mutex<std::sync::mpsc::Receiver<(std::path::PathBuf, std::path::PathBuf)>>,
    taken: std::sync::mpsc::Sender<SmsMessage>,
}

impl SmsDriver for Photographer {
    fn name(&self) -> &'static str {
        "photographer"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        let (from, to) = self.copies.lock().unwrap().recv().unwrap();
        copy_folder(&from, &to);
        self.taken.send(message.clone()).unwrap();
        Box::pin(std::future::ready(Ok(Accepted::default())))
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &copy);
        } else {
            match fs::copy(entry.path(), copy) {
                // Another has taken its place since the folder was listed, as happens to the mark.
                Err(error) if error.kind() == ErrorKind::NotFound => return copy_folder(from, to),
                copied => drop(copied.unwrap()),
            }
        }
    }
}

#[test]
fn a_code_is_kept_before_its_message_leaves() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (places, copies) = channel();
    let (sender, messages) = channel();
    let driver = Photographer { copies: Mutex::new(copies), taken: sender };
    let node = TestNode::with_driver_on(folder.path(), quick(), driver);
    places.send((folder.path().to_owned(), copy.path().to_owned())).unwrap();
    assert_eq!(node.resend().status, 200);

    let message = messages.recv_timeout(PATIENCE).unwrap();
    let code = message.text().rsplit(' ').next().unwrap();
    let survivor = TestNode::on(copy.path(), quick(), start_of_time(), false);
    let kept = survivor.store.get(VERIFICATIONS, &message.verification_id).unwrap().unwrap();
    assert!(matches!(kept.state, VerificationState::New { .. }));
    assert_eq!(survivor.approve(code).status, 200);
}

#[test]
fn a_node_that_is_stopped_hands_over_what_waits() {
    let (gate, seen) = Gate::new();
    let node = TestNode::with_driver(patient(), gate.clone());
    let phones = ["+380671000021", "+380671000022", "+380671000023"];
    for phone in phones {
        // What comes in at the same microsecond has no order.
        node.clock.push(Duration::from_millis(1));
        assert_eq!(node.initialize(phone).status, 201);
    }
    let address = node.address();
    let stopping = std::thread::spawn(move || node.stop());
    // It takes no more connections when it has begun to stop.
    wait_until("nobody comes in", || TcpStream::connect(address).is_err());
    gate.let_go(3);
    stopping.join().unwrap();
    let order: Vec<_> = phones.map(|_| handed_over(&seen).phone.full()).into();
    assert_eq!(order, phones);
}

#[test]
fn a_node_with_nothing_waiting_stops_although_somebody_still_holds_its_methods() {
    let node = TestNode::start();
    let held = node.api();
    let (told, stopped) = channel();
    std::thread::spawn(move || {
        node.stop();
        told.send(()).unwrap();
    });
    let before_it_gives_up = Duration::from_secs(4);
    assert!(stopped.recv_timeout(before_it_gives_up).is_ok());
    drop(held);
}

#[test]
fn a_driver_that_never_lets_go_does_not_keep_a_node_from_stopping() {
    let (gate, seen) = Gate::new();
    let node = TestNode::with_driver(quick(), gate);
    assert_eq!(node.resend().status, 200);
    taken(&seen);
    let (told, stopped) = channel();
    std::thread::spawn(move || {
        node.stop();
        told.send(()).unwrap();
    });
    assert!(stopped.recv_timeout(PATIENCE).is_ok());
}

/// A driver whose gateway takes every message, and whose answer is lost each time.
struct Lossy(std::sync::mpsc::Sender<SmsMessage>);

impl SmsDriver for Lossy {
    fn name(&self) -> &'static str {
        "lossy"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> SendFuture<'a> {
        self.0.send(message.clone()).unwrap();
        Box::pin(std::future::ready(Err(SendError::Ambiguous(DeliveryError::CutOff))))
    }
}

#[test]
fn a_code_that_was_used_is_not_sent_once_more() {
    let (sender, messages) = channel();
    let node = TestNode::with_driver(quick(), Lossy(sender));
    assert_eq!(node.resend().status, 200);
    let message = messages.recv_timeout(PATIENCE).unwrap();
    let code = message.text().rsplit(' ').next().unwrap();
    assert_eq!(node.approve(code).status, 200);
    node.delivered();
    node.clock.push(Duration::from_mins(1));
    let other = "+380671000021";
    assert_eq!(node.initialize(other).status, 201);
    let next = messages.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next.phone.full(), other, "the used one is not sent before it, nor after it");
    let kept = node.store.get(DELIVERIES, &message.verification_id).unwrap().unwrap();
    assert_eq!((kept.status(), kept.attempts), (DeliveryStatus::Uncertain, 1));
}
