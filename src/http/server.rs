//! Listeners, and who gets in.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::places::{Places, peer_of};
use super::{Limits, Request, Response, connection};
use crate::domain::Network;

/// A socket that is listened on.
#[derive(Debug)]
pub struct Listener<T> {
    /// The socket.
    pub socket: TcpListener,
    /// What is handed on with each of its requests.
    pub tag: T,
    /// Proxies in front of it: each of their addresses stands for many peers.
    pub proxies: Vec<Network>,
}

/// How long accepting rests after the system refused a connection, for want of descriptors most often.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
/// and returns. `answer` is told the listener's tag and whose socket a request came over.
pub async fn serve<T, A, F>(
    listeners: Vec<Listener<T>>,
    limits: Limits,
    answer: A,
    stop: impl Future<Output = ()>,
) where
    T: Copy + Send + Sync + 'static,
    A: Fn(T, IpAddr, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let (stopping, stopped) = watch::channel(false);
    // Each listener has places of its own: a crowd before one door keeps nobody out of another.
    let places: Vec<_> = listeners.iter().map(|_| Places::new(&limits)).collect();
    let accepting: Vec<_> = listeners
        .into_iter()
        .zip(&places)
        .map(|(listener, places)| {
            let (places, answer, stopped) = (places.clone(), answer.clone(), stopped.clone());
            tokio::spawn(accept(listener, limits, places, answer, stopped))
        })
        .collect();
    stop.await;
    stopping.send_replace(true);
    for task in accepting {
        drop(task.await);
    }
    let all_free = async {
        for places in &places {
            places.all_free().await;
        }
    };
    if tokio::time::timeout(limits.drain, all_free).await.is_err() {
        tracing::warn!("requests still in flight are cut off");
    }
}

async fn accept<T, A, F>(
    listener: Listener<T>,
    limits: Limits,
    places: Places,
    answer: A,
    mut stopped: watch::Receiver<bool>,
) where
    T: Copy + Send + Sync + 'static,
    A: Fn(T, IpAddr, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let Listener { socket, tag, proxies } = listener;
    loop {
        let next = async { (places.free().await, socket.accept().await) };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let address = address.ip().to_canonical();
        let peer = peer_of(address, &proxies);
        let Some(place) = places.give(permit, peer) else {
            tracing::debug!("a peer has too many connections: one more is closed");
            continue;
        };
        // Answers are small and whole: waiting to fill a packet would only delay them.
        drop(stream.set_nodelay(true));
        let (answer, stopped) = (answer.clone(), stopped.clone());
        tokio::spawn(async move {
            let _place = place;
            let answer = |request| answer(tag, address, request);
            connection::run(stream, &limits, answer, stopped).await;
        });
    }
}
