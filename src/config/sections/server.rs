//! `server.*`, the internal listener, `public.*`, the public one, and `admin.*`, the Unix socket.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use crate::config::cross_check::CrossCheck;
use crate::config::setting::section;
use crate::config::value_type::{TextFormat, ValueType};
use crate::domain::Network;

/// The port in the cURL example of the public pages, which calls `localhost:4000`.
const PORT: u16 = 4000;

section! {
    /// The internal listener. It serves every method.
    pub struct ServerConfig {
        /// Addresses that serve every method. A machine without IPv6 does without the second default.
        listen: Vec<SocketAddr> = vec![(Ipv4Addr::LOCALHOST, PORT).into(), (Ipv6Addr::LOCALHOST, PORT).into()]
            => ["server.listen", ValueType::List { of: address(), may_be_empty: false }],
        /// Allows addresses other than loopback in `server.listen`. Some methods there require no token.
        internal_allow_remote: bool = false => ["server.internal_allow_remote", ValueType::Boolean],
        /// Names and addresses of this node. A request with another `Host` is refused.
        hosts: Vec<String> = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec()
            => ["server.hosts", ValueType::List { of: host(), may_be_empty: false }],
    }
}

section! {
    /// The public listener. It serves the methods for callers from outside.
    pub struct PublicConfig {
        /// Addresses that serve only the public methods; none if the list is empty.
        listen: Vec<SocketAddr> = Vec::new()
            => ["public.listen", ValueType::List { of: address(), may_be_empty: true }],
        /// Allows addresses other than loopback in `public.listen`, because a proxy in front ends TLS.
        behind_proxy: bool = false => ["public.behind_proxy", ValueType::Boolean],
        /// Networks of that proxy. `X-Forwarded-For` counts only on connections from there.
        trusted_proxies: Vec<Network> = Vec::new()
            => ["public.trusted_proxies", ValueType::List { of: network(), may_be_empty: true }],
    }
}

section! {
    /// The Unix socket for administration.
    pub struct AdminConfig {
        /// Unix socket for administration, which root and the user of the node need no token for; none if it is empty.
        socket: Option<PathBuf> = None => [
            "admin.socket", ValueType::Text(TextFormat::optional_path()),
            by_default("`$RUNTIME_DIRECTORY/admin.sock`, or else none")
        ],
    }
}

/// Rules of `server.*`.
pub(super) const SERVER_CHECKS: [CrossCheck<ServerConfig>; 1] = [CrossCheck::for_serving(
    &["server.listen", "server.internal_allow_remote"],
    |server| {
        let address = remote(&server.listen).filter(|_| !server.internal_allow_remote)?;
        Some(format!(
            "has {address}, which is not a loopback address, and some methods require no token there"
        ))
    },
    "Use 127.0.0.1 or [::1]. If the network itself keeps others out, set server.internal_allow_remote = true; \
     callers elsewhere belong on public.listen.",
)];

/// Rules of `public.*`.
pub(super) const PUBLIC_CHECKS: [CrossCheck<PublicConfig>; 3] = [
    CrossCheck::for_serving(
        &["public.listen", "public.behind_proxy"],
        |public| {
            let address = remote(&public.listen).filter(|_| !public.behind_proxy)?;
            Some(format!(
                "has {address}, which is not a loopback address, and without TLS tokens would cross the network in clear"
            ))
        },
        "Put a proxy that speaks TLS in front and set public.behind_proxy = true and public.trusted_proxies, or use 127.0.0.1 or [::1].",
    ),
    CrossCheck::for_serving(
        &["public.trusted_proxies", "public.behind_proxy"],
        |public| {
            let is_missing = public.behind_proxy && public.trusted_proxies.is_empty();
            is_missing.then(|| {
                "is empty, and with public.behind_proxy any caller could name another client's address and have it \
                 banned"
                    .into()
            })
        },
        "Write the proxy's networks: public.trusted_proxies = [\"127.0.0.1/32\", \"::1/128\"] for a proxy on this machine.",
    ),
    CrossCheck::for_serving(
        &["public.trusted_proxies", "public.behind_proxy"],
        |public| {
            let is_idle = !public.behind_proxy && !public.trusted_proxies.is_empty();
            is_idle.then(|| "names a proxy, and public.behind_proxy says that there is none".into())
        },
        "Set public.behind_proxy = true, or remove it.",
    ),
];

fn address() -> TextFormat {
    TextFormat::parsed::<SocketAddr>("addresses with a port, such as 127.0.0.1:4000 or [::1]:4000")
}

fn network() -> TextFormat {
    TextFormat::parsed::<Network>(
        "networks of more than one bit, such as 10.0.0.0/8 or fd00::/8, or single addresses",
    )
}

/// The value of a `Host` header without the port.
fn host() -> TextFormat {
    TextFormat::new("names or addresses without a port, an IPv6 one in brackets", |text| {
        if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return inside.parse::<Ipv6Addr>().is_ok();
        }
        let is_good = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        !text.is_empty() && text.bytes().all(is_good)
    })
}

/// The first address that other machines may reach.
fn remote(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    addresses.iter().copied().find(|address| !address.ip().to_canonical().is_loopback())
}
