//! What `demo` and `serve` have in common: addresses, signals, and the way from parts to an end.

use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::node::{Node, Parts};
use super::{Failure, log};
use crate::config::{LogConfig, ServerConfig};
use crate::http;

/// The seed's cURL example calls `localhost:4000`.
const PORT: u16 = 4000;

/// Runs a node until Ctrl-C or SIGTERM. `prepare` makes its parts, and something to say; `ready` says it, and where the
/// node listens, before the first request is taken. It is the last time that a secret is printed.
pub(super) fn run<T>(
    addresses: &[SocketAddr],
    log: LogConfig,
    prepare: impl FnOnce() -> Result<(Parts, T), Failure>,
    ready: impl FnOnce(&[SocketAddr], T) -> String,
) -> Result<(), Failure> {
    if let Some(address) = addresses.iter().find(|address| !address.ip().is_loopback()) {
        return Err(Failure::usage(format_args!(
            "--listen {address} is not a loopback address. Use 127.0.0.1 or [::1]: this surface takes calls without a token."
        )));
    }
    let log = log::start(log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::software)?;
    let done = runtime.block_on(async {
        let stop = stop_signal()?;
        let listeners = listen(addresses).await?;
        let addresses: Result<Vec<_>, _> = listeners.iter().map(TcpListener::local_addr).collect();
        // Making the parts waits for the disk, and nothing else runs yet.
        let (parts, word) = tokio::task::block_in_place(prepare)?;
        let node = Node::build(parts).map_err(Failure::software)?;
        say(&ready(&addresses.map_err(Failure::unavailable)?, word));
        node.run(listeners, stop).await.map_err(Failure::io)
    });
    drop(runtime);
    drop(log);
    done
}

/// A console that is closed is no reason not to serve.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::software)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::software)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

async fn listen(wanted: &[SocketAddr]) -> Result<Vec<TcpListener>, Failure> {
    let refused = |(address, error): (SocketAddr, std::io::Error)| {
        Failure::unavailable(format_args!(
            "cannot listen on {address}: {error}. Stop what holds it, or choose another address with --listen 127.0.0.1:4001."
        ))
    };
    if !wanted.is_empty() && wanted != ServerConfig::default().listen {
        return http::bind(wanted).await.map_err(refused);
    }
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, PORT));
    let mut listeners = http::bind(&[v4]).await.map_err(refused)?;
    match http::bind(&[v6]).await {
        Ok(more) => listeners.extend(more),
        Err((_, error)) if error.kind() == std::io::ErrorKind::AddrInUse => {
            return Err(refused((v6, error)));
        }
        Err((_, error)) => tracing::warn!(%error, "no IPv6 here: listening on 127.0.0.1 only"),
    }
    Ok(listeners)
}
