//! What the log says of a load that is cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::binary::node::serve_a_world;
use crate::support::patience::wait_until;

/// As many streams as a node has at once.
const STREAMS: usize = 8;

/// A load whose first chunk is applied and whose end does not come; `None` while the node has no room for it.
fn begun(address: SocketAddr) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).unwrap();
    let user =
        |number| format!("{{\"user\": {{\"id\": \"d1000000-0000-4000-8000-{number:012}\"}}}}\n");
    let lines: String = (1..=65).map(user).collect();
    let head = "POST /admin/apply HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer demo-admin-token\r\n\
                content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n";
    write!(stream, "{head}{:x}\r\n{lines}\r\n", lines.len()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    (&status == b"HTTP/1.1 200").then_some(stream)
}

#[test]
fn the_log_tells_a_client_that_was_killed_from_a_node_that_stops() {
    let directory = tempfile::tempdir().unwrap();
    let mut node = serve_a_world(directory.path());
    let address = node.address();
    let killed: Vec<_> = (0..STREAMS).map(|_| begun(address).unwrap()).collect();
    for (stream, how) in killed.iter().zip([Shutdown::Both, Shutdown::Write].into_iter().cycle()) {
        stream.shutdown(how).unwrap();
    }
    // Room for as many shows that each of them has ended.
    let mut others = Vec::new();
    wait_until("all have ended", || {
        others.extend(begun(address));
        others.len() == STREAMS
    });
    let log = node.stop().stderr;
    let said: Vec<_> = log.lines().filter(|line| line.contains("a load ")).collect();
    let count = |why: &str| {
        let message = format!("\"message\":\"a load ended early: {why}\"");
        said.iter().filter(|line| line.contains(&message) && line.contains("\"lines\":64")).count()
    };
    let counts = (count("its caller has gone"), count("the node stops"), said.len());
    assert_eq!(counts, (STREAMS, STREAMS, 2 * STREAMS), "{said:#?}");
}
