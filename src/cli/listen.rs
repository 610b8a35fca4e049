//! Where a node listens, and where it may.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::Failure;
use crate::api::Entrance;
use crate::config::{Config, ServerConfig};
use crate::http::{self, Listener};

/// Addresses that a node may listen on.
pub(super) struct Addresses {
    internal: Vec<SocketAddr>,
    public: Vec<SocketAddr>,
    behind_proxy: bool,
    /// The internal ones are not what anybody asked for: one of them may be missing.
    are_default: bool,
}

/// Sockets, and where they are.
pub(super) struct Listening {
    pub(super) listeners: Vec<Listener<Entrance>>,
    pub(super) internal: Vec<SocketAddr>,
    pub(super) public: Vec<SocketAddr>,
}

impl Addresses {
    /// The configured ones, the internal ones replaced by those that the command line `asked` for, if they may be
    /// listened on.
    pub(super) fn of(config: &Config, asked: &[SocketAddr]) -> Result<Self, Failure> {
        if let Some(refused) = Self::refused(config, asked).into_iter().next() {
            return Err(refused);
        }
        let Config { server, public, .. } = config;
        let internal = if asked.is_empty() { &server.listen } else { asked };
        Ok(Self {
            internal: internal.to_vec(),
            public: public.listen.clone(),
            behind_proxy: public.behind_proxy,
            are_default: *internal == ServerConfig::default().listen,
        })
    }

    /// Why they may not be listened on.
    pub(super) fn refused(config: &Config, asked: &[SocketAddr]) -> Vec<Failure> {
        let Config { server, public, .. } = config;
        let internal = if asked.is_empty() { &server.listen } else { asked };
        let inside = remote(internal).filter(|_| !server.internal_allow_remote);
        let outside = remote(&public.listen).filter(|_| !public.behind_proxy);
        let inside = inside.map(|address| refused_internal(address, !asked.is_empty()));
        inside.into_iter().chain(outside.map(refused_public)).collect()
    }

    /// Listens on all of them.
    pub(super) async fn listen(&self) -> Result<Listening, Failure> {
        let internal = self.bind_internal().await?;
        let public = http::bind(&self.public).await.map_err(|(address, error)| {
            taken("public.listen: ", address, &error, "another address in public.listen")
        })?;
        let at = |sockets: &[TcpListener]| -> Result<Vec<_>, Failure> {
            let addresses: Result<_, _> = sockets.iter().map(TcpListener::local_addr).collect();
            addresses.map_err(Failure::unavailable)
        };
        let (internal_at, public_at) = (at(&internal)?, at(&public)?);
        let behind_proxy = self.behind_proxy;
        let inside = |socket| Listener { socket, tag: Entrance::Internal, behind_proxy: false };
        let outside =
            |socket| Listener { socket, tag: Entrance::Public { behind_proxy }, behind_proxy };
        let listeners = internal.into_iter().map(inside).chain(public.into_iter().map(outside));
        Ok(Listening { listeners: listeners.collect(), internal: internal_at, public: public_at })
    }

    async fn bind_internal(&self) -> Result<Vec<TcpListener>, Failure> {
        let mut listeners = Vec::new();
        for address in &self.internal {
            match http::bind(&[*address]).await {
                Ok(more) => listeners.extend(more),
                Err((address, error)) if self.can_do_without(address, &error) => {
                    tracing::warn!(%error, "no IPv6 here: listening on 127.0.0.1 only");
                }
                Err((address, error)) => {
                    let remedy = "another address with --listen 127.0.0.1:4001";
                    return Err(taken("", address, &error, remedy));
                }
            }
        }
        Ok(listeners)
    }

    /// A machine without IPv6 has no `[::1]`, and nobody has asked for it.
    fn can_do_without(&self, address: SocketAddr, error: &Error) -> bool {
        self.are_default && address.is_ipv6() && error.kind() != ErrorKind::AddrInUse
    }
}

fn remote(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    addresses.iter().copied().find(|address| !address.ip().to_canonical().is_loopback())
}

fn refused_internal(address: SocketAddr, is_asked: bool) -> Failure {
    let words = "is not a loopback address. Use 127.0.0.1 or [::1]: this surface takes calls without a token";
    if is_asked {
        return Failure::usage(format_args!("--listen {address} {words}."));
    }
    Failure::configuration(format_args!(
        "server.listen: {address} {words}. If the network itself keeps others out, say so with \
         server.internal_allow_remote = true; callers elsewhere belong on public.listen."
    ))
}

fn refused_public(address: SocketAddr) -> Failure {
    Failure::configuration(format_args!(
        "public.listen: {address} is not a loopback address, and without TLS tokens would cross the network in clear. \
         Put a proxy that speaks TLS in front and set public.behind_proxy = true, or use 127.0.0.1 or [::1]."
    ))
}

fn taken(key: &str, address: SocketAddr, error: &Error, remedy: &str) -> Failure {
    Failure::unavailable(format_args!(
        "{key}cannot listen on {address}: {error}. Stop what holds it, or choose {remedy}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicConfig;

    fn of(internal: &str, allow: bool, public: &str, behind_proxy: bool, asked: &[&str]) -> String {
        let server = ServerConfig {
            listen: vec![internal.parse().unwrap()],
            internal_allow_remote: allow,
            ..ServerConfig::default()
        };
        let public = PublicConfig { listen: vec![public.parse().unwrap()], behind_proxy };
        let config = Config { server, public, ..Config::default() };
        let asked: Vec<_> = asked.iter().map(|address| address.parse().unwrap()).collect();
        match Addresses::of(&config, &asked) {
            Ok(addresses) => format!("{:?} {:?}", addresses.internal, addresses.public),
            Err(failure) => format!("{failure:?}"),
        }
    }

    #[test]
    fn off_loopback_somebody_has_to_say_what_keeps_it_safe() {
        let here = ["127.0.0.1:1", "[::1]:1"];
        let (a, b) = (here[0], here[1]);
        assert_eq!(of(a, false, b, false, &[]), "[127.0.0.1:1] [[::1]:1]");
        assert_eq!(of(a, false, b, false, &[b]), "[[::1]:1] [[::1]:1]");
        assert_eq!(of("0.0.0.0:1", true, "[::]:2", true, &[]), "[0.0.0.0:1] [[::]:2]");
        for remote in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
            let internal = of(remote, false, a, true, &[]);
            assert!(internal.contains("code: 78") && internal.contains("internal_allow_remote"));
            let flag = of(a, false, a, true, &[a, remote]);
            assert!(flag.contains("code: 64") && flag.contains("--listen"), "{flag}");
            let public = of(a, true, remote, false, &[]);
            assert!(public.contains("code: 78") && public.contains("behind_proxy"), "{public}");
        }
    }
}
