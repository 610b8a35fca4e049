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
use crate::config::{GatewayConfig, is_local, is_on_local};
use crate::domain::DeliveryError;

/// Reads an address that messages go to.
pub(super) fn url(text: &str, config: &GatewayConfig) -> Result<Uri, GatewayError> {
    let url: Uri = text.parse().map_err(|_| GatewayError::Url(shown(text)))?;
    let authority = url.authority().filter(|authority| !authority.as_str().contains('@'));
    let is_http = url.scheme() == Some(&Scheme::HTTP) || is_https(&url);
    let has_host = authority.is_some_and(|authority| !["", "[]"].contains(&authority.host()));
    if !has_host || !is_http {
        return Err(GatewayError::Url(shown(text)));
    }
    if !is_https(&url) && !config.allow_http {
        return Err(GatewayError::PlainHttp(shown(text)));
    }
    if !config.allow_local && is_on_local(&url) {
        return Err(GatewayError::Local(shown(text)));
    }
    Ok(url)
}

/// What stands before an @, or behind a question mark, may be a secret.
fn shown(text: &str) -> String {
    let address = text.split(['?', '#']).next().unwrap_or_default();
    if address.contains('@') { "…@…".into() } else { address.to_owned() }
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
        url(text, &config).err()
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
    fn what_is_no_address_of_a_gateway_is_refused_without_telling_a_password() {
        for text in [
            "",
            "/send",
            "api.example.ua",
            "ftp://a/b",
            "https://",
            "https:///send",
            "https://[]/",
            "a b",
        ] {
            assert_eq!(refusal(text, |_| ()), Some(GatewayError::Url(text.into())));
        }
        let refused = refusal("https://user:hunter2@a/b", |_| ()).unwrap();
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}
