//! The flags of `demo`, and the settings made from them.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use crate::cli::CliError;
use crate::cli::settings::CommonArgs;
use crate::config::{Config, DialectName, Keyword, Value, settings};
use crate::domain::CodeFormat;
use crate::domain::limits::{Limits, Rule};
use crate::sms::GatewayMode;

/// Codes that are hashed at the start. A developer needs few, and hashing keeps a laptop busy.
const READY: usize = 64;

/// Clients of the live system accept codes of four digits only.
const DEPLOYED_DIGITS: u8 = 4;

#[derive(Args)]
pub(in crate::cli) struct DemoArgs {
    /// World to load instead of the built-in one (format: fixtures/README.md); each reset reads the file again.
    #[arg(long, value_name = "FILE")]
    pub(super) fixtures: Option<PathBuf>,
    /// Wording of answers where the public pages and the live system disagree.
    #[arg(long, value_name = "NAME", value_enum, default_value_t)]
    pub(super) dialect: DialectName,
    /// Digits of a code, 4 to 10 [default: 6, or 4 with `--dialect deployed`, as live clients expect].
    #[arg(long, value_name = "NUMBER", value_parser = within(CodeFormat::BOUNDS, "digits"))]
    digits: Option<u8>,
    /// Seconds until a code expires, 1 to 600 [default: 300].
    #[arg(long, value_name = "SECONDS", value_parser = within(1_u64..=600, "seconds"))]
    life: Option<u64>,
    /// Attempts at a code, 1 to 5 [default: 3].
    #[arg(long, value_name = "NUMBER", value_parser = within(1_u8..=5, "times"))]
    attempts: Option<u8>,
    /// Pause between two codes to one phone, in place of 60, 120, 300 and 900 seconds; 0 for none.
    #[arg(long, value_name = "SECONDS", conflicts_with = "no_limits", value_parser = within(0_u64..=86_400, "seconds"))]
    pause: Option<u64>,
    /// Limit neither sends nor wrong guesses. `--attempts` still holds for each code.
    #[arg(long)]
    no_limits: bool,
    /// Behaviour of the gateway; `POST /demo/gateway` changes it while the demo runs.
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    pub(super) sms: GatewayMode,
    /// Directory of the demo's data, emptied at every start. A directory that no demo made is refused.
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    pub(super) data: PathBuf,
    /// Further name that requests may have in `Host`, such as a container's; may be given more than once.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Origin of pages that call the demo through a proxy.
    #[arg(
        long = "allow-origin",
        value_name = "ORIGIN",
        value_parser = origin,
        help = "Origin of pages that may call the demo through a development server's proxy, such as http://localhost:5173; may be given more than once"
    )]
    pub(super) origins: Vec<String>,
    /// Allow `--listen` with an address that is not loopback, as in a container. The demo's tokens and keys are public, so
    /// every machine that reaches it can use it.
    #[arg(long)]
    allow_remote: bool,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

impl DemoArgs {
    /// Makes the configuration of the demo. The error is one of usage.
    pub(super) fn config(&self) -> Result<Config, CliError> {
        let mut config = Config { dialect: self.dialect, ..Config::default() };
        config.log.level = self.common.log.unwrap_or(LevelFilter::WARN);
        self.set_codes(&mut config)?;
        if self.no_limits {
            config.limits = Limits::none();
        } else if let Some(seconds) = self.pause {
            let rule = Rule::Escalating([Duration::from_secs(seconds); 4]);
            config.limits = config.limits.with("send_pause", rule).ok_or_else(|| {
                CliError::software("the limits table has lost its row `send_pause`")
            })?;
        }
        self.set_listeners(&mut config)?;
        Ok(config)
    }

    fn set_codes(&self, config: &mut Config) -> Result<(), CliError> {
        let otp = &mut config.otp;
        otp.ready = READY;
        let usual = match self.dialect {
            DialectName::Documented => None,
            DialectName::Deployed => Some(DEPLOYED_DIGITS),
        };
        if let Some(digits) = self.digits.or(usual) {
            otp.format = CodeFormat::new(digits)
                .ok_or_else(|| CliError::usage(format_args!("no code has {digits} digits")))?;
        }
        otp.rules.attempts = self.attempts.unwrap_or(otp.rules.attempts);
        otp.rules.life = self.life.map_or(otp.rules.life, Duration::from_secs);
        // A call that times out leaves time for a second one.
        config.sms.timeout = config.sms.timeout.min(otp.rules.life / 2);
        Ok(())
    }

    fn set_listeners(&self, config: &mut Config) -> Result<(), CliError> {
        let listen = &self.common.listen;
        if !self.allow_remote
            && let Some(address) = listen.iter().find(|it| is_remote(it))
        {
            return Err(CliError::usage(format_args!(
                "--listen {address} is not a loopback address. Use 127.0.0.1 or [::1]: a demo's tokens are public. \
                 If every machine that reaches it may use it, as in a container, pass --allow-remote."
            )));
        }
        if !listen.is_empty() {
            config.server.listen.clone_from(listen);
        }
        config.server.internal_allow_remote = self.allow_remote;
        let mut hosts = config.server.hosts.clone();
        // Clients call the address that the demo listens on, so `Host` may have it.
        let named = listen.iter().filter(|it| is_remote(it) && !it.ip().is_unspecified());
        let named = named.map(|it| host_of(it.ip()));
        for host in self.hosts.iter().cloned().chain(named) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        set(config, "server.hosts", "--host", &Value::texts(hosts))
    }
}

/// Whether other machines can reach this address.
pub(super) fn is_remote(address: &SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

/// The address as it is written in `Host` and in URLs.
pub(super) fn host_of(address: std::net::IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

/// Sets a setting by its key. The error names `flag`, and has the setting's own words.
fn set(config: &mut Config, key: &str, flag: &str, value: &Value) -> Result<(), CliError> {
    let all = settings();
    let setting = all.iter().find(|setting| setting.key == key);
    let setting = setting.ok_or_else(|| CliError::software(format_args!("no setting {key}")))?;
    setting.set(config, value).map_err(|what| {
        let takes = setting.value_type.in_words();
        CliError::usage(format_args!("{flag}: {key} {what}, but takes {takes}"))
    })
}

/// Makes a parser of whole numbers within these bounds.
fn within<T>(
    bounds: RangeInclusive<T>,
    unit: &'static str,
) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| format!("it takes {} to {} {unit}", bounds.start(), bounds.end()))
    }
}

/// Parses `Origin` as browsers write it: scheme, host and perhaps a port.
fn origin(text: &str) -> Result<String, &'static str> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let is_good = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    match host {
        Some(host) if !host.is_empty() && host.bytes().all(is_good) => Ok(text.to_owned()),
        Some(_) | None => {
            Err("it takes scheme, host and port and nothing else, such as http://localhost:5173")
        }
    }
}

impl ValueEnum for DialectName {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()).help(match self {
            Self::Documented => "as the public pages say, to the letter",
            Self::Deployed => "as the live system was seen to answer",
        }))
    }
}

impl ValueEnum for GatewayMode {
    fn value_variants<'a>() -> &'a [Self] {
        <Self as Keyword>::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()).help(match self {
            Self::Ok => "it takes every message at once",
            Self::Slow => "it takes every message after three seconds",
            Self::Down => "it can't be reached: a message is `queued`, and `expired` with its code",
            Self::Refuse => "it refuses every message for good: `failed`",
            Self::Lost => {
                "it takes every message and its answer is lost: `uncertain`, and sent twice"
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_writes() {
        for text in ["http://localhost:5173", "https://mis.example", "http://[::1]:3000"] {
            assert!(origin(text).is_ok(), "{text}");
        }
        for text in
            ["", "null", "*", "localhost:5173", "http://", "http://a/", "ftp://a", "http://a b"]
        {
            assert!(origin(text).is_err(), "{text}");
        }
    }
}
