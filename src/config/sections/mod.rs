//! The sections of the configuration. Each file has the settings of one or two sections, with their defaults, rows of the
//! table and rules.

pub(in crate::config) mod gateway;
mod limits;
mod log;
mod otp;
mod retention;
mod server;
mod sms;
mod store;

use std::borrow::Cow;
use std::net::SocketAddr;

use strum::{Display, IntoStaticStr, VariantArray};

pub use self::log::{LogConfig, LogFormat};
pub(super) use gateway::GatewayConfig;
pub use otp::{Argon2Cost, NotSentTo, OtpConfig};
pub use retention::{AuditConfig, PersonRequestsConfig};
pub use server::{AdminConfig, PublicConfig, ServerConfig};
pub use sms::{CODE, SmsConfig, Templates};
pub use store::{DataConfig, KeysConfig, StoreConfig};

use super::cross_check::{CheckContext, CrossCheck};
use super::drivers::{PLACEHOLDER, SECTION, key_of};
use super::fault::Fault;
use super::keyword::keyword;
use super::setting::{PREFIX, Row, Section as _, section};
use super::value_type;
use crate::domain::Segments;
use crate::domain::limits::Limits;
use gateway::NumberFormat;
use otp::ABROAD_PREFIX;

section! {
    /// The whole configuration. [`Config::default`] has the default of every setting.
    pub struct Config {
        /// Wording of answers: as the public pages have it, or as the live system was seen to answer.
        dialect: DialectName = DialectName::default() => ["dialect", value_type::keyword::<DialectName>()],
        /// `server.*`: the internal listener.
        server: ServerConfig = ServerConfig::default() => nested,
        /// `public.*`: the public listener.
        public: PublicConfig = PublicConfig::default() => nested,
        /// `admin.*`: the Unix socket for administration.
        admin: AdminConfig = AdminConfig::default() => nested,
        /// `store.path`: the data directory.
        data: DataConfig = DataConfig::default() => nested,
        /// `store.*`: the database.
        store: StoreConfig = StoreConfig::default() => nested,
        /// `keys.*`: the keyring.
        keys: KeysConfig = KeysConfig::default() => nested,
        /// `otp.*`: one-time codes.
        otp: OtpConfig = OtpConfig::default() => nested,
        /// `limits.*`: limits of sends and guesses.
        limits: Limits = Limits::default() => nested,
        /// `sms.*` and `gateway.NAME.*`: messages.
        sms: SmsConfig = SmsConfig::default() => nested,
        /// `person_requests.*`.
        person_requests: PersonRequestsConfig = PersonRequestsConfig::default() => nested,
        /// `audit.*`.
        audit: AuditConfig = AuditConfig::default() => nested,
        /// `log.*`.
        log: LogConfig = LogConfig::default() => nested,
    }
}

/// A wording of answers. The public pages and the live system disagree, and each program was written against one of them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Display, VariantArray, IntoStaticStr,
)]
#[strum(serialize_all = "lowercase")]
pub enum DialectName {
    /// As the public pages have it, to the letter.
    #[default]
    Documented,
    /// As the live system was seen to answer.
    Deployed,
}

impl DialectName {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Documented, Self::Deployed];
}

keyword!(DialectName);

/// A row of the table of settings.
pub type Setting = Row<Config>;

/// The table of settings, in the order in which they are shown. The settings of a gateway are there once, with `NAME` in
/// their keys.
pub fn settings() -> Vec<Setting> {
    settings_with([PLACEHOLDER])
}

/// The table of settings of a configuration with gateways of these names.
pub fn settings_with<'a>(gateways: impl IntoIterator<Item = &'a str>) -> Vec<Setting> {
    let mut settings = Config::rows();
    let last_of_sms = settings.iter().rposition(|setting| setting.key.starts_with("sms."));
    let after_sms = last_of_sms.map_or(0, |last| last + 1);
    settings.splice(after_sms..after_sms, gateways.into_iter().flat_map(gateway_settings));
    settings
}

/// The settings of the gateway of this name. Setting one adds the gateway to the configuration.
pub(super) fn gateway_settings(name: &str) -> Vec<Setting> {
    let setting = |row: Row<GatewayConfig>| {
        let key = key_of(name, &row.key).into();
        let (read, written) = (name.to_owned(), name.to_owned());
        row.within(
            key,
            move |config: &Config| match config.sms.gateways.iter().find(|it| it.name == read) {
                Some(gateway) => Cow::Borrowed(gateway),
                None => Cow::Owned(GatewayConfig::named(&read)),
            },
            move |config| gateway_mut(&mut config.sms.gateways, &written),
        )
    };
    GatewayConfig::rows().into_iter().map(setting).collect()
}

fn gateway_mut<'g>(gateways: &'g mut Vec<GatewayConfig>, name: &str) -> &'g mut GatewayConfig {
    let found = gateways.iter().position(|gateway| gateway.name == name);
    let at = found.unwrap_or_else(|| {
        gateways.push(GatewayConfig::named(name));
        gateways.len() - 1
    });
    &mut gateways[at]
}

/// The gateway's name and the setting's in the name of a variable, `ESOZ_OTP__SECTION__NAME__SETTING`, if gateways have
/// such a setting.
pub(super) fn gateway_variable<'v>(variable: &'v str, section: &str) -> Option<(&'v str, &'v str)> {
    let start = |section: &str| format!("{PREFIX}{}__", section.to_ascii_uppercase());
    let (name, rest) = variable.strip_prefix(&start(section))?.split_once("__")?;
    let of_any = format!("{}{PLACEHOLDER}__", start(SECTION));
    let is_it = |setting: &Setting| setting.variable().strip_prefix(&of_any) == Some(rest);
    gateway_settings(PLACEHOLDER).iter().any(is_it).then_some((name, rest))
}

const LONG: &str = "Shorten it, or set sms.allow_long_template = true and pay for several.";

/// Rules between settings of different sections.
const CHECKS: [CrossCheck<Config>; 5] = [
    CrossCheck::for_serving(
        &["public.listen", "server.listen"],
        |config| {
            let is_taken = |address: &&SocketAddr| {
                address.port() != 0 && config.server.listen.contains(address)
            };
            let address = config.public.listen.iter().find(is_taken)?;
            Some(format!("has {address}, which server.listen has too"))
        },
        "Give each of them an address of its own.",
    ),
    CrossCheck::new(
        &["sms.template.approval", "sms.allow_long_template", "otp.digits"],
        |config| too_long(&config.sms.template.approval, config),
        LONG,
    ),
    CrossCheck::new(
        &["sms.template.verification", "sms.allow_long_template", "otp.digits"],
        |config| too_long(&config.sms.template.verification, config),
        LONG,
    ),
    CrossCheck::new(
        &["otp.refused_prefixes"],
        |config| {
            let is_national = |gateway: &&GatewayConfig| gateway.number == NumberFormat::National;
            let gateway = config.sms.gateways.iter().find(is_national)?;
            let is_refused = config.otp.refused_prefixes.iter().any(|it| it == ABROAD_PREFIX);
            (!is_refused).then(|| {
                format!(
                    "has no \"{ABROAD_PREFIX}\", and gateway.{} writes numbers as `national`: +380029012345 would be \
                     0029012345, a call abroad",
                    gateway.name
                )
            })
        },
        "Put \"+3800\" into it, or set number = \"plus\" or \"digits\" for that gateway.",
    ),
    CrossCheck::new(
        &["sms.timeout_seconds", "otp.life_seconds"],
        |config| {
            let (timeout, life) = (config.sms.timeout.as_secs(), config.otp.rules.life.as_secs());
            let what = format!("is {timeout}, and a code lives for {life} seconds, no longer");
            (timeout >= life).then_some(what)
        },
        "Make it shorter than otp.life_seconds, so that a driver that hangs leaves time for another attempt.",
    ),
];

/// The faults of all rules. There are none if part of the configuration could not be read.
pub(super) fn cross_checks(config: &Config, context: &CheckContext<'_>) -> Vec<Fault> {
    if context.faults.iter().any(|fault| fault.key.is_empty()) {
        return Vec::new();
    }
    [
        context.faults_of(&server::SERVER_CHECKS, &config.server),
        context.faults_of(&server::PUBLIC_CHECKS, &config.public),
        context.faults_of(&otp::CHECKS, &config.otp),
        context.faults_of(&sms::CHECKS, &config.sms),
        context.faults_of(&CHECKS, config),
        gateway::checks::faults(&config.sms.gateways, context),
    ]
    .concat()
}

/// What is wrong with a text that makes more than one segment with its code.
fn too_long(template: &str, config: &Config) -> Option<String> {
    let code = "0".repeat(config.otp.format.digits());
    let Segments { length, room, parts } = Segments::of(&template.replace(CODE, &code));
    (parts > 1 && !config.sms.allow_long_template).then(|| {
        format!("makes messages of {length} characters, more than the {room} of one segment")
    })
}

#[cfg(test)]
mod tests {
    use super::super::keyword::Keyword as _;
    use super::*;

    #[test]
    fn a_dialect_is_known_by_its_word_and_by_no_other() {
        for name in DialectName::ALL {
            assert_eq!(DialectName::from_word(&name.to_string()), Some(name));
        }
        for word in ["", "Documented", "deployed ", "live"] {
            assert_eq!(DialectName::from_word(word), None, "{word:?}");
        }
        assert_eq!(DialectName::default(), DialectName::Documented);
    }
}
