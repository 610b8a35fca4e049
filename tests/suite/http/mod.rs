//! Connections by themselves: how long one may wait for its peer, and how many there may be.

mod peers;
mod places;
mod streams;
mod timers;
mod uploads;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use esoz_otp::domain::Peer;
use esoz_otp::http::{self, LeastRate, Listener, Request, Response, ResponseBody, ServerLimits};
use hyper::body::Bytes;
use tokio::sync::oneshot;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Longer than any wait here by far; a test that would hang fails instead.
const PATIENCE: Duration = Duration::from_secs(20);

/// Never waited for.
const LONG: Duration = Duration::from_mins(10);

/// What no test waits for: each test shortens its own.
fn patient() -> ServerLimits {
    ServerLimits {
        first_byte: LONG,
        head: LONG,
        idle: LONG,
        write: LONG,
        stream: LeastRate { bytes_per_second: 1, patience: LONG },
        ..ServerLimits::default()
    }
}

/// A server that answers `/` with `ok`, `/peer` with whose socket it is, `/large` with a body that no socket's buffer holds,
/// and `/never` never.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

const LARGE: usize = 32 * 1024 * 1024;

async fn answer((): (), peer: Peer, request: Request) -> Response {
    match request.uri().path() {
        "/large" => whole(vec![b'a'; LARGE]),
        "/peer" => whole(peer.to_string()),
        "/never" => std::future::pending().await,
        _ => whole("ok"),
    }
}

fn whole(body: impl Into<Bytes>) -> Response {
    Response::new(ResponseBody::whole(body))
}

impl Server {
    fn start(limits: ServerLimits) -> Self {
        Self::start_on("127.0.0.1:0", limits)
    }

    fn start_on(address: &'static str, limits: ServerLimits) -> Self {
        Self::answering(address, limits, answer)
    }

    fn answering<A, F>(address: &'static str, limits: ServerLimits, answer: A) -> Self
    where
        A: Fn((), Peer, Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let running = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async move {
                let mut sockets = http::bind(&[address.parse().unwrap()]).await.unwrap();
                let socket = sockets.remove(0);
                tell.send(socket.local_addr().unwrap()).unwrap();
                let listeners =
                    vec![Listener { socket: socket.into(), tag: (), proxies: Vec::new() }];
                http::serve(listeners, limits, answer, async { drop(stopped.await) }).await;
            });
        });
        let address = told.recv().unwrap();
        Self { address, stop: Some(stop), running: Some(running) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Tells it to stop; gives how long it took to end.
    fn stop(mut self) -> Duration {
        let begun = now();
        drop(self.stop.take());
        self.running.take().unwrap().join().unwrap();
        begun.elapsed()
    }
}

/// Sends a request and reads the answer to it, which is small.
fn ask(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"ok") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
}

/// Reads to the end, and gives how long that took and how many bytes there were.
fn until_closed(stream: &mut TcpStream) -> (Duration, usize) {
    let begun = now();
    let mut buffer = vec![0; 64 * 1024];
    let mut read = 0;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("not closed: {error}"),
        }
    }
    (begun.elapsed(), read)
}

#[expect(clippy::disallowed_methods, reason = "it is the time on the wire that is tested")]
fn now() -> Instant {
    Instant::now()
}
