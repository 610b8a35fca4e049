//! What has to hold between settings.

use std::net::SocketAddr;

use super::fault::{Fault, Source};
use super::forms::CODE;
use super::load::Effective;
use super::names::DriverName;
use super::sections::Config;

/// Characters of one segment of a message in UCS-2, which Ukrainian text needs.
const SEGMENT: usize = 70;

struct Relation {
    /// Of which settings; the first is the one to speak of.
    keys: &'static [&'static str],
    /// Whether it matters only to a node that serves.
    is_for_serving: bool,
    /// What is wrong, if anything is.
    broken: fn(&Config) -> Option<String>,
    remedy: &'static str,
}

const RELATIONS: [Relation; 5] = [
    Relation {
        keys: &["server.listen", "server.internal_allow_remote"],
        is_for_serving: true,
        broken: |config| {
            let address =
                remote(&config.server.listen).filter(|_| !config.server.internal_allow_remote)?;
            Some(format!(
                "has {address}, which is not a loopback address, and some methods take no token there"
            ))
        },
        remedy: "Use 127.0.0.1 or [::1]. If the network itself keeps others out, say so with \
                 server.internal_allow_remote = true; callers elsewhere belong on public.listen.",
    },
    Relation {
        keys: &["public.listen", "public.behind_proxy"],
        is_for_serving: true,
        broken: |config| {
            let address = remote(&config.public.listen).filter(|_| !config.public.behind_proxy)?;
            Some(format!(
                "has {address}, which is not a loopback address, and without TLS tokens would cross the network in clear"
            ))
        },
        remedy: "Put a proxy that speaks TLS in front and set public.behind_proxy = true, or use 127.0.0.1 or [::1].",
    },
    Relation {
        keys: &["public.listen", "server.listen"],
        is_for_serving: true,
        broken: |config| {
            let is_taken = |address: &&SocketAddr| {
                address.port() != 0 && config.server.listen.contains(address)
            };
            let address = config.public.listen.iter().find(is_taken)?;
            Some(format!("has {address}, which server.listen has too"))
        },
        remedy: "Give each of them an address of its own.",
    },
    Relation {
        keys: &["sms.template", "sms.allow_long_template", "otp.digits"],
        is_for_serving: false,
        broken: |config| {
            let length = message_length(config);
            let is_broken = length > SEGMENT && !config.sms.allow_long_template;
            is_broken.then(|| {
                format!(
                    "makes messages of {length} characters, more than the {SEGMENT} of one segment"
                )
            })
        },
        remedy: "Shorten it, or set sms.allow_long_template = true and pay for several.",
    },
    Relation {
        keys: &["sms.drivers", "sms.allow_plaintext_codes"],
        is_for_serving: true,
        broken: |config| {
            let is_shown = config.sms.drivers.contains(&DriverName::Console);
            (is_shown && !config.sms.allow_plaintext_codes)
                .then(|| "has `console`, which prints codes and numbers in clear".into())
        },
        remedy: "If that is what you want, say so with sms.allow_plaintext_codes = true or --allow-plaintext-codes.",
    },
];

/// Those that do not hold, but for those of settings that are wrong already; none when part of what was set could not be
/// read.
pub(super) fn broken(effective: &Effective, is_to_serve: bool, faults: &[Fault]) -> Vec<Fault> {
    if faults.iter().any(|fault| fault.key.is_empty()) {
        return Vec::new();
    }
    let judged = RELATIONS.iter().filter(|relation| {
        let is_about_wrong = faults.iter().any(|fault| relation.keys.contains(&fault.key.as_str()));
        !is_about_wrong && (is_to_serve || !relation.is_for_serving)
    });
    let fault = |relation: &Relation| {
        let what = (relation.broken)(&effective.config)?;
        let mut sources = relation.keys.iter().map(|key| effective.source(key));
        let source = sources.find(|source| *source != Source::Default).unwrap_or_default();
        Some(Fault { source, key: relation.keys[0].into(), what, remedy: relation.remedy.into() })
    };
    judged.filter_map(fault).collect()
}

/// An address that other machines may reach.
fn remote(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    addresses.iter().copied().find(|address| !address.ip().to_canonical().is_loopback())
}

/// Of a message with a code in it, as UCS-2 counts.
fn message_length(config: &Config) -> usize {
    let text = config.sms.template.encode_utf16().count();
    text.saturating_sub(CODE.len()) + config.otp.format.digits()
}
