//! Bodies and answers that are slow, cut, too large or too many.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use esoz_otp::domain::Id;
use esoz_otp::store::schema::CLIENTS;
use serde_json::Value;

use super::{ADMIN, NDJSON, answered, apply, client, id, send, text, totals};
use crate::support::patience::wait_until;
use crate::support::{TestNode, read_reply};

/// As many streams as a node has at once.
const STREAMS: usize = 8;

const CHUNKED: (&str, &str) = ("transfer-encoding", "chunked");

/// A load that has sent its head and these bytes.
fn begun(node: &TestNode, bytes: &str) -> TcpStream {
    let mut stream = node.connect();
    stream
        .write_all(node.head("POST", "/admin/apply", &[ADMIN, NDJSON, CHUNKED]).as_bytes())
        .unwrap();
    send_on(&mut stream, bytes);
    stream
}

fn send_on(stream: &mut TcpStream, bytes: &str) {
    if !bytes.is_empty() {
        write!(stream, "{:x}\r\n{bytes}\r\n", bytes.len()).unwrap();
    }
}

fn is_there(node: &TestNode, number: usize) -> bool {
    node.store.get(CLIENTS, &Id::parse(&id(number)).unwrap()).unwrap().is_some()
}

/// Reads the head of an answer and its first line, as a chunk.
fn first_line(stream: &mut BufReader<TcpStream>) -> Value {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 200 OK\r\n");
    while !line.starts_with('{') {
        line.clear();
        stream.read_line(&mut line).unwrap();
    }
    serde_json::from_str(&line).unwrap()
}

#[test]
fn an_answer_begins_while_the_body_is_still_sent() {
    let node = TestNode::start();
    let lines: Vec<_> = (1..=1025).map(client).collect();
    let stream = begun(&node, &text(&lines));
    let mut reading = BufReader::new(stream.try_clone().unwrap());
    assert_eq!(first_line(&mut reading)["progress"]["lines"], 1024);
    let mut stream = stream;
    send_on(&mut stream, &format!("\n{}", text(&[client(2000)])));
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut rest = String::new();
    reading.read_to_string(&mut rest).unwrap();
    assert!(rest.contains(r#"{"total":{"lines":1026,"#), "{rest}");
    assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
    assert!(is_there(&node, 2000));
}

#[test]
fn a_load_whose_client_goes_keeps_its_whole_chunks_and_is_sent_again() {
    let node = TestNode::start();
    let lines: Vec<_> = (1..=300).map(client).collect();
    let stream = begun(&node, &text(&lines[..100]));
    wait_until("the first chunk is there", || is_there(&node, 64));
    drop(stream);
    assert!(!is_there(&node, 65));
    let totals = totals(&apply(&node, &lines));
    assert_eq!(totals, [300, 236, 0, 64, 0, 0]);
}

#[test]
fn a_fault_of_the_stream_behind_the_first_chunk_is_the_last_line() {
    let node = TestNode::start();
    let lines: Vec<_> = (1..=130).map(client).collect();
    let body = [text(&lines), "x".repeat(17_000), text(&[client(200)])].join("\n");
    let reply = send(&node, "/admin/apply", &body);
    assert_eq!(reply.status, 200);
    let answer = answered(&reply.text);
    let (progress, error) =
        (&answer[answer.len() - 2]["progress"], &answer.last().unwrap()["error"]);
    assert_eq!(progress["lines"], 128, "{}", reply.text);
    assert_eq!(error["type"], "request_too_large");
    assert_eq!(error["message"], "A line of the request body is too long: line 131.");
    assert!(is_there(&node, 128) && !is_there(&node, 129));
}

#[test]
fn a_client_that_sends_nothing_for_half_a_minute_is_refused() {
    let node = TestNode::start();
    let stream = begun(&node, &text(&[client(1)]));
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let reply = read_reply(stream);
    assert_eq!((reply.status, reply.header("connection")), (408, Some("close")));
    assert_eq!(reply.error()["type"], "request_timeout");
    assert!(!is_there(&node, 1));
}

#[test]
fn a_broken_coding_is_refused() {
    let node = TestNode::start();
    let mut stream = begun(&node, &text(&[client(1)]));
    stream.write_all(b"zz\r\n").unwrap();
    let reply = read_reply(stream);
    assert_eq!((reply.status, reply.header("connection")), (400, Some("close")));
    assert!(!is_there(&node, 1));
}

#[test]
fn a_length_that_is_too_large_is_refused_before_it_is_sent() {
    let node = TestNode::start();
    let length = ((1_u64 << 40) + 1).to_string();
    let headers = [ADMIN, NDJSON, ("content-length", &length), ("expect", "100-continue")];
    let reply = node.by_hand("POST", "/admin/apply", &headers, b"");
    assert_eq!(reply.status, 413);
}

#[test]
fn a_caller_beyond_the_streams_of_the_node_is_asked_to_wait() {
    let node = TestNode::start();
    let first = text(&(1..=65).map(client).collect::<Vec<_>>());
    let begun = (0..STREAMS).map(|_| {
        let mut stream = begun(&node, &first);
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        stream
    });
    let begun: Vec<_> = begun.collect();
    let refused = send(&node, "/admin/apply", &text(&[client(1)]));
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    drop(begun);
    wait_until("there is room again", || {
        send(&node, "/admin/apply", &text(&[client(1)])).status == 200
    });
}

#[test]
fn a_busy_node_is_waited_for() {
    let node = TestNode::start();
    thread::scope(|scope| {
        let held = node.hold_writes();
        let waiting = held.fill_the_queue();
        let load = scope.spawn(|| apply(&node, &[client(1)]));
        // The first try of the load is refused, too; a later one finds room.
        let refused = send(&node, "/admin/apply?dry_run=true", &text(&[client(1)]));
        assert_eq!(refused.status, 503);
        drop(waiting);
        drop(held);
        assert_eq!(totals(&load.join().unwrap()), [1, 1, 0, 0, 0, 0]);
    });
}

#[test]
fn a_stopping_node_cuts_the_answer() {
    let mut node = TestNode::start();
    let lines: Vec<_> = (1..=1025).map(client).collect();
    let stream = begun(&node, &text(&lines));
    let mut reading = BufReader::new(stream);
    first_line(&mut reading);
    node.begin_to_stop();
    let mut rest = String::new();
    reading.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("total") && !rest.ends_with("0\r\n\r\n"), "{rest}");
}

/// As many HTTP libraries send it.
#[test]
fn an_empty_body_of_any_type_is_a_load_without_lines() {
    let node = TestNode::start();
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let headers = [ADMIN, ("content-type", content_type)];
        let reply = node.call("POST", "/admin/apply", &headers, "");
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.body["total"]["lines"], 0, "{}", reply.text);
        assert_eq!(node.call("POST", "/admin/apply", &headers, "{}\n").status, 415);
    }
}
