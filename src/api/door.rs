//! Who is let in before anything is looked up.
//!
//! The listener on loopback takes calls without a token, and a browser can be made to call loopback: by a page of
//! another site, or by a name that an attacker's DNS suddenly points here. Both are turned away by headers that a
//! page's script can't forge.

use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName, HeaderValue, ORIGIN};

use super::Rejection;

/// What a listener is called.
pub(super) struct Door {
    /// Without ports, in lower case.
    hosts: Vec<String>,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Door {
    pub(super) fn new(hosts: &[String]) -> Self {
        Self { hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect() }
    }

    /// Lets a request in that names this listener, once, and comes from no other site.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Rejection> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next().map(HeaderValue::to_str), hosts.next()) {
            (Some(Ok(host)), None) => host,
            (Some(Err(_)) | None, None) => return Err(Rejection::HostUnknown),
            (_, Some(_)) => return Err(Rejection::HeaderTwice(HOST)),
        };
        if !self.hosts.iter().any(|known| known.eq_ignore_ascii_case(without_port(host))) {
            return Err(Rejection::HostUnknown);
        }
        let same_origin = |origin: &HeaderValue| {
            let origin = origin.to_str().ok().and_then(|text| text.strip_prefix("http://"));
            origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
        };
        let same_site = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
        let from_here = headers.get_all(ORIGIN).iter().all(same_origin)
            && headers.get_all(SEC_FETCH_SITE).iter().all(same_site);
        if from_here { Ok(()) } else { Err(Rejection::CrossSite) }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(fields: &[(HeaderName, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        let hosts = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        Door::new(&hosts).admit(&headers).is_ok()
    }

    #[test]
    fn a_host_is_known_with_any_port_and_in_any_case() {
        for host in ["localhost", "LocalHost:4000", "127.0.0.1:80", "[::1]", "[::1]:4000"] {
            assert!(admitted(&[(HOST, host)]), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "::1",
            "localhost:4000:1x",
        ] {
            assert!(!admitted(&[(HOST, host)]), "{host}");
        }
        assert!(!admitted(&[]));
        assert!(!admitted(&[(HOST, "localhost"), (HOST, "localhost")]));
    }

    #[test]
    fn pages_of_other_sites_are_turned_away() {
        let host = (HOST, "localhost:4000");
        assert!(admitted(&[host.clone(), (ORIGIN, "http://localhost:4000")]));
        assert!(admitted(&[host.clone(), (SEC_FETCH_SITE, "none")]));
        for origin in [
            "null",
            "http://localhost",
            "http://localhost:4001",
            "https://localhost:4000",
            "http://evil.example",
        ] {
            assert!(!admitted(&[host.clone(), (ORIGIN, origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", ""] {
            assert!(!admitted(&[host.clone(), (SEC_FETCH_SITE, site)]), "{site}");
        }
    }
}
