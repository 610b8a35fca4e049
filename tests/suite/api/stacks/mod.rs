//! Requests as the HTTP stacks of clients send them, each with what it adds by itself, and what is answered.
//!
//! Those of curl, wget, `HTTPie`, PHP, Python, Node, Ruby, Perl and Java were recorded as they left; the others are written
//! after a trial's notes. `User-Agent`, `Host` and the credentials, which every one of them sends, stand in one place.

mod approve;
mod factor;
mod resend;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::{Reply, Setup, TestNode, demo_world_with, reply_of, without_send_limits};

/// The stack, the method (`absolute` behind it if the target is a whole URI), the version of HTTP, the fields that it adds,
/// the body as it is framed, and the status of the answer. `{length}` stands for the length of the body, `{code}` for the
/// right code.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, u16);

const CLINIC: &str = "c0000000-0000-4000-8000-000000000001";

fn request(number: usize) -> String {
    format!("e2000000-0000-4000-8000-{number:012}")
}

/// A phone for each stack.
fn phone(number: usize) -> String {
    format!("+38067200{number:04}")
}

/// A node with a request for each of so many stacks, which may have as many codes as they like.
fn node(count: usize) -> TestNode {
    let requests: Vec<Value> = (0..count)
        .map(|number| {
            let method = json!({"type": "OTP", "phone_number": phone(number)});
            json!({"id": request(number), "client_id": CLINIC, "status": "NEW", "authentication_method": method})
        })
        .collect();
    let world = demo_world_with(&json!({"person_requests": requests}));
    TestNode::set_up(Setup { config: without_send_limits(), world, ..Setup::default() })
}

fn send(node: &TestNode, row: &Row, path: &str, token: &str, code: &str) -> Reply {
    let (stack, method, version, fields, body, _) = row;
    let host = node.address();
    let (method, target) = match method.split_once(' ') {
        Some((method, _)) => (method, format!("http://{host}{path}")),
        None => (*method, path.to_owned()),
    };
    let body = body.replace("{code}", code);
    let fields = fields.replace("{length}", &body.len().to_string()).replace('\n', "\r\n");
    let head = format!(
        "{method} {target} HTTP/{version}\r\nHost: {host}\r\nUser-Agent: {stack}\r\n\
         Authorization: Bearer {token}\r\nAPI-key: demo-api-key\r\n{fields}\r\n\r\n"
    );
    let mut stream = node.connect();
    stream.write_all(head.as_bytes()).unwrap();
    if fields.to_ascii_lowercase().contains("expect: 100-continue") {
        let answer = read_head(&mut stream);
        assert!(answer.starts_with(b"HTTP/1.1 100 "), "{stack}: {}", answer.escape_ascii());
    }
    stream.write_all(body.as_bytes()).unwrap();
    read_answer(&mut stream)
}

fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.extend(byte);
    }
    bytes
}

/// The answer alone: most of these connections stay open.
fn read_answer(stream: &mut TcpStream) -> Reply {
    let mut bytes = read_head(stream);
    let head = String::from_utf8(bytes.clone()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let start = bytes.len();
    bytes.resize(start + length.parse::<usize>().unwrap(), 0);
    stream.read_exact(&mut bytes[start..]).unwrap();
    reply_of(bytes)
}

#[test]
fn every_stack_s_resend_is_answered_as_the_table_says() {
    let rows = resend::ROWS;
    let node = node(rows.len());
    let mut wrong = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let path = format!("/api/person_requests/{}/actions/resend_otp", request(number));
        let reply = send(&node, row, &path, "demo-mis-token", "");
        match reply.status {
            status if status != row.5 => wrong.push((row.0, status)),
            200 => drop(node.code_for(&phone(number))),
            status => assert_eq!(status, 415, "{}", row.0),
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(node.messages_waiting(), 0, "what was refused has sent nothing");
}

#[test]
fn every_stack_s_approve_is_answered_as_the_table_says() {
    let rows = approve::ROWS;
    let node = node(rows.len());
    let mut wrong = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(node.resend_for(&request(number)).status, 200);
        let code = node.code_for(&phone(number));
        let path = format!("/api/v3/person_requests/{}/actions/approve", request(number));
        let reply = send(&node, row, &path, "demo-mis-token", &code);
        if reply.status != row.5 {
            wrong.push((row.0, reply.status));
        }
        let is_approved = reply.data()["status"] == "APPROVED";
        assert_eq!(is_approved, reply.status == 200, "{}", row.0);
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_stack_s_look_at_a_factor_is_answered_as_the_table_says() {
    let node = node(0);
    for row in factor::ROWS {
        let path = "/api/cabinet/authentication_factor";
        let reply = send(&node, row, path, "demo-patient-token", "");
        assert_eq!(reply.status, row.5, "{}", row.0);
    }
}

#[test]
fn a_client_that_speaks_http_2_at_once_gets_a_bare_400() {
    let node = node(0);
    let mut stream = node.connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let bare = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(bytes.escape_ascii().to_string(), bare.escape_ascii().to_string());
}
