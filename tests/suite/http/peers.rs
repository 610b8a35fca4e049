//! Whoever answers is told whose socket a request came over.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use super::{PATIENCE, Server, patient};

/// What the server takes for the peer of a connection to its port from loopback of IPv4.
fn peer(server: &Server) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.address.port())).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(b"GET /peer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.rsplit("\r\n").next().unwrap().to_owned()
}

#[test]
fn a_peer_of_ipv4_is_one_on_a_socket_of_ipv6_too() {
    assert_eq!(peer(&Server::start(patient())), "127.0.0.1");
    match std::net::TcpListener::bind("[::]:0") {
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            println!("no IPv6 here: half of this test is left out");
        }
        bound => {
            drop(bound.unwrap());
            assert_eq!(peer(&Server::start_on("[::]:0", patient())), "127.0.0.1");
        }
    }
}
