//! Listeners: they accept connections within the limits, until the server stops.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connection_limit::{ConnectionLimiter, peer_of};
use super::{Request, Response, ServerLimits, Socket, connection};
use crate::domain::{Network, Peer};

/// A listening socket and how its requests are treated.
#[derive(Debug)]
pub struct Listener<T> {
    /// The socket.
    pub socket: Socket,
    /// A value that `answer` gets with each request of this listener.
    pub tag: T,
    /// Proxies in front of it. They have no per-peer limit, since each speaks for many peers.
    pub proxies: Vec<Network>,
}

/// How long the listener waits after a failed `accept`, most often for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Binds every address. An error names the address that could not be bound.
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

/// Serves all listeners until `stop` ends. Then it accepts no more connections, waits `limits.drain` at most for requests
/// in flight, and returns. `answer` gets the listener's tag, the connection's peer and the request.
pub async fn serve<T, A, F>(
    listeners: Vec<Listener<T>>,
    limits: ServerLimits,
    answer: A,
    stop: impl Future<Output = ()>,
) where
    T: Copy + Send + Sync + 'static,
    A: Fn(T, Peer, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let (stopping, stopped) = watch::channel(false);
    // Each listener has a limit of its own: many connections to one leave room on the others.
    let limiters: Vec<_> = listeners.iter().map(|_| ConnectionLimiter::new(&limits)).collect();
    let accepting: Vec<_> = listeners
        .into_iter()
        .zip(&limiters)
        .map(|(listener, limiter)| {
            let (limiter, answer, stopped) = (limiter.clone(), answer.clone(), stopped.clone());
            tokio::spawn(accept(listener, limits, limiter, answer, stopped))
        })
        .collect();
    stop.await;
    stopping.send_replace(true);
    for task in accepting {
        drop(task.await);
    }
    // Requests in flight are answered before the server ends.
    let all_idle = async {
        for limiter in &limiters {
            limiter.wait_until_idle().await;
        }
    };
    if tokio::time::timeout(limits.drain, all_idle).await.is_err() {
        tracing::warn!("requests still in flight are cut off");
    }
}

async fn accept<T, A, F>(
    listener: Listener<T>,
    limits: ServerLimits,
    limiter: ConnectionLimiter,
    answer: A,
    mut stopped: watch::Receiver<bool>,
) where
    T: Copy + Send + Sync + 'static,
    A: Fn(T, Peer, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let Listener { socket, tag, proxies } = listener;
    loop {
        let next = async { (limiter.reserve().await, socket.accept().await) };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let counted = peer.address().and_then(|address| peer_of(address, &proxies));
        let Some(permit) = limiter.admit(permit, counted) else {
            tracing::debug!("a peer has too many connections: one more is closed");
            continue;
        };
        let (answer, stopped) = (answer.clone(), stopped.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let answer = |request| answer(tag, peer, request);
            connection::run(stream, &limits, answer, stopped).await;
        });
    }
}
