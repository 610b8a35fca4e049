//! THE table of settings: a new setting is a new row.

use std::net::SocketAddr;
use std::path::PathBuf;

use tracing::level_filters::LevelFilter;

use super::forms::{address, host, network, path, prefix};
use super::gateways::{PLACEHOLDER, gateway};
use super::limits::limits;
use super::messages::messages;
use super::names::{DialectName, LogFormat, Word};
use super::rows::{number, parsed, set, text};
use super::setting::Setting;
use super::takes::{Form, Takes};
use super::value::Value;
use crate::domain::{CodeFormat, Network};

const DAY: u64 = 24 * 60 * 60;

/// Every setting, in the order in which they are shown. Those of gateways are there once, with `NAME` in their keys for
/// what the gateway is called.
pub fn settings() -> Vec<Setting> {
    settings_with([PLACEHOLDER])
}

/// Every setting when there are gateways of these names.
pub fn settings_with<'a>(gateways: impl IntoIterator<Item = &'a str>) -> Vec<Setting> {
    let gateways = gateways.into_iter().flat_map(gateway).collect();
    let sections =
        [listeners(), storage(), codes(), limits(), messages(), gateways, kept(), logging()];
    sections.into_iter().flatten().collect()
}

fn listeners() -> Vec<Setting> {
    vec![
        Setting::new(
            "dialect",
            Takes::Text(Form::word::<DialectName>()),
            "what the public pages say, or what the live system was seen to answer",
            |c| c.dialect.word().into(),
            |c, v| set(&mut c.dialect, v.word()),
        ),
        Setting::new(
            "server.listen",
            Takes::List { of: address(), may_be_empty: false },
            "where everything is served; a machine without IPv6 does without the second default",
            |c| Value::texts(c.server.listen.iter().map(SocketAddr::to_string)),
            |c, v| set(&mut c.server.listen, v.items(parsed)),
        ),
        Setting::new(
            "server.internal_allow_remote",
            Takes::Switch,
            "whether that may be elsewhere than on loopback, though some methods take no token",
            |c| c.server.internal_allow_remote.into(),
            |c, v| set(&mut c.server.internal_allow_remote, v.switch()),
        ),
        Setting::new(
            "server.hosts",
            Takes::List { of: host(), may_be_empty: false },
            "the names that it is called by: a request with another `Host` is refused",
            |c| Value::texts(c.server.hosts.clone()),
            |c, v| set(&mut c.server.hosts, v.items(text)),
        ),
        Setting::new(
            "public.listen",
            Takes::List { of: address(), may_be_empty: true },
            "where only what may be called from outside is served; nowhere when empty",
            |c| Value::texts(c.public.listen.iter().map(SocketAddr::to_string)),
            |c, v| set(&mut c.public.listen, v.items(parsed)),
        ),
        Setting::new(
            "public.behind_proxy",
            Takes::Switch,
            "whether a proxy does the encryption there, so that it may be elsewhere than on loopback",
            |c| c.public.behind_proxy.into(),
            |c, v| set(&mut c.public.behind_proxy, v.switch()),
        ),
        Setting::new(
            "public.trusted_proxies",
            Takes::List { of: network(), may_be_empty: true },
            "where that proxy calls from: only from there does `X-Forwarded-For` say who calls",
            |c| Value::texts(c.public.trusted_proxies.iter().map(Network::to_string)),
            |c, v| set(&mut c.public.trusted_proxies, v.items(parsed)),
        ),
    ]
}

fn storage() -> Vec<Setting> {
    vec![
        Setting::new(
            "store.path",
            Takes::Text(path()),
            "the data directory",
            |c| c.data.path.to_string_lossy().as_ref().into(),
            |c, v| set(&mut c.data.path, v.text().map(PathBuf::from)),
        )
        .by_default("`$STATE_DIRECTORY`, or else `/var/lib/esoz-otp`"),
        Setting::new(
            "store.cache_mib",
            number(8..=1024, "MiB"),
            "the database's cache; the process needs up to ten times as much",
            |c| c.store.cache_mib.into(),
            |c, v| set(&mut c.store.cache_mib, v.number()),
        ),
        Setting::new(
            "store.reserve_mib",
            number(8..=65_536, "MiB"),
            "free room on the disk below which nothing is written; reading goes on",
            |c| c.store.reserve_mib.into(),
            |c, v| set(&mut c.store.reserve_mib, v.number()),
        ),
        Setting::new(
            "keys.keyring_file",
            Takes::Text(path()),
            "the keyring",
            |c| c.keys.keyring_of(&c.data.path).to_string_lossy().as_ref().into(),
            |c, v| set(&mut c.keys.keyring_file, v.text().map(|text| Some(text.into()))),
        )
        .by_default("`$CREDENTIALS_DIRECTORY/keyring` if it is there, else `store.path` with `.keyring` added"),
    ]
}

fn codes() -> Vec<Setting> {
    vec![
        Setting::new(
            "otp.digits",
            number(*CodeFormat::BOUNDS.start()..=*CodeFormat::BOUNDS.end(), "digits"),
            "how long a code is",
            |c| c.otp.format.digits().into(),
            |c, v| set(&mut c.otp.format, v.number().and_then(CodeFormat::new)),
        ),
        Setting::new(
            "otp.life_seconds",
            number(30..=600, "seconds"),
            "how long a code is good for",
            |c| c.otp.rules.life.as_secs().into(),
            |c, v| set(&mut c.otp.rules.life, v.seconds(1)),
        ),
        Setting::new(
            "otp.attempts",
            number(1..=5, "attempts"),
            "how often a code may be tried",
            |c| u32::from(c.otp.rules.attempts).into(),
            |c, v| set(&mut c.otp.rules.attempts, v.number()),
        ),
        Setting::new(
            "otp.refused_prefixes",
            Takes::List { of: prefix(), may_be_empty: true },
            "starts of numbers that no code is sent to: free-phone and premium ranges, and one that `national` would dial abroad",
            |c| Value::texts(c.otp.refused_prefixes.clone()),
            |c, v| set(&mut c.otp.refused_prefixes, v.items(text)),
        ),
        Setting::new(
            "otp.allowed_prefixes",
            Takes::List { of: prefix(), may_be_empty: true },
            "starts of numbers that codes are sent to, and to no others; when empty, codes are sent to all but the refused",
            |c| Value::texts(c.otp.allowed_prefixes.clone()),
            |c, v| set(&mut c.otp.allowed_prefixes, v.items(text)),
        ),
        Setting::new(
            "otp.strict_enumeration",
            Takes::Switch,
            "whether a code for a phone that none was sent to is answered, and takes as long, as a wrong one",
            |c| c.otp.strict_enumeration.into(),
            |c, v| set(&mut c.otp.strict_enumeration, v.switch()),
        ),
        Setting::new(
            "otp.ready",
            number(0..=65_536, "codes"),
            "how many codes are made ahead of need, so that sending one waits for no hash; 0 makes none",
            |c| c.otp.ready.into(),
            |c, v| set(&mut c.otp.ready, v.number()),
        ),
        Setting::new(
            "otp.argon2.memory_kib",
            number(4096..=262_144, "KiB"),
            "memory that one hash of a code takes",
            |c| c.otp.argon2.memory_kib.into(),
            |c, v| set(&mut c.otp.argon2.memory_kib, v.number()),
        ),
        Setting::new(
            "otp.argon2.passes",
            number(1..=10, "passes"),
            "how often a hash goes over it",
            |c| c.otp.argon2.passes.into(),
            |c, v| set(&mut c.otp.argon2.passes, v.number()),
        ),
    ]
}

fn kept() -> Vec<Setting> {
    vec![
        Setting::new(
            "person_requests.life_days",
            number(1..=3650, "days"),
            "after how long a request that is still NEW is EXPIRED",
            |c| (c.person_requests.life.as_secs() / DAY).into(),
            |c, v| set(&mut c.person_requests.life, v.seconds(DAY)),
        ),
        Setting::new(
            "audit.keep_days",
            number(1..=3650, "days"),
            "how long the rows of audit are kept",
            |c| (c.audit.keep.as_secs() / DAY).into(),
            |c, v| set(&mut c.audit.keep, v.seconds(DAY)),
        ),
    ]
}

fn logging() -> Vec<Setting> {
    vec![
        Setting::new(
            "log.level",
            Takes::Text(Form::word::<LevelFilter>()),
            "the least important lines that are logged",
            |c| c.log.level.word().into(),
            |c, v| set(&mut c.log.level, v.word()),
        ),
        Setting::new(
            "log.format",
            Takes::Text(Form::word::<LogFormat>()),
            "what a line is; `auto` is text on a terminal and JSON for everything else",
            |c| c.log.format.word().into(),
            |c, v| set(&mut c.log.format, v.word()),
        ),
    ]
}
