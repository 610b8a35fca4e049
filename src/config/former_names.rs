//! Names of former releases. Each is refused with the name that replaced it.

use toml::de::DeTable;

use super::drivers::{DriverName, PLACEHOLDER, RECEIPTS, SECTION, section_of};
use super::fault::{Fault, Source};
use super::sections::{Setting, gateway_settings, gateway_variable, settings_with};
use super::setting::PREFIX;
use super::suggest;

/// A setting that was replaced by others.
pub(super) struct Replaced {
    key: &'static str,
    /// What replaced it, to be read behind the key.
    pub(super) what: &'static str,
    by: &'static [&'static str],
}

const REPLACED: [Replaced; 1] = [Replaced {
    key: "sms.template",
    what: "is a section now, with a text for each purpose of a code",
    by: &["sms.template.approval", "sms.template.verification"],
}];

/// The section that the sections of gateways stood in.
const FORMER_SECTION: &str = "sms";

/// The replaced setting of this key.
pub(super) fn replaced(key: &str) -> Option<&'static Replaced> {
    REPLACED.iter().find(|replaced| replaced.key == key)
}

impl Replaced {
    /// What to write into a file.
    pub(super) fn remedy(&self) -> String {
        format!("Write {} in its place.", self.by.join(" and "))
    }

    /// What to set in the environment.
    pub(super) fn remedy_in_variables(&self) -> String {
        let variable = |key: &&str| format!("{PREFIX}{}", key.replace('.', "__").to_uppercase());
        let by: Vec<_> = self.by.iter().map(variable).collect();
        format!("Set {} in its place.", by.join(" and "))
    }
}

/// The gateway's name in the key of a section that was a gateway's, `sms.NAME`. A misspelt name of another section of `sms`
/// is no gateway, unless the section has a setting of gateways.
pub(super) fn gateway_in_section<'k>(key: &'k str, table: &DeTable<'_>) -> Option<&'k str> {
    let name = key.strip_prefix(FORMER_SECTION)?.strip_prefix('.')?;
    let rows = sms_settings();
    let is_typo = || suggest::section(&rows, key).is_some_and(|near| suggest::is_near(key, near));
    let was_gateway =
        !name.contains('.') && !is_of_sms(name) && (has_setting_of_gateway(table) || !is_typo());
    was_gateway.then_some(name)
}

/// The gateway's name and the rest in the name of a variable that was a gateway's.
pub(super) fn gateway_in_variable(variable: &str) -> Option<(&str, &str)> {
    let (name, rest) = gateway_variable(variable, FORMER_SECTION)?;
    (!is_of_sms(&name.to_ascii_lowercase())).then_some((name, rest))
}

/// The name of the variable that replaced a gateway's.
pub(super) fn variable_now(variable: &str) -> Option<String> {
    let (name, rest) = gateway_in_variable(variable)?;
    Some(format!("{PREFIX}{}__{name}__{rest}", SECTION.to_ascii_uppercase()))
}

/// The name that replaced the name of a gateway's credential, and the gateway's name in it.
pub(super) fn credential_now(credential: &str) -> Option<(String, &str)> {
    let rest = credential.strip_prefix(FORMER_SECTION)?.strip_prefix('.')?;
    let name = rest.strip_suffix(RECEIPTS).and_then(|it| it.strip_suffix('.')).unwrap_or(rest);
    DriverName::can_be_gateway(name).then(|| (section_of(rest), name))
}

/// The fault of a section that was the gateway's of this name, or was `inner` in it. `written` is its key in the file.
pub(super) fn section_fault(written: &str, name: &str, inner: &str, source: Source) -> Fault {
    let (name, rule) = if DriverName::can_be_gateway(name) {
        (name, String::new())
    } else {
        (PLACEHOLDER, format!(" {}", DriverName::GATEWAY_RULE))
    };
    let now = format!("{}{inner}", section_of(name));
    Fault {
        source,
        key: written.to_owned(),
        what: "is a gateway's section of former releases".into(),
        remedy: format!("Write [{now}] in its place.{rule}"),
        meant: Some(now),
    }
}

/// Whether `sms` has a section or a setting of this name.
fn is_of_sms(name: &str) -> bool {
    let key = format!("{FORMER_SECTION}.{name}");
    let is_it = |setting: &Setting| setting.key == key || setting.section_and_name().0 == key;
    sms_settings().iter().any(is_it)
}

/// The settings of `sms.*`.
fn sms_settings() -> Vec<Setting> {
    let mut settings = settings_with([]);
    settings.retain(|setting| setting.key.starts_with("sms."));
    settings
}

fn has_setting_of_gateway(table: &DeTable<'_>) -> bool {
    let start = format!("{}.", section_of(PLACEHOLDER));
    let rows = gateway_settings(PLACEHOLDER);
    let mut names = rows.iter().filter_map(|row| row.key.strip_prefix(&start)?.split('.').next());
    names.any(|name| table.contains_key(name))
}
