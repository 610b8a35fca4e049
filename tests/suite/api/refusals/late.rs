//! A node that has too much to do, and what does not come in time.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::task::{Context, Waker};

use esoz_otp::config::DialectName;
use esoz_otp::store::{Priority, StoreError};

use super::{RESEND, assert_enveloped};
use crate::support::{HeldWriter, MIS, Reply, TestNode, read_reply, reply_of};

const BUSY: &str = "The server is busy. Nothing has changed. Try again.";
const TOO_SLOW: &str =
    "The answer took too long. It is not known whether the request was carried out.";

#[test]
fn a_node_that_has_too_many_writes_waiting_says_so_and_does_nothing() {
    for dialect in DialectName::ALL {
        let node = TestNode::speaking(dialect);
        let held = node.hold_writes();
        let waiting = held.fill_the_queue();
        let reply = node.resend();
        assert_eq!(reply.refusal(), (503, "internal_error", Some(BUSY), None), "{dialect}");
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_enveloped(&node, &reply, RESEND);
        drop(waiting);
        drop(held);
        assert_eq!(node.resend().status, 200);
    }
}

/// The answer to a call that waits for a write when the store fails; none if the node stopped before it had read it.
fn answer_of_a_failing_store(dialect: DialectName) -> Option<Reply> {
    let node = TestNode::speaking(dialect);
    let held = node.hold_writes();
    let mut waiting = node.connect();
    waiting.write_all(node.head("POST", RESEND, &MIS).as_bytes()).unwrap();
    let failing =
        node.store.write(Priority::Normal, |_| -> Result<(), StoreError> { panic!("on purpose") });
    let mut failing = Box::pin(failing);
    // Queued by this, behind the held one; what the call wants to write comes before it or after it.
    assert!(failing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(held);
    let mut bytes = Vec::new();
    if let Err(error) = waiting.read_to_end(&mut bytes) {
        // A socket that is closed with something unread in it is reset.
        assert_eq!((error.kind(), bytes.len()), (ErrorKind::ConnectionReset, 0), "{error}");
    }
    let reply = (!bytes.is_empty()).then(|| reply_of(bytes));
    if let Some(reply) = &reply {
        assert_enveloped(&node, reply, RESEND);
    }
    drop(failing);
    node.ends_in_failure();
    reply
}

#[test]
fn a_node_whose_store_has_failed_says_so_to_whoever_waits_and_ends() {
    const FAILED: &str = "The server cannot reach its storage. Try again later.";
    for dialect in DialectName::ALL {
        let reply = (0..20).find_map(|_| answer_of_a_failing_store(dialect)).unwrap();
        assert_eq!(reply.refusal(), (503, "internal_error", Some(FAILED), None), "{dialect}");
        assert_eq!(reply.header("retry-after"), Some("5"));
    }
}

/// A node with two calls that it can't answer.
struct Stuck {
    node: TestNode,
    kept_waiting: TcpStream,
    half_sent: TcpStream,
    _held: HeldWriter,
}

impl Stuck {
    fn speaking(dialect: DialectName) -> Self {
        let node = TestNode::speaking(dialect);
        let held = node.hold_writes();
        let mut kept_waiting = node.connect();
        kept_waiting.write_all(node.head("POST", RESEND, &MIS).as_bytes()).unwrap();
        let mut half_sent = node.connect();
        let headers = [MIS[0], MIS[1], ("content-length", "2")];
        half_sent.write_all(node.head("POST", RESEND, &headers).as_bytes()).unwrap();
        half_sent.write_all(b"{").unwrap();
        Self { node, kept_waiting, half_sent, _held: held }
    }
}

/// All of them take the five seconds of their row, so they are waited for together.
#[test]
fn an_answer_or_a_body_that_takes_five_seconds_is_given_up() {
    for Stuck { node, kept_waiting, half_sent, _held } in DialectName::ALL.map(Stuck::speaking) {
        let reply = read_reply(kept_waiting);
        assert_eq!(reply.refusal(), (503, "internal_error", Some(TOO_SLOW), None));
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_enveloped(&node, &reply, RESEND);

        let reply = read_reply(half_sent);
        let message = Some("Request body did not come in time.");
        assert_eq!(reply.refusal(), (408, "request_timeout", message, None));
        assert_eq!(reply.header("retry-after"), None);
        assert_eq!(reply.header("connection"), Some("close"));
        assert_enveloped(&node, &reply, RESEND);
    }
}
