//! Request bodies that are streams: by chunks and by lines, and where they end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use esoz_otp::domain::Peer;
use esoz_otp::http::{LeastRate, Request, RequestStream, Response, StreamBounds};

use super::{LONG, REQUEST, Server, ask, patient, until_closed, whole};

const SHORT: Duration = Duration::from_millis(300);

const BOUNDS: StreamBounds = StreamBounds {
    most_bytes: 100_000,
    longest_line: 1000,
    rate: LeastRate { bytes_per_second: 1, patience: LONG },
    deadline: LONG,
};

/// Answers with the number of bytes, or of lines and their bytes, or with the fault, and `ok`.
async fn answer((): (), _: Peer, mut request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let bounds = match path.as_str() {
        "/slow" => {
            let rate = LeastRate { bytes_per_second: 1024, patience: SHORT };
            StreamBounds { rate, ..BOUNDS }
        }
        "/late" => StreamBounds { deadline: SHORT, ..BOUNDS },
        _ => BOUNDS,
    };
    let stream = match RequestStream::of(&mut request, bounds) {
        Ok(stream) => stream,
        Err(fault) => return whole(format!("{fault:?} unread ok")),
    };
    let counted = if path == "/lines" { lines(stream).await } else { bytes(stream).await };
    whole(counted.unwrap_or_else(|fault| format!("{fault} ok")))
}

async fn bytes(mut stream: RequestStream) -> Result<String, String> {
    let mut bytes = 0;
    loop {
        match stream.chunk().await {
            Ok(Some(chunk)) => bytes += chunk.len(),
            Ok(None) => break,
            Err(fault) => {
                assert_eq!(stream.chunk().await, Err(fault), "a fault stays");
                assert!(!stream.is_whole());
                return Err(format!("{fault:?}"));
            }
        }
    }
    assert!(stream.is_whole());
    Ok(format!("{bytes} bytes ok"))
}

async fn lines(stream: RequestStream) -> Result<String, String> {
    let mut lines = stream.lines();
    let mut seen = Vec::new();
    while let Some(line) = lines.line().await.map_err(|fault| format!("{fault:?}"))? {
        seen.push(format!("{}:{}", line.number, line.bytes.len()));
    }
    assert!(lines.is_whole());
    Ok(format!("{} ok", seen.join(" ")))
}

fn start() -> Server {
    Server::answering("127.0.0.1:0", patient(), answer)
}

fn head(path: &str, fields: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

/// The body of the next answer.
fn answered(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b" ok") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    String::from_utf8(seen).unwrap().rsplit("\r\n").next().unwrap().to_owned()
}

fn chunked(pieces: &[&str]) -> String {
    let chunks = pieces.iter().map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len()));
    chunks.collect::<String>() + "0\r\n"
}

#[test]
fn a_body_is_read_by_chunks_or_lines_however_it_is_cut_and_another_request_follows() {
    let server = start();
    let mut stream = server.connect();
    for (path, pieces, expected) in [
        ("/bytes", &["abc", "d\n"][..], "5 bytes ok"),
        ("/bytes", &[], "0 bytes ok"),
        ("/lines", &[], " ok"),
        ("/lines", &["a\nbc\n"], "1:1 2:2 ok"),
        ("/lines", &["a", "\n", "b", "c", "\n"], "1:1 2:2 ok"),
        ("/lines", &["a\r", "\nbc\r\n"], "1:1 2:2 ok"),
        ("/lines", &["a\n\n\nb"], "1:1 2:0 3:0 4:1 ok"),
        ("/lines", &["\n"], "1:0 ok"),
    ] {
        let body = pieces.concat();
        let whole = head(path, &format!("Content-Length: {}\r\n", body.len())) + &body;
        stream.write_all(whole.as_bytes()).unwrap();
        assert_eq!(answered(&mut stream), expected, "{path} {pieces:?}");
        // Trailers are ignored.
        for trailers in ["", "X-Checksum: 0\r\nX-Another: 1\r\n"] {
            let whole = head(path, "Transfer-Encoding: chunked\r\n") + &chunked(pieces) + trailers;
            stream.write_all((whole + "\r\n").as_bytes()).unwrap();
            assert_eq!(answered(&mut stream), expected, "{path} {pieces:?}");
        }
    }
    let none = head("/bytes", "");
    stream.write_all(none.as_bytes()).unwrap();
    assert_eq!(answered(&mut stream), "0 bytes ok");
    ask(&mut stream, REQUEST);
    server.stop();
}

#[test]
fn a_line_may_be_as_long_as_the_bound_and_no_longer() {
    let server = start();
    let longest = "x".repeat(1000);
    for end in ["\n", "\r\n", ""] {
        for (line, expected) in [
            (format!("{longest}{end}"), "1:1000 ok"),
            (format!("{longest}x{end}"), "LineTooLong(1) ok"),
            (format!("a\n{longest}{longest}{end}"), "LineTooLong(2) ok"),
        ] {
            for pieces in [vec![line.as_str()], vec![&line[..1], &line[1..999], &line[999..]]] {
                let mut stream = server.connect();
                let body = chunked(&pieces) + "\r\n";
                let whole = head("/lines", "Transfer-Encoding: chunked\r\n") + &body;
                stream.write_all(whole.as_bytes()).unwrap();
                assert_eq!(answered(&mut stream), expected, "{end:?}");
            }
        }
    }
    server.stop();
}

#[test]
fn a_client_that_asks_first_is_told_to_go_on_unless_its_body_is_too_large() {
    let server = start();
    let mut stream = server.connect();
    let fields = "Content-Length: 2\r\nExpect: 100-continue\r\n";
    stream.write_all(head("/bytes", fields).as_bytes()).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"ab").unwrap();
    assert_eq!(answered(&mut stream), "2 bytes ok");

    let fields = "Content-Length: 100001\r\nExpect: 100-continue\r\n";
    stream.write_all(head("/bytes", fields).as_bytes()).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    assert_eq!(answered(&mut stream), "TooLarge unread ok");
    until_closed(&mut stream);
    server.stop();
}

#[test]
fn a_fault_ends_the_connection_behind_its_answer() {
    let server = start();
    let chunked = "Transfer-Encoding: chunked\r\n";
    let large = "10000\r\n".to_owned() + &"x".repeat(0x10000) + "\r\n";
    for (path, fields, body, expected) in [
        ("/bytes", chunked, large.repeat(2), "TooLarge ok"),
        ("/bytes", chunked, "zz\r\n".into(), "Broken ok"),
        ("/slow", chunked, "3\r\nabc\r\n".into(), "TooSlow ok"),
        ("/slow", "Content-Length: 10\r\n", "abc".into(), "TooSlow ok"),
        ("/late", chunked, "3\r\nabc\r\n".into(), "TooSlow ok"),
    ] {
        let mut stream = server.connect();
        stream.write_all((head(path, fields) + &body).as_bytes()).unwrap();
        assert_eq!(answered(&mut stream), expected, "{path} {fields}");
        until_closed(&mut stream);
    }
    server.stop();
}
