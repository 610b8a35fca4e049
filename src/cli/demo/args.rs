//! The flags of `demo`, and the settings that they make.

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
use crate::config::{Config, DialectName, Value, Word, settings};
use crate::domain::CodeFormat;
use crate::domain::limits::{Limits, Rule};
use crate::sms::GatewayMode;

/// Codes made ahead of need: enough for a developer, and a laptop has other things to do at every start.
const READY: usize = 64;

/// Live clients of that dialect validate four digits.
const DEPLOYED_DIGITS: u8 = 4;

#[derive(Args)]
pub(in crate::cli) struct DemoArgs {
    /// The world to load instead of the built-in one (format: fixtures/README.md); each reset reads the file again.
    #[arg(long, value_name = "FILE")]
    pub(super) fixtures: Option<PathBuf>,
    /// How to answer where the public pages and the live system disagree.
    #[arg(long, value_name = "NAME", value_enum, default_value_t)]
    pub(super) dialect: DialectName,
    /// How many digits a code has, 4 to 10 [default: 6, or 4 with `--dialect deployed`, as live clients validate].
    #[arg(long, value_name = "NUMBER", value_parser = within(CodeFormat::BOUNDS, "digits"))]
    digits: Option<u8>,
    /// How long a code is good for, 1 to 600 seconds [default: 300].
    #[arg(long, value_name = "SECONDS", value_parser = within(1_u64..=600, "seconds"))]
    life: Option<u64>,
    /// How often a code may be tried, 1 to 5 times [default: 3].
    #[arg(long, value_name = "NUMBER", value_parser = within(1_u8..=5, "times"))]
    attempts: Option<u8>,
    /// Pause between two codes to one phone, instead of 60, 120, 300 and 900 seconds; 0 for none.
    #[arg(long, value_name = "SECONDS", conflicts_with = "no_limits", value_parser = within(0_u64..=86_400, "seconds"))]
    pause: Option<u64>,
    /// Limit neither sends nor wrong guesses. A code still has its attempts.
    #[arg(long)]
    no_limits: bool,
    /// How the gateway treats messages; `POST /demo/gateway` changes that while the demo runs.
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    pub(super) sms: GatewayMode,
    /// The directory of the demo's data, made anew at every start. One that no demo made is left alone.
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    pub(super) data: PathBuf,
    /// A name that it is called by, besides localhost, such as the one a container has; may be given more than once.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// An origin whose pages may call it through a development server's proxy; may be given more than once.
    #[arg(
        long = "allow-origin",
        value_name = "ORIGIN",
        value_parser = origin,
        help = "An origin whose pages may call it through a development server's proxy, such as http://localhost:5173; may be given more than once"
    )]
    pub(super) origins: Vec<String>,
    /// Let `--listen` name an address that is not loopback, for containers: everybody who reaches it can use the demo,
    /// whose tokens and keys are public.
    #[arg(long)]
    allow_remote: bool,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

impl DemoArgs {
    /// The settings of the demo.
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
        // A driver that hangs leaves time for another try.
        config.sms.timeout = config.sms.timeout.min(otp.rules.life / 2);
        Ok(())
    }

    fn set_listeners(&self, config: &mut Config) -> Result<(), CliError> {
        let listen = &self.common.listen;
        if !self.allow_remote
            && let Some(address) = listen.iter().find(|it| is_remote(it))
        {
            return Err(CliError::usage(format_args!(
                "--listen {address} is not a loopback address. Use 127.0.0.1 or [::1]: a demo's tokens are known to everybody. \
                 If everybody who can reach it may use it, as in a container, say so with --allow-remote."
            )));
        }
        if !listen.is_empty() {
            config.server.listen.clone_from(listen);
        }
        config.server.internal_allow_remote = self.allow_remote;
        let mut hosts = config.server.hosts.clone();
        // What is listened on is also what is called.
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

/// Whether other machines may reach it.
pub(super) fn is_remote(address: &SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}

/// An address as it stands in `Host` and in URLs.
pub(super) fn host_of(address: std::net::IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

/// Sets a setting, with its own words for what does not fit.
fn set(config: &mut Config, key: &str, flag: &str, value: &Value) -> Result<(), CliError> {
    let all = settings();
    let setting = all.iter().find(|setting| setting.key == key);
    let setting = setting.ok_or_else(|| CliError::software(format_args!("no setting {key}")))?;
    setting.set(config, value).map_err(|what| {
        let takes = setting.takes.in_words();
        CliError::usage(format_args!("{flag}: {key} {what}, but takes {takes}"))
    })
}

/// A whole number within these bounds.
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

/// Scheme, host and perhaps a port, as a browser writes it into `Origin`.
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
        <Self as Word>::ALL
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
