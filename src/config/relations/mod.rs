//! What has to hold between settings.

mod addresses;
mod bodies;
mod faults;
mod gateways;

use std::net::SocketAddr;

use faults::fault;

use super::drivers::DriverName;
use super::effective::Effective;
use super::fault::Fault;
use super::forms::CODE;
use super::gateway::{GatewayConfig, NumberFormat};
use super::sections::{Config, START_ABROAD};
use crate::domain::Segments;

/// What to do about a text that is too long.
const LONG: &str = "Shorten it, or set sms.allow_long_template = true and pay for several.";

struct Relation {
    /// Of which settings; the first is the one to speak of.
    keys: &'static [&'static str],
    /// Whether it matters only to a node that serves.
    is_for_serving: bool,
    /// What is wrong, if anything is.
    broken: fn(&Config) -> Option<String>,
    remedy: &'static str,
}

const RELATIONS: [Relation; 13] = [
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
        remedy: "Put a proxy that speaks TLS in front and set public.behind_proxy = true and public.trusted_proxies, or use 127.0.0.1 or [::1].",
    },
    Relation {
        keys: &["public.trusted_proxies", "public.behind_proxy"],
        is_for_serving: true,
        broken: |config| {
            let is_missing = config.public.behind_proxy && config.public.trusted_proxies.is_empty();
            is_missing.then(|| {
                "is empty, and with public.behind_proxy anybody who reaches the port could say whom to shut out".into()
            })
        },
        remedy: "Write where the proxy calls from: public.trusted_proxies = [\"127.0.0.1/32\", \"::1/128\"] for one on this \
                 machine.",
    },
    Relation {
        keys: &["public.trusted_proxies", "public.behind_proxy"],
        is_for_serving: true,
        broken: |config| {
            let is_idle = !config.public.behind_proxy && !config.public.trusted_proxies.is_empty();
            is_idle.then(|| "names a proxy, and public.behind_proxy says that there is none".into())
        },
        remedy: "Set public.behind_proxy = true, or take it out.",
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
        keys: &["sms.template.approval", "sms.allow_long_template", "otp.digits"],
        is_for_serving: false,
        broken: |config| too_long(&config.sms.template.approval, config),
        remedy: LONG,
    },
    Relation {
        keys: &["sms.template.verification", "sms.allow_long_template", "otp.digits"],
        is_for_serving: false,
        broken: |config| too_long(&config.sms.template.verification, config),
        remedy: LONG,
    },
    Relation {
        keys: &["sms.drivers", "sms.allow_plaintext_codes"],
        is_for_serving: true,
        broken: |config| {
            let shown = config.sms.drivers.iter().find_map(shows)?;
            (!config.sms.allow_plaintext_codes).then(|| shown.into())
        },
        remedy: "If that is what you want, say so with sms.allow_plaintext_codes = true or --allow-plaintext-codes. \
                 Patients are sent codes by a gateway: name one here, and write a section [gateway.NAME] for it.",
    },
    Relation {
        keys: &["sms.drivers", "sms.file.path"],
        is_for_serving: false,
        broken: |config| {
            let is_named = config.sms.drivers.contains(&DriverName::File);
            (is_named && config.sms.file.is_none())
                .then(|| "has `file`, and which file that is is not set".into())
        },
        remedy: "Write its path: [sms.file] path = \"/var/lib/esoz-otp/sms.ndjson\".",
    },
    Relation {
        keys: &["sms.drivers"],
        is_for_serving: false,
        broken: |config| {
            let unknown = config.sms.drivers.iter().find_map(|driver| unknown(driver, config))?;
            Some(format!(
                "has `{unknown}`, and there is no section [gateway.{unknown}] that says what that is"
            ))
        },
        remedy: "Write one, with url and body of the gateway, or with preset = \"turbosms\", sender and secret_file. \
                 Of the program's own are `console` and `file`.",
    },
    Relation {
        keys: &["otp.refused_prefixes"],
        is_for_serving: false,
        broken: |config| {
            let is_national = |gateway: &&GatewayConfig| gateway.number == NumberFormat::National;
            let gateway = config.sms.gateways.iter().find(is_national)?;
            let is_refused = config.otp.refused_prefixes.iter().any(|start| start == START_ABROAD);
            (!is_refused).then(|| {
                format!(
                    "has no \"{START_ABROAD}\", and gateway.{} writes numbers as `national`: +380029012345 would be \
                     0029012345, a call abroad",
                    gateway.name
                )
            })
        },
        remedy: "Put \"+3800\" into it, or take number = \"plus\" or \"digits\" for that gateway.",
    },
    Relation {
        keys: &["otp.allowed_prefixes", "otp.refused_prefixes"],
        is_for_serving: false,
        broken: |config| {
            let refused = |start: &String| {
                let mut all = config.otp.refused_prefixes.iter();
                Some((start.clone(), all.find(|refused| start.starts_with(*refused))?))
            };
            let (allowed, refused) = config.otp.allowed_prefixes.iter().find_map(refused)?;
            Some(format!(
                "has \"{allowed}\", and otp.refused_prefixes has \"{refused}\": no number that begins so gets a code"
            ))
        },
        remedy: "Take it out of one of them.",
    },
    Relation {
        keys: &["sms.timeout_seconds", "otp.life_seconds"],
        is_for_serving: false,
        broken: |config| {
            let (timeout, life) = (config.sms.timeout.as_secs(), config.otp.rules.life.as_secs());
            let what = format!("is {timeout}, and a code lives for {life} seconds, no longer");
            (timeout >= life).then_some(what)
        },
        remedy: "Make it shorter than otp.life_seconds, so that a driver that hangs leaves time for another attempt.",
    },
];

/// What a driver shows that others might see.
fn shows(driver: &DriverName) -> Option<&'static str> {
    match driver {
        DriverName::Console => Some("has `console`, which prints codes and numbers in clear"),
        DriverName::File => Some("has `file`, which keeps codes and numbers in clear"),
        DriverName::Gateway(_) => None,
    }
}

/// The name of a gateway that nobody has described.
fn unknown<'a>(driver: &'a DriverName, config: &Config) -> Option<&'a str> {
    match driver {
        DriverName::Gateway(name) => {
            let is_described = config.sms.gateways.iter().any(|gateway| gateway.name == *name);
            (!is_described).then_some(name)
        }
        DriverName::Console | DriverName::File => None,
    }
}

/// Those that do not hold, but for those of settings that are wrong already; none when part of what was set could not be
/// read.
pub(super) fn broken(effective: &Effective, is_to_serve: bool, faults: &[Fault]) -> Vec<Fault> {
    if faults.iter().any(|fault| fault.key.is_empty()) {
        return Vec::new();
    }
    let judged = RELATIONS.iter().filter(|relation| is_to_serve || !relation.is_for_serving);
    let of_the_node = judged.filter_map(|Relation { keys, broken, remedy, .. }| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        fault(effective, faults, keys, || broken(&effective.config), remedy)
    });
    of_the_node.chain(gateways::broken(effective, faults)).collect()
}

/// An address that other machines may reach.
fn remote(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    addresses.iter().copied().find(|address| !address.ip().to_canonical().is_loopback())
}

/// What is wrong with a text that takes more than one segment with its code.
fn too_long(template: &str, config: &Config) -> Option<String> {
    let code = "0".repeat(config.otp.format.digits());
    let Segments { length, room, parts } = Segments::of(&template.replace(CODE, &code));
    (parts > 1 && !config.sms.allow_long_template).then(|| {
        format!("makes messages of {length} characters, more than the {room} of one segment")
    })
}
