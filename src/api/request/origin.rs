//! Checks of `Host` and `Origin`, before any other.
//!
//! The internal listener serves calls without a token, and a web page can make a browser call it: directly from another
//! site, or over a name that an attacker's DNS points to loopback (DNS rebinding). The headers `Host`, `Origin` and
//! `Sec-Fetch-Site` give both away, and a page's script can't forge them.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue, ORIGIN};

use super::head::{Scheme, masked_host};
use crate::api::refusal::Rejection;
use crate::http::split_port;

/// The kind of listener that a request came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// `server.listen`: for programs on this machine or in the operator's network. It serves every row.
    Internal,
    /// `public.listen`: for callers from outside. It serves the rows of `Surface::Public` only.
    Public {
        /// Whether a proxy in front of the listener ends the callers' TLS.
        behind_proxy: bool,
    },
    /// `admin.socket`: for the operator on this machine. It serves the rows that need a scope of administration.
    Socket {
        /// The user id of this process. Only processes of this user and of root may call.
        owner: u32,
    },
}

impl ListenerKind {
    /// The scheme of the URLs that callers use: `https` behind a proxy, otherwise `http`.
    pub(in crate::api) fn scheme(self) -> Scheme {
        match self {
            Self::Internal | Self::Public { behind_proxy: false } | Self::Socket { .. } => {
                Scheme::Http
            }
            Self::Public { behind_proxy: true } => Scheme::Https,
        }
    }
}

/// The hosts and origins that the internal listener accepts.
pub(in crate::api) struct OriginPolicy {
    /// The setting `server.hosts`: names without ports, in lower case.
    hosts: Vec<String>,
    /// The origins of web pages that may call the listener, in lower case. Only `demo` sets any.
    origins: Vec<String>,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl OriginPolicy {
    pub(in crate::api) fn new(hosts: &[String], origins: &[String]) -> Self {
        let lower = |texts: &[String]| texts.iter().map(|it| it.to_ascii_lowercase()).collect();
        Self { hosts: lower(hosts), origins: lower(origins) }
    }

    /// On the internal listener, `Host` must be loopback or in `server.hosts` ([`Rejection::HostUnknown`]), and the
    /// request must not come from a page of another site ([`Rejection::CrossSite`]).
    ///
    /// The public listener accepts every host and origin: its rows require a token or a gateway's secret, which a page
    /// of another site does not have. The Unix socket accepts every host and origin, too: no web page can open it.
    pub(in crate::api) fn check(
        &self,
        listener: ListenerKind,
        host: &str,
        headers: &HeaderMap,
    ) -> Result<(), Rejection> {
        match listener {
            ListenerKind::Public { .. } | ListenerKind::Socket { .. } => return Ok(()),
            ListenerKind::Internal => {}
        }
        let (name, _) = split_port(host);
        if !is_loopback(name) && !self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(Rejection::HostUnknown(masked_host(host)));
        }
        let same_origin = |origin: &HeaderValue| {
            let Ok(origin) = origin.to_str() else { return false };
            let of_host = origin.strip_prefix("http://");
            of_host.is_some_and(|of_host| of_host.eq_ignore_ascii_case(host))
                || self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
        };
        let same_site = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
        let from_here = headers.get_all(ORIGIN).iter().all(same_origin)
            && headers.get_all(SEC_FETCH_SITE).iter().all(same_site);
        if from_here { Ok(()) } else { Err(Rejection::CrossSite) }
    }
}

/// Whether the host is a loopback address. DNS rebinding needs a name, so an address is safe.
fn is_loopback(name: &str) -> bool {
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(host: &str, fields: &[(HeaderName, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        let hosts = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let policy = OriginPolicy::new(&hosts, &["https://Dev.Example:8443".to_owned()]);
        let public = ListenerKind::Public { behind_proxy: false };
        assert!(policy.check(public, host, &headers).is_ok());
        policy.check(ListenerKind::Internal, host, &headers).is_ok()
    }

    #[test]
    fn a_host_is_known_with_any_port_and_in_any_case() {
        for host in
            ["localhost", "LocalHost:4000", "127.0.0.1:80", "127.0.0.2:1", "[::1]", "[::1]:4000"]
        {
            assert!(admitted(host, &[]), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "[::2]"] {
            assert!(!admitted(host, &[]), "{host}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let host = "localhost:4000";
        assert!(admitted(host, &[(ORIGIN, "http://localhost:4000")]));
        assert!(admitted(host, &[(SEC_FETCH_SITE, "none")]));
        let allowed = (ORIGIN, "https://dev.example:8443");
        assert!(admitted(host, &[allowed.clone(), (SEC_FETCH_SITE, "same-origin")]));
        assert!(!admitted(host, &[allowed.clone(), (SEC_FETCH_SITE, "cross-site")]));
        assert!(!admitted(host, &[allowed, (ORIGIN, "http://evil.example")]));
        for origin in [
            "null",
            "http://localhost",
            "http://localhost:4001",
            "https://localhost:4000",
            "http://evil.example",
            "http://dev.example:8443",
            "https://dev.example",
        ] {
            assert!(!admitted(host, &[(ORIGIN, origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", ""] {
            assert!(!admitted(host, &[(SEC_FETCH_SITE, site)]), "{site}");
        }
    }
}
