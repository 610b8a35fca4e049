//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::sync::watch;

use super::head::HEAD_BYTES;
use super::pace::{ConnectionStage, Overdue, Paced, Progress, overdue};
use super::socket::SocketStream;
use super::{Request, RequestBody, Response, ServerLimits};

/// After the last answer the server still reads from the peer: for this long, and this many bytes at most.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;

/// The answer that hyper gives to bytes that are no HTTP.
const BARE_400: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Answers the requests of one connection, one after the other, until either side ends it.
pub(super) async fn run<A, F>(
    stream: SocketStream,
    limits: &ServerLimits,
    answer: A,
    mut stopped: watch::Receiver<bool>,
) where
    A: Fn(Request) -> F,
    F: Future<Output = Response> + Send,
{
    let progress = Arc::<Progress>::default();
    let paced = Paced::new(stream, Arc::clone(&progress));
    let service = service(answer, &progress);
    let mut connection = http().serve_connection(TokioIo::new(paced), service);
    let stopping = stopped.clone();
    let mut overdue = pin!(overdue(&progress, limits, &stopping));
    let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
    let mut goes_on = true;
    let in_time = loop {
        tokio::select! {
            biased;
            ended = &mut connection => break Ok(ended),
            what = &mut overdue => break Err(what),
            _ = &mut stop, if goes_on => goes_on = false,
        }
        // A stream has no end to wait for.
        if progress.stage() == ConnectionStage::Streaming {
            break Err(Overdue::End);
        }
        // A request in flight is still answered.
        Pin::new(&mut connection).graceful_shutdown();
    };
    let stream = connection.into_parts().io.into_inner().into_inner();
    match in_time {
        Ok(ended) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "connection ended early");
                if progress.resets_if_cut() {
                    stream.set_zero_linger();
                    return;
                }
                // hyper does not answer the preface of HTTP/2.
                if error.is_parse_version_h2() {
                    drop(stream.try_write(BARE_400));
                }
            }
            linger(&stream).await;
        }
        Err(what) => {
            tracing::debug!(?what, "a peer is not waited for any longer");
            if what == Overdue::Taking || progress.resets_if_cut() {
                // Otherwise the system would keep the answer in its buffer for minutes.
                stream.set_zero_linger();
            }
        }
    }
}

/// hyper with bounds beyond this module's own, so that a head that is a little too large gets an answer in the envelope.
/// hyper's timers are off: see [`super::pace`].
fn http() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_buf_size(2 * HEAD_BYTES);
    builder
}

/// Wraps `answer` and notes the stages around it.
fn service<A, F>(
    answer: A,
    progress: &Arc<Progress>,
) -> impl Service<hyper::Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
where
    A: Fn(Request) -> F,
    F: Future<Output = Response> + Send,
{
    service_fn(move |request: hyper::Request<Incoming>| {
        progress.enter(ConnectionStage::Answering);
        let (version, is_head) = (request.version(), request.method() == Method::HEAD);
        let answered = answer(request.map(RequestBody::new));
        async move {
            let mut response = answered.await;
            match response.body_mut().stream_mut() {
                // The answer to HEAD ends with its head.
                Some(stream) if !is_head => {
                    stream.report_to(progress);
                    progress.stream_begins(version);
                }
                Some(_) | None => progress.enter(ConnectionStage::Answered),
            }
            Ok(response)
        }
    })
}

/// Reads on until the peer closes. Closing with bytes unread resets the connection, and the reset may overtake the answer
/// (RFC 9112, 9.6): a client that is still sending would see an error instead of its 413.
async fn linger(stream: &SocketStream) {
    let reading = async {
        let mut left = LINGER_BYTES;
        while stream.readable().await.is_ok() && read_off(stream, &mut left) {}
    };
    drop(tokio::time::timeout(LINGER, reading).await);
}

/// Reads the bytes that have come. Returns whether more may come.
fn read_off(stream: &SocketStream, left: &mut usize) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stream.try_read(&mut buffer) {
            Ok(0) => return false,
            Ok(read) if read >= *left => return false,
            Ok(read) => *left -= read,
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}
