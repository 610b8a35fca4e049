//! What has to hold of the addresses that are called.

use hyper::Uri;

use crate::config::local::is_on_local;

/// What is wrong with an address without TLS.
pub(super) fn in_clear(url: &str, is_allowed: bool) -> Option<String> {
    let is_clear =
        url.split("://").next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
    (is_clear && !is_allowed)
        .then(|| "has no TLS: codes, numbers and the token would go there in clear".into())
}

/// And with one on this machine or link. Of a name, only calling it tells.
pub(super) fn local(url: &str, is_allowed: bool) -> Option<String> {
    let is_near = url.parse().is_ok_and(|url| is_on_local(&url));
    (is_near && !is_allowed).then(|| "is on this machine or link".into())
}

/// And with one that is not on the host that messages go to.
pub(super) fn elsewhere(url: &str, messages: &str) -> Option<String> {
    let (here, there) = (host(url)?, host(messages)?);
    (!here.eq_ignore_ascii_case(&there)).then(|| {
        format!("is on {here}, and url on {there}: the token would go to a host that messages do not go to")
    })
}

fn host(url: &str) -> Option<String> {
    url.parse::<Uri>().ok()?.host().map(str::to_owned)
}
