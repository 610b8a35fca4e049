//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::head::HEAD_BYTES;
use super::pace::{ConnectionStage, Overdue, Paced, Progress, overdue};
use super::{Request, Response, ServerLimits};

/// How long, and for how many bytes, a peer is listened to that still sends after its last answer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;

/// As hyper answers what is no HTTP.
const BARE_400: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Answers what comes, one request after the other, until either side has enough.
pub(super) async fn run<A, F>(
    stream: TcpStream,
    limits: &ServerLimits,
    answer: A,
    mut stopped: watch::Receiver<bool>,
) where
    A: Fn(Request) -> F,
    F: Future<Output = Response> + Send,
{
    let progress = Progress::default();
    let paced = Paced::new(stream, &progress);
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
        // The server is to stop: what is being answered is answered still.
        Pin::new(&mut connection).graceful_shutdown();
    };
    let stream = connection.into_parts().io.into_inner().into_inner();
    match in_time {
        Ok(ended) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "connection ended early");
                // To this alone hyper says nothing: it leaves it to whoever speaks that too.
                if error.is_parse_version_h2() {
                    drop(stream.try_write(BARE_400));
                }
            }
            linger(&stream).await;
        }
        Err(what) => {
            tracing::debug!(?what, "a peer is not waited for any longer");
            if what == Overdue::Taking {
                // Or the system would go on holding out the answer for minutes.
                drop(stream.set_zero_linger());
            }
        }
    }
}

/// hyper's own bounds lie beyond ours, so that what is a little too large is refused in our words. Its timers are off:
/// see [`super::pace`].
fn http() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).max_buf_size(2 * HEAD_BYTES);
    builder
}

/// `answer`, noting when there is something to be answered.
fn service<A, F>(
    answer: A,
    progress: &Progress,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send>
where
    A: Fn(Request) -> F,
    F: Future<Output = Response> + Send,
{
    service_fn(move |request| {
        progress.enter(ConnectionStage::Answering);
        let answered = answer(request);
        async move {
            let response = answered.await;
            progress.enter(ConnectionStage::Answered);
            Ok(response)
        }
    })
}

/// Reads on until the peer has closed too. Closing with bytes unread resets the connection, and the reset may overtake
/// the answer (RFC 9112, 9.6): whoever is told 413 while still sending would see an error instead.
async fn linger(stream: &TcpStream) {
    let reading = async {
        let mut left = LINGER_BYTES;
        while stream.readable().await.is_ok() && read_off(stream, &mut left) {}
    };
    drop(tokio::time::timeout(LINGER, reading).await);
}

/// Takes what has come; says whether more may come.
fn read_off(stream: &TcpStream, left: &mut usize) -> bool {
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
