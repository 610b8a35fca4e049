//! Bounds on open connections: for each listener, and for each peer.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ServerLimits;
use crate::domain::Network;

/// Counts the open connections of one listener, in all and for each peer.
#[derive(Clone)]
pub(super) struct ConnectionLimiter {
    all: Arc<Semaphore>,
    most: usize,
    peers: Arc<OpenByPeer>,
}

struct OpenByPeer {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// The right to keep one connection open. Dropping it frees the room.
pub(super) struct ConnectionPermit {
    peer: Option<(Arc<OpenByPeer>, IpAddr)>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionLimiter {
    pub(super) fn new(limits: &ServerLimits) -> Self {
        let peers = OpenByPeer { most: limits.per_peer, open: Mutex::default() };
        Self {
            all: Arc::new(Semaphore::new(limits.connections)),
            most: limits.connections,
            peers: Arc::new(peers),
        }
    }

    /// Waits until the listener has room for one more connection.
    pub(super) async fn reserve(&self) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.all).acquire_owned().await;
        permit.expect("the semaphore is never closed")
    }

    /// Waits until all connections of the listener are closed.
    pub(super) async fn wait_until_idle(&self) {
        let most = u32::try_from(self.most).unwrap_or(u32::MAX);
        drop(self.all.acquire_many(most).await);
    }

    /// Makes the reserved room this peer's. `None` if the peer has reached its limit.
    pub(super) fn admit(
        &self,
        permit: OwnedSemaphorePermit,
        peer: Option<IpAddr>,
    ) -> Option<ConnectionPermit> {
        let Some(peer) = peer else {
            return Some(ConnectionPermit { peer: None, _permit: permit });
        };
        let mut open = self.peers.open();
        let count = open.entry(peer).or_default();
        if *count >= self.peers.most {
            return None;
        }
        *count += 1;
        Some(ConnectionPermit { peer: Some((Arc::clone(&self.peers), peer)), _permit: permit })
    }
}

impl OpenByPeer {
    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Some((peers, peer)) = &self.peer else { return };
        let mut open = peers.open();
        match open.get_mut(peer) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(open.remove(peer)),
        }
    }
}

/// The peer that a connection counts for: an IPv4 address, or an IPv6 /64, since one customer has a whole /64. `None`,
/// which is no limit, for loopback (many programs of one machine) and for a trusted proxy.
pub(super) fn peer_of(address: IpAddr, proxies: &[Network]) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        address if proxies.iter().any(|network| network.contains(address)) => None,
        IpAddr::V4(address) => Some(address.into()),
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            Some(Ipv6Addr::from(network).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Option<String> {
        let proxies = ["10.0.0.0/8", "fd00::1"].map(|text| text.parse().unwrap());
        peer_of(text.parse().unwrap(), &proxies).map(|address| address.to_string())
    }

    #[test]
    fn a_peer_is_an_address_or_a_network_of_ipv6_and_neither_loopback_nor_a_proxy_is_one() {
        assert_eq!(peer("192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(peer("::ffff:192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(peer("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1:2::"));
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(peer(loopback), None, "{loopback}");
        }
        for proxy in ["10.9.9.9", "::ffff:10.0.0.1", "fd00::1"] {
            assert_eq!(peer(proxy), None, "{proxy}");
        }
        assert_eq!(peer("fd00::2").as_deref(), Some("fd00::"), "a neighbour of the proxy's");
    }

    #[test]
    fn a_peer_has_its_share_and_gets_it_back() {
        let limits = ServerLimits { connections: 4, per_peer: 2, ..ServerLimits::default() };
        let limiter = ConnectionLimiter::new(&limits);
        let permit = || Arc::clone(&limiter.all).try_acquire_owned().unwrap();
        let one = peer_of("192.0.2.1".parse().unwrap(), &[]);
        let other = peer_of("192.0.2.2".parse().unwrap(), &[]);
        let first = limiter.admit(permit(), one);
        let _second = limiter.admit(permit(), one);
        assert!(limiter.admit(permit(), one).is_none());
        let _third = limiter.admit(permit(), other);
        let _fourth = limiter.admit(permit(), None);
        assert_eq!(limiter.all.available_permits(), 0);
        drop(first);
        assert!(limiter.admit(permit(), one).is_some());
        assert_eq!(limiter.all.available_permits(), 1);
        assert_eq!(limiter.peers.open().len(), 2);
    }
}
