use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::figures::Figures;

/// What is called: the call of every number, as long as there are any.
pub(super) type Calls = Arc<dyn Fn(usize) -> Option<String> + Send + Sync>;

/// Calls one after the other over each connection until there are no more calls, or the time is over. Says how long
/// that took.
pub(super) fn run(
    address: SocketAddr,
    connections: usize,
    most: Duration,
    calls: &Calls,
) -> (Figures, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::to(address).await);
        }
        let next = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        let callers: Vec<_> = open
            .into_iter()
            .map(|connection| {
                tokio::spawn(call(connection, Arc::clone(&next), Arc::clone(calls), start + most))
            })
            .collect();
        let mut figures = Figures::default();
        for caller in callers {
            figures.join(caller.await.unwrap());
        }
        (figures, start.elapsed())
    })
}

async fn call(
    mut connection: Connection,
    next: Arc<AtomicUsize>,
    calls: Calls,
    end: Instant,
) -> Figures {
    let mut figures = Figures::default();
    while Instant::now() < end {
        let Some(request) = calls(next.fetch_add(1, Ordering::Relaxed)) else { break };
        let start = Instant::now();
        let status = connection.ask(&request).await;
        figures.add(start.elapsed(), status);
    }
    figures
}
