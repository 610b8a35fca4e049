//! The address of the caller: the connection's peer, or the address that a trusted proxy names.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::HeaderName;

use super::origin::ListenerKind;
use crate::domain::{Network, Timestamp, written_address};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The shortest time between two warnings about untrusted forwarding headers, since any caller can cause them.
const WARN_EVERY: Duration = Duration::from_mins(1);

/// Finds the address of the caller.
pub(in crate::api) struct Peers {
    proxies: Vec<Network>,
    /// When it was last said that a stranger speaks for others, in microseconds.
    warned_at: AtomicI64,
}

impl Peers {
    /// Behind these proxies.
    pub(in crate::api) fn behind(proxies: &[Network]) -> Self {
        Self { proxies: proxies.to_vec(), warned_at: AtomicI64::new(i64::MIN) }
    }

    /// Who calls over a socket of this address, for log and audit; a permission is never made of it.
    ///
    /// A socket of a trusted proxy says nothing, and nobody is to shut out a proxy: what counts is whom the outermost of
    /// them has seen, which each writes behind whatever its caller had in that header. So it is the last address that is no
    /// proxy's; before it, the caller may have written anything. Anybody else's socket says who that is, whatever the header
    /// says.
    pub(in crate::api) fn peer(
        &self,
        listener: ListenerKind,
        socket: IpAddr,
        headers: &HeaderMap,
    ) -> Option<IpAddr> {
        match listener {
            ListenerKind::Internal | ListenerKind::Public { behind_proxy: false } => Some(socket),
            ListenerKind::Public { behind_proxy: true } if !self.is_proxy(socket) => Some(socket),
            ListenerKind::Public { behind_proxy: true } => {
                let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
                let written = lines.flat_map(|line| line.as_bytes().rsplit(|b| *b == b','));
                let mut addresses =
                    written.map(|text| written_address(std::str::from_utf8(text).ok()?));
                addresses.find(|address| !address.is_some_and(|it| self.is_proxy(it)))?
            }
        }
    }

    /// Says that somebody who is no trusted proxy names others as callers: a stranger, or a proxy that was forgotten, and
    /// then everybody behind it is taken for it.
    pub(in crate::api) fn warn_of_strangers(
        &self,
        listener: ListenerKind,
        socket: IpAddr,
        headers: &HeaderMap,
        now: Timestamp,
    ) {
        let speaks_for_others = listener == ListenerKind::Public { behind_proxy: true }
            && headers.contains_key(X_FORWARDED_FOR)
            && !self.is_proxy(socket);
        if !speaks_for_others {
            return;
        }
        let due =
            |last| (Timestamp::from_micros(last) + WARN_EVERY <= now).then(|| now.as_micros());
        if self.warned_at.fetch_update(Ordering::SeqCst, Ordering::SeqCst, due).is_ok() {
            tracing::warn!(
                address = %socket,
                "X-Forwarded-For is not read: its connection comes from none of public.trusted_proxies"
            );
        }
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    /// Behind proxies of these networks.
    fn peer(
        listener: ListenerKind,
        socket: &str,
        forwarded_for: &[&'static str],
    ) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in forwarded_for {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let proxies = ["192.0.2.1", "10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        let peers = Peers::behind(&proxies);
        let peer = peers.peer(listener, socket.parse().unwrap(), &headers);
        peer.map(|address| address.to_string())
    }

    #[test]
    fn without_a_proxy_a_peer_is_whose_socket_it_is_whatever_is_said() {
        for listener in [ListenerKind::Internal, ListenerKind::Public { behind_proxy: false }] {
            for forwarded_for in [&[][..], &["203.0.113.9"]] {
                let peer = peer(listener, "192.0.2.1", forwarded_for);
                assert_eq!(peer.as_deref(), Some("192.0.2.1"), "{listener:?}");
            }
        }
    }

    const BEHIND: ListenerKind = ListenerKind::Public { behind_proxy: true };

    #[test]
    fn behind_a_proxy_a_peer_is_the_last_one_written_down_that_is_no_proxy_or_nobody() {
        let behind = |lines: &[&'static str]| peer(BEHIND, "192.0.2.1", lines);
        for (lines, expected) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            (&["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            (&["198.51.100.1,203.0.113.9 "], "203.0.113.9"),
            (&["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            (&["anything, at all", "2001:db8::9"], "2001:db8::9"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["[2001:db8::9]"], "2001:db8::9"),
            (&["198.51.100.1, [2001:db8::9]:4711"], "2001:db8::9"),
            // Behind two proxies and more.
            (&["203.0.113.9, 10.1.2.3"], "203.0.113.9"),
            (&["198.51.100.1, 203.0.113.9, 10.1.2.3:80, fd00::1"], "203.0.113.9"),
            (&["198.51.100.1, 203.0.113.9", "10.1.2.3", "192.0.2.1"], "203.0.113.9"),
            (&["203.0.113.9", "::ffff:10.1.2.3"], "203.0.113.9"),
        ] {
            assert_eq!(behind(lines).as_deref(), Some(expected), "{lines:?}");
        }
        for lines in [
            &[][..],
            &[""],
            &["203.0.113.9,"],
            &["203.0.113.9", ""],
            &["203.0.113.9, unknown"],
            &["203.0.113.9, unknown, 10.1.2.3"],
            &["fe80::1%eth0"],
            &["203.0.113.9 203.0.113.8"],
            &["203.0.113.009"],
            // Proxies are never to blame.
            &["192.0.2.1"],
            &["::ffff:192.0.2.1", "10.0.0.1, fd00::2"],
        ] {
            assert_eq!(behind(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn whoever_is_no_trusted_proxy_speaks_for_themselves() {
        for socket in ["198.51.100.7", "2001:db8::7", "127.0.0.1", "192.0.2.2"] {
            for lines in [&[][..], &["203.0.113.9"], &["203.0.113.9, 192.0.2.1"], &["", "x"]] {
                assert_eq!(peer(BEHIND, socket, lines).as_deref(), Some(socket), "{lines:?}");
            }
        }
    }
}
