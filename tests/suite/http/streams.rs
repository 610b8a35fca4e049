//! Answers that are streams: whole and cut ones, peers that read slowly or not at all, and the end of a server.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use esoz_otp::http::{
    Gone, LeastRate, Request, Response, ResponseBody, ServerLimits, StreamSender,
};
use tokio::sync::Notify;

use super::{PATIENCE, REQUEST, Server, ask, patient, until_closed, whole};

const SHORT: Duration = Duration::from_millis(300);
const LATE: Duration = Duration::from_secs(5);

const ROW: &[u8] = b"{\"number\":17,\"event\":\"code_issued\",\"reason\":null}\n";
const ROWS: usize = 20_000;

/// What a producer tells its test.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// It has begun, or come to where it waits.
    Waits,
    /// It sent these bytes before its peer had gone.
    Gone(usize),
    Finished,
}

/// A server whose producers a test can watch and let go on.
struct Streams {
    server: Server,
    told: Receiver<Told>,
    go_on: Arc<Notify>,
}

impl Streams {
    fn start(limits: ServerLimits) -> Self {
        let (tell, told) = channel();
        let go_on = Arc::new(Notify::new());
        let (tell, wait) = (Arc::new(Mutex::new(tell)), Arc::clone(&go_on));
        let answer = move |(), _, request: Request| {
            let (tell, wait) = (tell.lock().unwrap().clone(), Arc::clone(&wait));
            async move { answer(request.uri().path(), tell, wait).await }
        };
        Self { server: Server::answering("127.0.0.1:0", limits, answer), told, go_on }
    }

    fn get(&self, path: &str) -> TcpStream {
        let mut stream = self.server.connect();
        stream.write_all(request("GET", path, "1.1").as_bytes()).unwrap();
        stream
    }

    fn told(&self) -> Told {
        self.told.recv_timeout(PATIENCE).unwrap()
    }

    /// How much was sent, once the producer has been told that its peer has gone.
    fn sent_until_gone(&self) -> usize {
        match self.told() {
            Told::Gone(sent) => sent,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing is told for longer than any limit that is short.
    fn assert_goes_on(&self) {
        let nothing = self.told.recv_timeout(SHORT * 3);
        assert_eq!(nothing.unwrap_err(), RecvTimeoutError::Timeout);
    }
}

fn request(method: &str, path: &str, version: &str) -> String {
    format!("{method} {path} HTTP/{version}\r\nHost: localhost\r\n\r\n")
}

/// `/rows` is a whole stream, `/cut` one that breaks off, `/endless` never ends, `/idle` waits between its first row and
/// its last, `/late` waits before it answers. Any other path is answered with `ok`.
async fn answer(path: &str, tell: Sender<Told>, wait: Arc<Notify>) -> Response {
    let path = path.to_owned();
    if path == "/late" {
        tell.send(Told::Waits).unwrap();
        wait.notified().await;
    }
    if !["/rows", "/cut", "/endless", "/idle", "/late", "/blocking"].contains(&path.as_str()) {
        return whole("ok");
    }
    let (sender, body) = ResponseBody::stream();
    if path == "/blocking" {
        tokio::task::spawn_blocking(move || {
            for _ in 0..ROWS {
                sender.blocking_send(ROW).unwrap();
            }
            sender.finish();
        });
    } else {
        tokio::spawn(async move {
            let mut sent = 0;
            let done = produce(&path, &sender, &mut sent, &tell, &wait).await;
            if done.is_ok() && path != "/cut" {
                sender.finish();
            }
            drop(tell.send(done.map_or(Told::Gone(sent), |()| Told::Finished)));
        });
    }
    Response::new(body)
}

async fn produce(
    path: &str,
    sender: &StreamSender,
    sent: &mut usize,
    tell: &Sender<Told>,
    wait: &Notify,
) -> Result<(), Gone> {
    let rows = if path == "/rows" { ROWS } else { 1 };
    let endless = path == "/endless" || path == "/late";
    while endless || *sent < rows * ROW.len() {
        sender.send(ROW).await?;
        *sent += ROW.len();
    }
    if path == "/idle" {
        tell.send(Told::Waits).unwrap();
        tokio::select! {
            () = wait.notified() => {}
            gone = sender.gone() => return Err(gone),
        }
        sender.send(ROW).await?;
    }
    Ok(())
}

/// Reads to the end; `Err` if the connection was reset.
fn read_all(stream: &mut TcpStream) -> (String, Result<(), ErrorKind>) {
    let mut read = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let end = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(more) => read.extend_from_slice(&buffer[..more]),
            Err(error) => break Err(error.kind()),
        }
    };
    (String::from_utf8(read).unwrap(), end)
}

fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    while !read.ends_with(end) {
        let more = stream.read(&mut buffer).unwrap();
        assert!(more > 0, "closed before its end");
        read.extend_from_slice(&buffer[..more]);
    }
    read
}

const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// The bytes of a chunked body, without its last chunk if it has none.
fn unchunked(answer: &[u8]) -> (String, Vec<u8>) {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..at].to_vec()).unwrap().to_ascii_lowercase();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let (mut rest, mut body) = (&answer[at + 4..], Vec::new());
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let data = &rest[end + 2..];
        body.extend_from_slice(&data[..length.min(data.len())]);
        rest = data.get(length + 2..).unwrap_or_default();
    }
    (head, body)
}

#[test]
fn a_reader_gets_the_whole_stream_and_may_ask_for_more() {
    let streams = Streams::start(patient());
    for path in ["/rows", "/blocking", "/rows"] {
        let mut stream = streams.get(path);
        let (head, body) = unchunked(&read_until(&mut stream, LAST_CHUNK));
        assert!(!head.contains("connection: close"), "{head}");
        assert_eq!(body, ROW.repeat(ROWS), "{path}");
        ask(&mut stream, REQUEST);
    }
    streams.server.stop();
}

#[test]
fn a_peer_that_does_not_read_is_ended_and_its_producer_with_it() {
    let stream = LeastRate { bytes_per_second: 1024, patience: SHORT };
    let streams = Streams::start(ServerLimits { stream, ..patient() });
    let mut silent = streams.get("/endless");
    let sent = streams.sent_until_gone();
    // The stream's own bound, the buffer of our side and that of the peer.
    assert!(sent < 1024 * 1024, "{sent}");
    until_closed(&mut silent);
    streams.server.stop();
}

#[test]
fn a_reader_that_pauses_goes_on_as_long_as_it_is_quick_enough_on_the_whole() {
    // An answer that is no stream would have to be read at once.
    let stream = LeastRate { bytes_per_second: 1024, patience: PATIENCE };
    let streams = Streams::start(ServerLimits {
        write: SHORT,
        idle: SHORT,
        head: SHORT,
        stream,
        ..patient()
    });
    let mut slow = streams.get("/endless");
    for _ in 0..3 {
        let mut some = vec![0; 512 * 1024];
        slow.read_exact(&mut some).unwrap();
        streams.assert_goes_on();
    }
    drop(slow);
    assert!(streams.sent_until_gone() > 3 * 512 * 1024 - ROW.len());
    streams.server.stop();
}

#[test]
fn a_producer_that_has_nothing_to_send_is_not_the_fault_of_its_peer() {
    let stream = LeastRate { bytes_per_second: 1024 * 1024, patience: SHORT };
    let limits = ServerLimits {
        first_byte: SHORT,
        head: SHORT,
        idle: SHORT,
        write: SHORT,
        stream,
        ..patient()
    };
    let streams = Streams::start(limits);
    let mut peer = streams.get("/idle");
    assert_eq!(streams.told(), Told::Waits);
    streams.assert_goes_on();
    // What was sent is there already.
    let first = read_until(&mut peer, b"null}\n\r\n");
    assert_eq!(unchunked(&first).1, ROW);
    streams.go_on.notify_one();
    let rest = read_until(&mut peer, LAST_CHUNK);
    assert_eq!(
        rest.len(),
        first.len() - first.windows(4).position(|it| it == b"\r\n\r\n").unwrap() - 4 + 5
    );
    assert_eq!(streams.told(), Told::Finished);
    streams.server.stop();
}

#[test]
fn a_producer_ends_when_its_peer_hangs_up() {
    let streams = Streams::start(patient());
    let idle = streams.get("/idle");
    assert_eq!(streams.told(), Told::Waits);
    drop(idle);
    streams.sent_until_gone();
    let mut busy = streams.get("/endless");
    busy.read_exact(&mut vec![0; 1024 * 1024]).unwrap();
    drop(busy);
    streams.sent_until_gone();
    streams.server.stop();
}

#[test]
fn a_stream_that_breaks_off_has_no_last_chunk() {
    let streams = Streams::start(patient());
    let mut stream = streams.get("/cut");
    let (answer, end) = read_all(&mut stream);
    assert_eq!(end, Ok(()));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
    streams.server.stop();
}

#[test]
fn an_old_client_sees_a_stream_to_its_end_or_is_reset() {
    let streams = Streams::start(patient());
    for version in ["1.0", "1.0\r\nConnection: keep-alive"] {
        let mut stream = streams.server.connect();
        stream.write_all(request("GET", "/rows", version).as_bytes()).unwrap();
        let (answer, end) = read_all(&mut stream);
        assert_eq!(end, Ok(()));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(!head.to_ascii_lowercase().contains("chunked"), "{head}");
        assert_eq!(body.as_bytes(), ROW.repeat(ROWS));

        let mut stream = streams.server.connect();
        stream.write_all(request("GET", "/cut", version).as_bytes()).unwrap();
        assert_eq!(read_all(&mut stream).1, Err(ErrorKind::ConnectionReset));
    }
    streams.server.stop();
}

#[test]
fn head_has_no_stream_and_its_producer_ends() {
    let streams = Streams::start(patient());
    let mut stream = streams.server.connect();
    stream.write_all(request("HEAD", "/endless", "1.1").as_bytes()).unwrap();
    let head = String::from_utf8(read_until(&mut stream, b"\r\n\r\n")).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("content-length"), "{head}");
    streams.sent_until_gone();
    ask(&mut stream, REQUEST);
    streams.server.stop();
}

#[test]
fn a_server_that_stops_ends_streams_at_once_and_as_cut_ones() {
    let streams = Streams::start(patient());
    let mut idle = streams.get("/idle");
    let mut old = streams.server.connect();
    assert_eq!(streams.told(), Told::Waits);
    old.write_all(request("GET", "/idle", "1.0").as_bytes()).unwrap();
    assert_eq!(streams.told(), Told::Waits);
    let unread = streams.get("/endless");
    let took = streams.server.stop();
    assert!(took < LATE, "{took:?}");
    let (answer, end) = read_all(&mut idle);
    assert_eq!(end, Ok(()));
    assert!(answer.contains("\"number\":17") && !answer.ends_with("0\r\n\r\n"), "{answer}");
    assert_eq!(read_all(&mut old).1, Err(ErrorKind::ConnectionReset));
    drop(unread);
}

#[test]
fn a_stream_that_begins_after_the_stop_ends_too() {
    let streams = Streams::start(patient());
    let mut stream = streams.get("/late");
    assert_eq!(streams.told(), Told::Waits);
    let Streams { mut server, go_on, .. } = streams;
    drop(server.stop.take());
    go_on.notify_one();
    let took = server.stop();
    assert!(took < LATE, "{took:?}");
    until_closed(&mut stream);
}
