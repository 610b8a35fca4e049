use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};

use super::behaviour::{Answer, Behaviour};
use super::book::Took;
use super::receipts::Receipts;
use super::request::{self, Request};
use super::{Shared, answers, control};

/// Whether a connection goes on after a request.
#[derive(PartialEq, Eq)]
enum Next {
    GoesOn,
    Ends,
}

/// Where messages are asked after, and where it is told how to behave.
const STATUS: &str = "/message/status.json";
const CONTROL: &str = "/control";

/// Serves one connection. However it ends, whoever is at the other end sees it.
pub(super) fn serve(shared: &Arc<Shared>, socket: TcpStream, number: u64) -> io::Result<()> {
    // An answer that waits for more to send along is not what is measured.
    socket.set_nodelay(true)?;
    let raw = socket.try_clone()?;
    let connection = Connection { shared, raw, number };
    match &shared.tls {
        None => connection.talk(BufReader::new(socket)),
        Some(tls) => {
            let tls = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
            connection.talk(BufReader::new(StreamOwned::new(tls, socket)))
        }
    }
}

struct Connection<'a> {
    shared: &'a Arc<Shared>,
    raw: TcpStream,
    number: u64,
}

/// What was taken, and what was set to be said of it then.
struct Accepted {
    took: Took,
    receipts: Receipts,
}

impl Accepted {
    fn answer(&self) -> String {
        answers::taken(&self.took.gateway_id, &self.took.phone).to_string()
    }

    fn after(&self) {
        self.receipts.after(&self.took.gateway_id);
    }
}

impl Connection<'_> {
    fn talk(&self, mut stream: BufReader<impl Read + Write>) -> io::Result<()> {
        loop {
            // What is left unread makes the system answer with a reset.
            if self.begins_like_a_message()? && self.shared.script.take_reset() {
                return Ok(());
            }
            let Some(request) = request::read(&mut stream)? else { return Ok(()) };
            if self.answer(&request, stream.get_mut())? == Next::Ends {
                return Ok(());
            }
        }
    }

    /// Over TLS nobody can tell before it is read.
    fn begins_like_a_message(&self) -> io::Result<bool> {
        let mut start = [0; 64];
        let length = self.raw.peek(&mut start)?;
        let start = String::from_utf8_lossy(&start[..length]);
        let is_message = |path: &str| !path.starts_with(CONTROL) && !path.starts_with(STATUS);
        Ok(self.shared.tls.is_none() && start.split(' ').nth(1).is_some_and(is_message))
    }

    fn answer(&self, request: &Request, to: &mut impl Write) -> io::Result<Next> {
        let (status, body) = match request.path.as_str() {
            CONTROL => control::answer(self.shared, request, self.number),
            STATUS => (200, self.statuses(request)),
            _ => return self.take_message(request, to),
        };
        let is_open = self.shared.door.is_open();
        let close = ("Connection", "close".to_owned());
        let headers = if is_open { &[][..] } else { &[close] };
        request::answer(to, status, headers, &body.to_string(), usize::MAX)?;
        Ok(if is_open { Next::GoesOn } else { Next::Ends })
    }

    fn statuses(&self, request: &Request) -> serde_json::Value {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let when = self.shared.receipts.lock().unwrap().when;
        let asked = body["messages"].as_array().into_iter().flatten();
        let asked = asked.filter_map(serde_json::Value::as_str).map(|id| {
            let is_known = self.shared.book.knows(id);
            (id.to_owned(), is_known.then_some(when))
        });
        answers::statuses(&asked.collect::<Vec<_>>())
    }

    fn take_message(&self, request: &Request, to: &mut impl Write) -> io::Result<Next> {
        self.shared.book.count_request();
        let behaviour = match self.shared.script.take() {
            Behaviour::HangFor(ending) => {
                let is_for_it = Took::of(request, self.number).phone.ends_with(&ending);
                if is_for_it { Behaviour::Hang } else { Behaviour::Take }
            }
            other => other,
        };
        self.behave(behaviour, request, to)
    }

    fn behave(
        &self,
        behaviour: Behaviour,
        request: &Request,
        to: &mut impl Write,
    ) -> io::Result<Next> {
        match behaviour {
            Behaviour::Take | Behaviour::HangFor(_) => Self::say_taken(&self.take(request), to),
            Behaviour::Slow(length) => {
                let taken = self.take(request);
                if !self.is_waited(Some(length))? {
                    return Ok(Next::Ends);
                }
                Self::say_taken(&taken, to)
            }
            Behaviour::Hang => {
                self.is_waited(None)?;
                Ok(Next::Ends)
            }
            Behaviour::Reset => Ok(Next::Ends),
            Behaviour::TakeAndDrop => {
                self.take(request).after();
                Ok(Next::Ends)
            }
            Behaviour::TakeAndStutter => {
                let taken = self.take(request);
                let body = taken.answer();
                request::answer(to, 200, &[], &body, body.len() / 2)?;
                taken.after();
                Ok(Next::Ends)
            }
            Behaviour::Garbage => {
                to.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n")?;
                Ok(Next::Ends)
            }
            Behaviour::Say(Answer { status, headers, body, takes }) => {
                let taken = takes.then(|| self.take(request));
                request::answer(to, status, &headers, &body, usize::MAX)?;
                if let Some(taken) = taken {
                    taken.after();
                }
                Ok(Next::GoesOn)
            }
        }
    }

    fn take(&self, request: &Request) -> Accepted {
        let took = Took::of(request, self.number);
        self.shared.book.note(took.clone());
        (self.shared.tell)(&took);
        let receipts = self.shared.receipts.lock().unwrap().clone();
        receipts.before(&took.gateway_id);
        Accepted { took, receipts }
    }

    fn say_taken(taken: &Accepted, to: &mut impl Write) -> io::Result<Next> {
        request::answer(to, 200, &[], &taken.answer(), usize::MAX)?;
        taken.after();
        Ok(Next::GoesOn)
    }

    /// Lets this time pass, or for ever. False when whoever waits for an answer has gone before.
    fn is_waited(&self, time: Option<Duration>) -> io::Result<bool> {
        if time == Some(Duration::ZERO) {
            return Ok(true);
        }
        self.raw.set_read_timeout(time)?;
        let peeked = self.raw.peek(&mut [0]);
        self.raw.set_read_timeout(None)?;
        match peeked {
            Ok(_) => Ok(false),
            Err(error) => {
                Ok(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut))
            }
        }
    }
}
