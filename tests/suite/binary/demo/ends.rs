//! The demo ends at a signal, even with open connections.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::binary::program::Program;

const A_FEW_SECONDS: Duration = Duration::from_secs(4);

#[test]
fn ctrl_c_and_sigterm_end_it_within_seconds_with_code_0() {
    for signal in ["INT", "TERM"] {
        let directory = tempfile::tempdir().unwrap();
        let mut demo = Program::start(directory.path(), &["demo"]);
        demo.address();
        demo.signal(signal);
        let ended = demo.end_within(A_FEW_SECONDS);
        assert_eq!(ended.code, Some(0), "{signal}: {}", ended.stderr);
    }
}

#[test]
fn an_idle_connection_that_is_kept_does_not_hold_it_up() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    let mut kept = TcpStream::connect(demo.address()).unwrap();
    kept.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut answer = [0; 15];
    kept.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    demo.signal("TERM");
    assert_eq!(demo.end_within(A_FEW_SECONDS).code, Some(0));
}

#[test]
fn a_connection_that_never_said_anything_does_not_hold_it_up() {
    let directory = tempfile::tempdir().unwrap();
    let mut demo = Program::start(directory.path(), &["demo"]);
    let silent = TcpStream::connect(demo.address()).unwrap();
    // Another request's answer shows that the one before has been accepted.
    assert_eq!(demo.call("GET", "/health/live", "").status, 200);
    demo.signal("TERM");
    assert_eq!(demo.end_within(A_FEW_SECONDS).code, Some(0));
    drop(silent);
}

#[test]
fn a_half_sent_request_does_not_hold_it_up() {
    for (half, seconds) in [
        (&b"GET /health/live HTTP/1.1\r\nho"[..], 4),
        // A body has five seconds to come.
        (b"POST /verifications HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{", 9),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let mut demo = Program::start(directory.path(), &["demo"]);
        let mut slow = TcpStream::connect(demo.address()).unwrap();
        slow.write_all(half).unwrap();
        assert_eq!(demo.call("GET", "/health/live", "").status, 200);
        demo.signal("TERM");
        let ended = demo.end_within(Duration::from_secs(seconds));
        assert_eq!(ended.code, Some(0), "{}", String::from_utf8_lossy(half));
    }
}

#[test]
fn what_was_answered_just_before_the_end_is_still_printed() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let mut demo = Program::start(directory.path(), &["demo"]);
        assert_eq!(demo.resend().status, 200);
        let ended = demo.stop();
        assert!(ended.stdout.contains("SMS +380958697084 "), "{}", ended.stdout);
    }
}
