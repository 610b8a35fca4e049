//! Requests written byte by byte, for what a client library would put right.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderName, HeaderValue};

use super::{Reply, TestNode};

/// Longer than any answer takes; a test that would hang fails instead.
const PATIENCE: Duration = Duration::from_secs(30);

impl TestNode {
    /// Sends a head with `connection: close`, `host` if it is not given, and these headers; then this body as it is. Takes
    /// the answer.
    pub fn by_hand(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let mut stream = self.connect();
        stream.write_all(self.head(method, path, headers).as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let reply = read_reply(stream);
        self.described().assert_has(method, path, &reply);
        reply
    }

    /// The same without a body on the public listener.
    pub fn by_hand_in_public(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut stream = TcpStream::connect(self.public_address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(self.head(method, path, headers).as_bytes()).unwrap();
        read_reply(stream)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let address = self.address().to_string();
        let is_given = headers.iter().any(|(name, _)| *name == "host");
        let host = (!is_given).then_some(("host", address.as_str()));
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        for (name, value) in host.iter().chain(headers) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head + "\r\n"
    }
}

/// Everything until the server closes, as one answer.
pub fn read_reply(mut stream: TcpStream) -> Reply {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    reply_of(bytes)
}

/// These bytes as one answer.
pub fn reply_of(bytes: Vec<u8>) -> Reply {
    let text = String::from_utf8(bytes).unwrap();
    let (head, text) = text.split_once("\r\n\r\n").expect("an answer has a head");
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    });
    let headers = headers.collect();
    let body = serde_json::from_str(text).unwrap_or(Value::Null);
    Reply { status, headers, body, text: text.to_owned() }
}
