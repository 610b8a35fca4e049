//! Which addresses are called: none on this machine or link, unless that is allowed, for such an address in a setting,
//! or behind a name, makes this node call what trusts it for being near.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper::Uri;
use hyper::http::uri::Scheme;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::error::GatewayError;
use crate::config::{GatewayConfig, GatewayUrl, is_local};
use crate::domain::DeliveryError;

/// The address of a setting, if the gateway's settings allow it to be called.
pub(super) fn allowed(
    url: Option<&GatewayUrl>,
    key: &'static str,
    config: &GatewayConfig,
) -> Result<Uri, GatewayError> {
    let url = url.ok_or(GatewayError::NotSet(key))?;
    if !url.is_https() && !config.allow_http {
        return Err(GatewayError::PlainHttp(shown(url.uri())));
    }
    if url.is_local() && !config.allow_local {
        return Err(GatewayError::Local(shown(url.uri())));
    }
    Ok(url.uri().clone())
}

/// The address without user and query, which may be a secret.
fn shown(url: &Uri) -> String {
    let (scheme, host) = (url.scheme_str().unwrap_or_default(), url.host().unwrap_or_default());
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{}", url.path())
}

/// Whether TLS is spoken there.
pub(super) fn is_https(url: &Uri) -> bool {
    url.scheme() == Some(&Scheme::HTTPS)
}

/// Looks names up, and finds only what may be called.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    names: GaiResolver,
    allow_local: bool,
}

/// A name has addresses, and none of them may be called.
#[derive(Debug, thiserror::Error)]
#[error("every address of that name is on this machine or link")]
pub(super) struct TargetRefused;

/// A name has no address, or none that could be learnt.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NameNotFound(String);

/// What getaddrinfo says of a name server that does not answer (glibc, musl).
const NO_ANSWER: [&str; 2] = ["Temporary failure", "Try again"];

impl NameNotFound {
    pub(super) fn delivery_error(&self) -> DeliveryError {
        // There is a code of its own for it, which the standard library hands through as words alone.
        if NO_ANSWER.iter().any(|words| self.0.contains(words)) {
            DeliveryError::NoNameServer
        } else {
            DeliveryError::NoSuchName
        }
    }
}

/// What connecting may fail with.
pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Resolver {
    pub(super) fn new(allow_local: bool) -> Self {
        Self { names: GaiResolver::new(), allow_local }
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.names.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, allow_local) = (self.names.call(name), self.allow_local);
        Box::pin(async move {
            let found = found.await.map_err(|error| NameNotFound(error.to_string()))?;
            let found: Vec<_> = found.collect();
            let may_be_called = |address: &SocketAddr| allow_local || !is_local(address.ip());
            let callable: Vec<_> = found.iter().copied().filter(may_be_called).collect();
            if callable.is_empty() && !found.is_empty() {
                return Err(TargetRefused.into());
            }
            Ok(callable.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str, change: impl FnOnce(&mut GatewayConfig)) -> Option<GatewayError> {
        let mut config = GatewayConfig::named("a");
        change(&mut config);
        allowed(Some(&text.parse().unwrap()), "url", &config).err()
    }

    #[test]
    fn addresses_of_this_machine_and_link_are_called_only_when_allowed() {
        for host in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[fe80::1]",
            "[febf::1]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.1.1]",
            "[::ffff:0.0.0.0]",
            "[::127.0.0.1]",
        ] {
            let text = format!("https://{host}/send");
            assert_eq!(refusal(&text, |_| ()), Some(GatewayError::Local(text.clone())));
            assert_eq!(refusal(&text, |config| config.allow_local = true), None, "{host}");
        }
        for host in [
            "api.example.ua",
            "8.8.8.8",
            "10.0.0.1",
            "192.168.1.1:8443",
            "[2001:db8::1]",
            "[fc00::1]",
        ] {
            assert_eq!(refusal(&format!("https://{host}/send"), |_| ()), None, "{host}");
        }
    }

    #[test]
    fn codes_go_in_clear_only_when_allowed() {
        let text = "http://api.example.ua/send";
        assert_eq!(refusal(text, |_| ()), Some(GatewayError::PlainHttp(text.into())));
        assert_eq!(refusal(text, |config| config.allow_http = true), None);
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let text = "http://user:hunter2@a/b?token=hunter3";
        assert_eq!(refusal(text, |_| ()), Some(GatewayError::PlainHttp("http://a/b".into())));
        let none = allowed(None, "url", &GatewayConfig::named("a"));
        assert_eq!(none.err(), Some(GatewayError::NotSet("url")));
    }
}
