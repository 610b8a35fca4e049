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

/// The proxies of the setting `public.trusted_proxies`. Only their `X-Forwarded-For` is read.
pub(in crate::api) struct TrustedProxies {
    networks: Vec<Network>,
    /// The time of the last warning, in microseconds since 1970.
    warned_at: AtomicI64,
}

impl TrustedProxies {
    pub(in crate::api) fn new(networks: &[Network]) -> Self {
        Self { networks: networks.to_vec(), warned_at: AtomicI64::new(i64::MIN) }
    }

    /// The caller's address, for log, audit and limits. It never grants a permission. `None` if the trusted proxies
    /// name no address.
    ///
    /// Each proxy appends the address that it sees to `X-Forwarded-For`. So behind a trusted proxy the caller is the
    /// last address there that belongs to no trusted proxy; everything before it may be the caller's invention. A
    /// socket that belongs to no trusted proxy is itself the caller's, and the header is ignored.
    pub(in crate::api) fn caller_address(
        &self,
        listener: ListenerKind,
        socket: IpAddr,
        headers: &HeaderMap,
    ) -> Option<IpAddr> {
        match listener {
            ListenerKind::Internal
            | ListenerKind::Public { behind_proxy: false }
            | ListenerKind::Socket { .. } => Some(socket),
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

    /// Warns of `X-Forwarded-For` over a socket that belongs to no trusted proxy, at most once per [`WARN_EVERY`]. The
    /// setting may lack a proxy: then all callers behind it share its address.
    pub(in crate::api) fn warn_if_untrusted(
        &self,
        listener: ListenerKind,
        socket: IpAddr,
        headers: &HeaderMap,
        now: Timestamp,
    ) {
        let is_untrusted = listener == ListenerKind::Public { behind_proxy: true }
            && headers.contains_key(X_FORWARDED_FOR)
            && !self.is_proxy(socket);
        if !is_untrusted {
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
        self.networks.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    /// The caller's address behind three trusted networks.
    fn caller_address(
        listener: ListenerKind,
        socket: &str,
        forwarded_for: &[&'static str],
    ) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in forwarded_for {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let proxies = ["192.0.2.1", "10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        let proxies = TrustedProxies::new(&proxies);
        let address = proxies.caller_address(listener, socket.parse().unwrap(), &headers);
        address.map(|address| address.to_string())
    }

    #[test]
    fn without_a_proxy_the_caller_is_the_socket_and_the_header_is_ignored() {
        for listener in [ListenerKind::Internal, ListenerKind::Public { behind_proxy: false }] {
            for forwarded_for in [&[][..], &["203.0.113.9"]] {
                let address = caller_address(listener, "192.0.2.1", forwarded_for);
                assert_eq!(address.as_deref(), Some("192.0.2.1"), "{listener:?}");
            }
        }
    }

    const BEHIND: ListenerKind = ListenerKind::Public { behind_proxy: true };

    #[test]
    fn behind_a_proxy_the_caller_is_the_last_address_that_is_no_proxy() {
        let behind = |lines: &[&'static str]| caller_address(BEHIND, "192.0.2.1", lines);
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
            // A proxy's address is never the caller's.
            &["192.0.2.1"],
            &["::ffff:192.0.2.1", "10.0.0.1, fd00::2"],
        ] {
            assert_eq!(behind(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn the_header_of_an_untrusted_socket_is_ignored() {
        for socket in ["198.51.100.7", "2001:db8::7", "127.0.0.1", "192.0.2.2"] {
            for lines in [&[][..], &["203.0.113.9"], &["203.0.113.9, 192.0.2.1"], &["", "x"]] {
                let address = caller_address(BEHIND, socket, lines);
                assert_eq!(address.as_deref(), Some(socket), "{lines:?}");
            }
        }
    }
}
