//! `GET /admin/audit` as NDJSON: every row in one stream.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use esoz_otp::audit;
use esoz_otp::config::DialectName;
use esoz_otp::store::{Priority, Write};
use serde_json::Value;

use super::{ADMIN, node, read, refused_at, shown};
use crate::support::patience::wait_until;
use crate::support::{Reply, TestNode, call};

const NDJSON: (&str, &str) = ("accept", "application/x-ndjson");

/// More rows than all buffers between a node and a client that does not read.
const MANY: u128 = 20_000;

/// As many streams as a node has at once.
const STREAMS: usize = 8;

fn node_with_rows(count: u128) -> TestNode {
    let node = node(DialectName::Documented);
    append(&node, 0..count);
    node
}

fn append(node: &TestNode, who: std::ops::Range<u128>) {
    for first in who.clone().step_by(1000) {
        let end = who.end.min(first + 1000);
        let append = move |write: &mut Write<'_>| {
            (first..end).try_for_each(|who| audit::append(write, &refused_at(0, who)))
        };
        node.store.write_blocking(Priority::Normal, append).unwrap();
    }
}

fn stream(node: &TestNode, query: &str) -> Reply {
    node.call("GET", &format!("/admin/audit{query}"), &[ADMIN[0], NDJSON], "")
}

fn rows(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn numbers(text: &str) -> Vec<u64> {
    rows(text).iter().map(|row| row["number"].as_u64().unwrap()).collect()
}

/// A stream that its client has begun to read.
fn begun(node: &TestNode) -> BufReader<TcpStream> {
    let mut stream = node.connect();
    let head = node.head("GET", "/admin/audit", &[ADMIN[0], NDJSON]);
    stream.write_all(head.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 200 OK\r\n");
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).unwrap();
    }
    stream
}

#[test]
fn every_row_is_a_line_and_as_it_is_in_a_page() {
    let node = node_with_rows(250);
    let reply = stream(&node, "");
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert!(reply.header("x-request-id").is_some());
    assert_eq!(rows(&reply.text), shown(&node));
    assert_eq!(numbers(&reply.text).len(), 250);
    assert_eq!(numbers(&stream(&node, "?after=97").text), (98..=250).collect::<Vec<_>>());
    assert_eq!(numbers(&stream(&node, "?after=250").text), [0; 0]);
    assert_eq!(numbers(&stream(&node, "?after=18446744073709551615").text), [0; 0]);
}

#[test]
fn what_was_refused_up_to_the_call_is_in_the_stream() {
    let node = node(DialectName::Documented);
    assert_eq!(stream(&node, "").text, "");
    node.call("GET", "/admin/audit", &[("authorization", "Bearer unknown")], "");
    let rows = rows(&stream(&node, "").text);
    assert_eq!((rows.len(), &rows[0]["event"]), (1, &Value::from("token_refused")));
}

#[test]
fn a_caller_gets_the_type_that_it_prefers() {
    let node = node_with_rows(1);
    for (accept, is_stream) in [
        ("application/x-ndjson, application/json;q=0.9", true),
        ("application/x-ndjson;q=0.8, application/json;q=0.9", false),
        ("application/*", false),
        ("application/json;q=0, */*", true),
    ] {
        let reply = node.call("GET", "/admin/audit", &[ADMIN[0], ("accept", accept)], "");
        assert_eq!(reply.status, 200, "{accept}");
        assert_eq!(reply.body["paging"].is_object(), !is_stream, "{accept}");
    }
    let reply = node.call("GET", "/admin/audit", &[ADMIN[0], ("accept", "text/html")], "");
    assert_eq!(reply.status, 406);
    // Other methods have no stream.
    let reply = node.call("GET", "/health/live", &[NDJSON], "");
    assert_eq!((reply.status, reply.error()["type"].as_str()), (406, Some("content_type_invalid")));
}

#[test]
fn it_takes_the_scope_and_the_parameters_of_a_page_and_refuses_in_json() {
    let node = node_with_rows(1);
    let direct = [("authorization", "Bearer demo-direct-token"), NDJSON];
    for (reply, status) in [
        (node.call("GET", "/admin/audit", &direct, ""), 403),
        (node.call("GET", "/admin/audit", &[NDJSON], ""), 401),
        (call(node.public_address(), "GET", "/admin/audit", &[ADMIN[0], NDJSON], ""), 404),
        (stream(&node, "?after=x"), 422),
        (stream(&node, "?page_size=0"), 422),
        (stream(&node, "?afer=1"), 422),
    ] {
        assert_eq!(reply.status, status, "{}", reply.text);
        assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(reply.body["meta"]["code"], status);
    }
}

#[test]
fn a_slow_reader_gets_every_row_up_to_the_newest_at_its_call() {
    let node = node_with_rows(MANY);
    let mut stream = begun(&node);
    append(&node, MANY..MANY + 10);
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    // Chunks have ends of lines of their own.
    let lines = text.lines().filter(|line| line.starts_with("{\"number\"")).count();
    assert!(lines > 1000, "{lines}");
    assert!(text.contains(&format!("{{\"number\":{MANY},")));
    assert!(!text.contains(&format!("{{\"number\":{},", MANY + 1)));
    assert!(text.ends_with("\r\n0\r\n\r\n"), "a whole stream has a last chunk");
    assert_eq!(read(&node, "?after=20009").data().as_array().unwrap().len(), 1);
}

#[test]
fn a_node_that_stops_cuts_a_stream_and_its_reader_can_tell() {
    let node = node_with_rows(MANY);
    let mut stream = begun(&node);
    node.stop();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.starts_with(b"2000\r\n{\"number\":1,"), "{:?}", &rest[..20]);
    assert!(!rest.ends_with(b"\r\n0\r\n\r\n"));
}

#[test]
fn a_node_has_so_many_streams_at_once_and_the_next_caller_tries_again() {
    let node = node_with_rows(MANY);
    let streams: Vec<_> = (0..STREAMS).map(|_| begun(&node)).collect();
    let refused = stream(&node, "");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.error()["type"], "internal_error");
    // Pages are no streams.
    assert_eq!(read(&node, "").status, 200);
    drop(streams);
    wait_until("the streams have ended", || stream(&node, "").status == 200);
}

#[test]
fn head_begins_no_stream_that_lasts() {
    let node = node_with_rows(MANY);
    for _ in 0..2 * STREAMS {
        let reply = node.by_hand("HEAD", "/admin/audit", &[ADMIN[0], NDJSON], b"");
        assert!(reply.status == 200 || reply.status == 503, "{}", reply.status);
        assert_eq!(reply.text, "");
    }
    wait_until("no stream is left", || stream(&node, "?after=19999").status == 200);
}
