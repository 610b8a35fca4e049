use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::world::{CLINIC, PATIENT, phone, request};

/// One call after the other over one connection.
pub(super) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub(super) async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.writable().await.unwrap();
        Self { stream, answer: vec![0; 8192] }
    }

    /// The status of the answer.
    pub(super) async fn ask(&mut self, request: &str) -> u16 {
        let written = self.stream.try_write(request.as_bytes()).unwrap();
        assert_eq!(written, request.len(), "there is always room for so little");
        let mut read = 0;
        while !is_whole(&self.answer[..read]) {
            self.stream.readable().await.unwrap();
            match self.stream.try_read(&mut self.answer[read..]) {
                Ok(0) => panic!("the node has closed the connection"),
                Ok(more) => read += more,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
        std::str::from_utf8(&self.answer[9..12]).unwrap().parse().unwrap()
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    answer.len() >= end + 4 + length.parse::<usize>().unwrap()
}

pub(super) fn live() -> String {
    call("GET", "/health/live", "", "")
}

pub(super) fn factor() -> String {
    let token = format!("authorization: Bearer {PATIENT}\r\n");
    call("GET", "/api/cabinet/authentication_factor", &token, "")
}

pub(super) fn resend(number: usize) -> String {
    let path = format!("/api/person_requests/{}/actions/resend_otp", request(number));
    call("POST", &path, &format!("authorization: Bearer {CLINIC}\r\n"), "")
}

pub(super) fn initialize(number: usize) -> String {
    let body = format!("{{\"phone_number\": \"{}\"}}", phone(number));
    call("POST", "/verifications", "", &body)
}

pub(super) fn complete(number: usize, code: &str) -> String {
    let path = format!("/verifications/{}/actions/complete", phone(number));
    call("PATCH", &path, "", &format!("{{\"code\": \"{code}\"}}"))
}

fn call(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = match method {
        "GET" => String::new(),
        _ => {
            format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len())
        }
    };
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}{length}\r\n{body}")
}
