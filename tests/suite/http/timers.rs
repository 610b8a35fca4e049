//! A peer that does not go on is not waited for longer than is allowed. Limits are short here, and lateness is bounded
//! loosely: the machine is busy with other tests.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use esoz_otp::http::ServerLimits;

use super::{LARGE, REQUEST, Server, ask, patient, until_closed};

const SHORT: Duration = Duration::from_millis(300);
const LATE: Duration = Duration::from_secs(5);

fn assert_about_short(waited: Duration) {
    // The server's clock has begun before ours.
    assert!(waited > SHORT / 2 && waited < LATE, "{waited:?}");
}

#[test]
fn a_connection_that_never_says_anything_is_closed() {
    let server = Server::start(ServerLimits { first_byte: SHORT, ..patient() });
    let (waited, read) = until_closed(&mut server.connect());
    assert_about_short(waited);
    assert_eq!(read, 0);
    server.stop();
}

#[test]
fn a_head_that_does_not_come_whole_is_given_up_however_it_drips() {
    let server = Server::start(ServerLimits { head: SHORT, ..patient() });
    let mut stalled = server.connect();
    stalled.write_all(&REQUEST[..20]).unwrap();
    assert_about_short(until_closed(&mut stalled).0);

    let mut dripping = server.connect();
    let mut lines = 0;
    dripping.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    dripping.set_read_timeout(Some(SHORT / 10)).unwrap();
    // Each line comes long before the time is up.
    while !matches!(dripping.read(&mut [0]), Ok(0)) && dripping.write_all(b"a: b\r\n").is_ok() {
        lines += 1;
        assert!(lines < 150, "still open");
    }
    server.stop();
}

#[test]
fn the_second_head_of_a_connection_has_no_more_time_than_the_first() {
    let server = Server::start(ServerLimits { head: SHORT, ..patient() });
    let mut stream = server.connect();
    ask(&mut stream, REQUEST);
    stream.write_all(&REQUEST[..20]).unwrap();
    assert_about_short(until_closed(&mut stream).0);
    server.stop();
}

#[test]
fn a_connection_that_rests_is_closed_and_one_that_is_used_is_not() {
    let server = Server::start(ServerLimits { idle: SHORT, ..patient() });
    let mut stream = server.connect();
    for _ in 0..8 {
        ask(&mut stream, REQUEST);
        // Together longer than any limit.
        std::thread::sleep(SHORT / 4);
    }
    assert_about_short(until_closed(&mut stream).0);
    server.stop();
}

#[test]
fn many_requests_in_pieces_take_no_time_from_each_other() {
    let limits =
        ServerLimits { first_byte: SHORT, head: SHORT, idle: SHORT, write: SHORT, ..patient() };
    let server = Server::start(limits);
    let mut stream = server.connect();
    for _ in 0..8 {
        stream.write_all(&REQUEST[..20]).unwrap();
        std::thread::sleep(SHORT / 4);
        ask(&mut stream, &REQUEST[20..]);
    }
    server.stop();
}

#[test]
fn an_answer_that_is_not_taken_is_given_up() {
    let server = Server::start(ServerLimits { write: SHORT, ..patient() });
    let mut stream = server.connect();
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    // Only what was on its way when the server gave up.
    std::thread::sleep(SHORT * 5);
    let (_, read) = until_closed(&mut stream);
    assert!(read < LARGE, "{read}");
    server.stop();
}

#[test]
fn answers_that_pile_up_unread_are_given_up() {
    let server = Server::start(ServerLimits { write: SHORT, ..patient() });
    let mut stream = server.connect();
    stream.set_write_timeout(Some(SHORT)).unwrap();
    let many = REQUEST.repeat(1000);
    // Until our own side is full, or the server's has been closed.
    let mut sent = 0;
    while stream.write_all(&many).is_ok() {
        sent += 1;
        assert!(sent < 10_000, "the server takes requests without end");
    }
    std::thread::sleep(SHORT * 5);
    until_closed(&mut stream);
    server.stop();
}

#[test]
fn an_answer_in_the_making_is_waited_for() {
    let limits =
        ServerLimits { first_byte: SHORT, head: SHORT, idle: SHORT, write: SHORT, ..patient() };
    let server = Server::start(ServerLimits { drain: SHORT, ..limits });
    let mut stream = server.connect();
    stream.write_all(b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(SHORT * 5)).unwrap();
    assert!(stream.read(&mut [0]).is_err(), "not closed by any of the limits");
    // Only a stop does not wait for ever.
    let took = server.stop();
    assert!(took >= SHORT && took < LATE, "{took:?}");
}

#[test]
fn a_large_answer_is_taken_whole_by_whoever_reads() {
    let server = Server::start(ServerLimits { write: SHORT * 10, ..patient() });
    let mut stream = server.connect();
    let request = b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    assert!(until_closed(&mut stream).1 > LARGE);
    server.stop();
}
