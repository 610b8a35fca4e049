//! HTTP byte by byte: what is sent, what a rule demands, what comes back, and whether the connection goes on.

mod bodies;
mod connections;
mod heads;
mod json;
mod targets;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::support::TestNode;

/// One row of the table.
#[derive(Clone, Copy)]
struct Row {
    /// The rule: an RFC's section, or one of our own.
    demands: &'static str,
    /// Bytes sent, and the statuses that have to come before anything else is sent. `{host}` stands for the node's
    /// address, `{a*7}` for seven times an `a`.
    steps: &'static [(&'static [u8], &'static [u16])],
    /// A field that the last answer has.
    field: Option<(&'static str, &'static str)>,
    /// Who has written the last answer.
    from: From,
    /// What becomes of the connection.
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// We: it is in the envelope.
    Us,
    /// hyper, before we had a say: it has no body.
    Hyper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It is good for another request.
    Kept,
    Closed,
}

/// A request that is answered by this status, in the envelope, on a connection that goes on.
const fn row(demands: &'static str, steps: &'static [(&'static [u8], &'static [u16])]) -> Row {
    Row { demands, steps, field: None, from: From::Us, then: Then::Kept }
}

/// The same on one that ends.
const fn last(demands: &'static str, steps: &'static [(&'static [u8], &'static [u16])]) -> Row {
    Row { then: Then::Closed, ..row(demands, steps) }
}

/// What hyper refuses by itself.
const fn bare(demands: &'static str, steps: &'static [(&'static [u8], &'static [u16])]) -> Row {
    Row { from: From::Hyper, ..last(demands, steps) }
}

const PROBE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";

#[test]
fn every_row_of_the_table_holds() {
    let node = TestNode::start();
    let tables = [heads::ROWS, targets::ROWS, bodies::ROWS, json::ROWS, connections::ROWS];
    let rows: Vec<_> = tables.into_iter().flatten().collect();
    assert!(rows.len() >= 40, "{} rows", rows.len());
    let mut wrong = String::new();
    for row in rows {
        if let Err(what) = holds(&node, row) {
            let sent: Vec<_> = row.steps.iter().map(|(bytes, _)| bytes.escape_ascii()).collect();
            writeln!(wrong, "{}: {what}\n  {}", row.demands, sent[0]).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(node.messages_waiting(), 0);
}

fn holds(node: &TestNode, row: &Row) -> Result<(), String> {
    let mut stream = node.connect();
    let mut last = None;
    for (bytes, statuses) in row.steps {
        let bytes = expand(bytes, &node.address().to_string());
        // Whoever is refused midway may be cut off while still sending.
        let _ = stream.write_all(&bytes);
        for expected in *statuses {
            let is_head = bytes.starts_with(b"HEAD ");
            let answer = read_answer(&mut stream, is_head)?;
            if answer.status != *expected {
                return Err(format!(
                    "{} instead of {expected}: {:.300}",
                    answer.status, answer.body
                ));
            }
            last = Some((answer, is_head));
        }
    }
    let (answer, is_head) = last.expect("every row has an answer");
    answer.is_from(row.from, is_head)?;
    if let Some((name, value)) = row.field
        && answer.field(name).as_deref() != Some(value)
    {
        return Err(format!("{name}: {:?} instead of {value}", answer.field(name)));
    }
    let is_told = answer.field("connection").as_deref() == Some("close");
    // HTTP/1.0 closes unless it says otherwise.
    if row.from == From::Us && row.then == Then::Closed && !is_told && !answer.is_1_0() {
        return Err("closed without a word".into());
    }
    let _ = stream.write_all(&expand(PROBE, &node.address().to_string()));
    match (row.then, read_answer(&mut stream, false)) {
        (Then::Kept, Ok(next)) if next.status == 200 => Ok(()),
        (Then::Closed, Err(_)) => Ok(()),
        (then, next) => Err(format!("{then:?}, but then {:?}", next.map(|next| next.status))),
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn field(&self, name: &str) -> Option<String> {
        let mut lines = self.head.split("\r\n");
        lines.find_map(|line| {
            let (given, value) = line.split_once(": ")?;
            given.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    }

    fn is_1_0(&self) -> bool {
        self.head.starts_with("HTTP/1.0")
    }

    fn is_from(&self, from: From, is_head: bool) -> Result<(), String> {
        let code =
            serde_json::from_str::<Value>(&self.body).ok().map(|body| body["meta"]["code"].clone());
        let is_ours = match code {
            Some(code) => code == self.status,
            None => is_head && self.field("x-request-id").is_some(),
        };
        let is_hyper_s = self.body.is_empty() && self.field("content-type").is_none();
        let is_so = match from {
            From::Us => is_ours,
            From::Hyper => is_hyper_s,
        };
        if is_so {
            Ok(())
        } else {
            Err(format!("not from {from:?}: {}{:.300}", self.head, self.body))
        }
    }
}

/// One answer, as its own head says where it ends.
fn read_answer(stream: &mut TcpStream, is_head: bool) -> Result<Answer, String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.extend(byte),
            Ok(_) => return Err(format!("closed after {:?}", head.escape_ascii().to_string())),
            Err(error) => return Err(error.to_string()),
        }
    }
    let head = String::from_utf8(head).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let answer = Answer { status, head, body: String::new() };
    let length = answer.field("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; if is_head { 0 } else { length }];
    stream.read_exact(&mut body).map_err(|error| error.to_string())?;
    Ok(Answer { body: String::from_utf8(body).unwrap(), ..answer })
}

/// Puts in the host, and what is repeated.
fn expand(bytes: &[u8], host: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(byte) = rest.first() {
        if let Some(after) = rest.strip_prefix(b"{host}") {
            out.extend(host.bytes());
            rest = after;
        } else if let Some((repeated, times, after)) = repetition(rest) {
            out.extend(std::iter::repeat_n(repeated, times));
            rest = after;
        } else {
            out.push(*byte);
            rest = &rest[1..];
        }
    }
    out
}

/// `{a*7}`: the byte, how often, and what is behind it.
fn repetition(bytes: &[u8]) -> Option<(u8, usize, &[u8])> {
    let [b'{', repeated, b'*', rest @ ..] = bytes else { return None };
    let end = rest.iter().position(|byte| *byte == b'}')?;
    let times = str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
    Some((*repeated, times, &rest[end + 1..]))
}
