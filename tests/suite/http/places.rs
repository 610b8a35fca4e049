//! A server that is full, and the end of a server.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use esoz_otp::http::ServerLimits;

use super::{REQUEST, Server, ask, patient, until_closed};

#[test]
fn one_more_than_there_is_room_for_is_served_when_another_has_gone() {
    let server = Server::start(ServerLimits { connections: 2, ..patient() });
    let mut first = server.connect();
    let mut second = server.connect();
    ask(&mut first, REQUEST);
    ask(&mut second, REQUEST);
    let mut third = server.connect();
    third.write_all(REQUEST).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(third.read(&mut [0]).is_err(), "served beyond the limit");
    drop(first);
    third.set_read_timeout(Some(super::PATIENCE)).unwrap();
    ask(&mut third, b"");
    server.stop();
}

#[test]
fn loopback_is_not_one_peer() {
    let server = Server::start(ServerLimits { per_peer: 1, ..patient() });
    let mut streams = [server.connect(), server.connect(), server.connect()];
    for stream in &mut streams {
        ask(stream, REQUEST);
    }
    server.stop();
}

#[test]
fn a_full_server_stops() {
    let server = Server::start(ServerLimits { connections: 1, ..patient() });
    let mut stream = server.connect();
    ask(&mut stream, REQUEST);
    let mut waiting = server.connect();
    waiting.write_all(REQUEST).unwrap();
    assert!(server.stop() < Duration::from_secs(5));
    until_closed(&mut stream);
}

#[test]
fn a_server_that_stops_does_not_wait_for_heads_and_silence() {
    let server = Server::start(patient());
    let silent = server.connect();
    let mut half = server.connect();
    half.write_all(&REQUEST[..20]).unwrap();
    let mut resting = server.connect();
    ask(&mut resting, REQUEST);
    assert!(server.stop() < Duration::from_secs(8));
    for mut stream in [silent, half, resting] {
        until_closed(&mut stream);
    }
}
