//! A gateway that answers what it is told to, one request a connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use crate::binary::program::PATIENCE;

/// What it has been sent: the head, and the body.
pub struct Asked {
    pub head: String,
    pub body: String,
}

pub struct Stub {
    pub address: SocketAddr,
    asked: Receiver<Asked>,
}

impl Stub {
    /// Answers one request after the other with these statuses and bodies; none, and it hangs up without a word.
    pub fn answering(answers: &'static [Option<(u16, &'static str)>]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (telling, asked) = channel();
        std::thread::spawn(move || {
            for (answer, connection) in answers.iter().zip(listener.incoming()) {
                let mut connection = connection.unwrap();
                drop(telling.send(read(&mut BufReader::new(&connection))));
                if let Some((status, body)) = answer {
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
                    );
                    connection.write_all(format!("{head}{body}").as_bytes()).unwrap();
                }
            }
        });
        Self { address, asked }
    }

    /// The next request, once it has come.
    pub fn asked(&self) -> Asked {
        self.asked.recv_timeout(PATIENCE).expect("it is called")
    }

    /// Waits until it has answered everything and listens no more; nothing is left that it was asked.
    pub fn ends(&self) {
        let ended = self.asked.recv_timeout(PATIENCE);
        assert_eq!(ended.err(), Some(RecvTimeoutError::Disconnected));
    }

    pub fn is_unasked(&self) -> bool {
        self.asked.try_recv().is_err()
    }
}

fn read(connection: &mut impl BufRead) -> Asked {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(connection.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap()];
    connection.read_exact(&mut body).unwrap();
    Asked { head, body: String::from_utf8(body).unwrap() }
}
