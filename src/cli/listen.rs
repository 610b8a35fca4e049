//! The addresses that a node listens on.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::TcpListener;

use super::CliError;
use super::admin_socket::AdminSocket;
use crate::api::ListenerKind;
use crate::config::{Config, ServerConfig};
use crate::domain::Network;
use crate::http::{self, Listener, Socket};

/// The addresses that a node listens on.
pub(super) struct ListenAddresses {
    internal: Vec<SocketAddr>,
    public: Vec<SocketAddr>,
    behind_proxy: bool,
    proxies: Vec<Network>,
    /// The Unix socket for administration.
    socket: Option<PathBuf>,
    /// Whether `server.listen` has its default. On a machine without IPv6 its second address may be missing.
    are_default: bool,
}

/// The sockets, with their addresses. A configured port 0 has its real number here.
pub(super) struct Listening {
    pub(super) listeners: Vec<Listener<ListenerKind>>,
    pub(super) internal: Vec<SocketAddr>,
    pub(super) public: Vec<SocketAddr>,
    /// The Unix socket, which is removed when this is dropped.
    pub(super) socket: Option<AdminSocket>,
}

impl ListenAddresses {
    /// The configured addresses. The configuration has checked that they are allowed.
    pub(super) fn of(config: &Config) -> Self {
        let Config { server, public, admin, .. } = config;
        Self {
            internal: server.listen.clone(),
            public: public.listen.clone(),
            behind_proxy: public.behind_proxy,
            proxies: public.trusted_proxies.clone(),
            socket: admin.socket.clone(),
            are_default: server.listen == ServerConfig::default().listen,
        }
    }

    /// Listens on all of them.
    pub(super) async fn listen(&self) -> Result<Listening, CliError> {
        let internal = self.bind_internal().await?;
        let public = http::bind(&self.public).await.map_err(|(address, error)| {
            cannot_listen("public.listen: ", address, &error, "another address in public.listen")
        })?;
        let at = |sockets: &[TcpListener]| -> Result<Vec<_>, CliError> {
            let addresses: Result<_, _> = sockets.iter().map(TcpListener::local_addr).collect();
            addresses.map_err(CliError::unavailable)
        };
        let (internal_at, public_at) = (at(&internal)?, at(&public)?);
        let behind_proxy = self.behind_proxy;
        let owner = rustix::process::geteuid().as_raw();
        let local = |socket, tag| Listener { socket, tag, proxies: Vec::new() };
        let inside = |socket: TcpListener| local(socket.into(), ListenerKind::Internal);
        let outside = |socket: TcpListener| Listener {
            socket: socket.into(),
            tag: ListenerKind::Public { behind_proxy },
            proxies: self.proxies.clone(),
        };
        let mut listeners: Vec<_> =
            internal.into_iter().map(inside).chain(public.into_iter().map(outside)).collect();
        let mut file = None;
        if let Some(path) = &self.socket {
            let (socket, made) = AdminSocket::listen(path)?;
            listeners.push(local(Socket::Unix(socket), ListenerKind::Socket { owner }));
            file = Some(made);
        }
        Ok(Listening { listeners, internal: internal_at, public: public_at, socket: file })
    }

    async fn bind_internal(&self) -> Result<Vec<TcpListener>, CliError> {
        let mut listeners = Vec::new();
        for address in &self.internal {
            match http::bind(&[*address]).await {
                Ok(more) => listeners.extend(more),
                Err((address, error)) if self.can_do_without(address, &error) => {
                    tracing::warn!(%error, "no IPv6 here: listening on 127.0.0.1 only");
                }
                Err((address, error)) => {
                    let remedy = "another address with --listen 127.0.0.1:4001";
                    return Err(cannot_listen("", address, &error, remedy));
                }
            }
        }
        Ok(listeners)
    }

    /// Whether the node can start without this address: the default `[::1]` on a machine without IPv6.
    fn can_do_without(&self, address: SocketAddr, error: &Error) -> bool {
        self.are_default && address.is_ipv6() && error.kind() != ErrorKind::AddrInUse
    }
}

fn cannot_listen(key: &str, address: SocketAddr, error: &Error, remedy: &str) -> CliError {
    CliError::unavailable(format_args!(
        "{key}cannot listen on {address}: {error}. Stop the process that holds it, or choose {remedy}."
    ))
}
