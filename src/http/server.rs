//! Listeners, connections, and their end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::{Request, Response};

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections at once.
    pub connections: usize,
    /// For a head to come whole, and for a kept connection to be idle.
    pub head: Duration,
    /// Bytes of a head.
    pub head_bytes: usize,
    /// Header fields of a head.
    pub headers: usize,
    /// For requests in flight to be answered once the server is to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            headers: 64,
            drain: Duration::from_secs(10),
        }
    }
}

/// How long accepting rests after the system refused a connection, for want of descriptors most often.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long the last bytes of an answer, or of a head, may take once the server is to stop.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// Binds every address, or says which could not be.
pub async fn bind(
    addresses: &[SocketAddr],
) -> Result<Vec<TcpListener>, (SocketAddr, std::io::Error)> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await.map_err(|error| (*address, error))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Answers on every listener until `stop` ends; then takes no more connections, lets requests in flight be answered,
/// and returns.
pub async fn serve<A, F>(
    listeners: Vec<TcpListener>,
    limits: Limits,
    answer: A,
    stop: impl Future<Output = ()>,
) where
    A: Fn(Request, SocketAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let (stopping, stopped) = watch::channel(false);
    let places = Arc::new(Semaphore::new(limits.connections));
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| {
            let (places, answer, stopped) = (Arc::clone(&places), answer.clone(), stopped.clone());
            tokio::spawn(accept(listener, limits, places, answer, stopped))
        })
        .collect();
    stop.await;
    stopping.send_replace(true);
    for task in accepting {
        drop(task.await);
    }
}

async fn accept<A, F>(
    listener: TcpListener,
    limits: Limits,
    places: Arc<Semaphore>,
    answer: A,
    mut stopped: watch::Receiver<bool>,
) where
    A: Fn(Request, SocketAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let connections = GracefulShutdown::new();
    let http = builder(limits);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Answers are small and whole: waiting to fill a packet would only delay them.
        drop(stream.set_nodelay(true));
        let answering = Arc::new(AtomicBool::new(false));
        let service = service(answer.clone(), peer, Arc::clone(&answering));
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        let stopped = stopped.clone();
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended early");
                },
                () = nothing_to_answer(stopped, &answering) => {
                    tracing::debug!("connection closed in the middle of a head");
                }
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, connections.shutdown()).await.is_err() {
        tracing::warn!("requests still in flight are cut off");
    }
}

/// `answer` for one connection, which notes when there is something to be answered.
fn service<A, F>(
    answer: A,
    peer: SocketAddr,
    answering: Arc<AtomicBool>,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send>
where
    A: Fn(Request, SocketAddr) -> F,
    F: Future<Output = Response> + Send,
{
    service_fn(move |request| {
        answering.store(true, Ordering::Relaxed);
        let (answered, answering) = (answer(request, peer), Arc::clone(&answering));
        async move {
            let response = answered.await;
            answering.store(false, Ordering::Relaxed);
            Ok(response)
        }
    })
}

/// Ends when the server is to stop and the connection's request, if it has one, has been answered for a while. hyper by
/// itself closes a connection between two requests, but waits for one that is in the middle of a head.
async fn nothing_to_answer(mut stopped: watch::Receiver<bool>, answering: &AtomicBool) {
    drop(stopped.wait_for(|stopped| *stopped).await);
    loop {
        tokio::time::sleep(LAST_BYTES).await;
        if !answering.load(Ordering::Relaxed) {
            return;
        }
    }
}

fn builder(limits: Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers);
    builder
}
