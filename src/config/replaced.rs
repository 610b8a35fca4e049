//! Settings that there were once: whoever still writes one is told what has come in its place.

use toml::de::DeTable;

use super::drivers::DriverName;
use super::fault::{Fault, Source};
use super::gateway_keys::{RECEIPTS, SECTION, section_of};
use super::gateways::{PLACEHOLDER, gateway, in_variable};
use super::messages::messages;
use super::nearest;
use super::setting::{PREFIX, Setting};

/// A setting that is none any more.
pub(super) struct Replaced {
    key: &'static str,
    /// What has become of it.
    pub(super) what: &'static str,
    by: &'static [&'static str],
}

const REPLACED: [Replaced; 1] = [Replaced {
    key: "sms.template",
    what: "is a section now, with a text for each purpose of a code",
    by: &["sms.template.approval", "sms.template.verification"],
}];

/// The section that sections of gateways stood in.
const FORMER_SECTION: &str = "sms";

/// The one of this key.
pub(super) fn replaced(key: &str) -> Option<&'static Replaced> {
    REPLACED.iter().find(|replaced| replaced.key == key)
}

impl Replaced {
    /// What to write in a file.
    pub(super) fn remedy(&self) -> String {
        format!("Write {} in its place.", self.by.join(" and "))
    }

    /// The same in an environment.
    pub(super) fn remedy_in_variables(&self) -> String {
        let variable = |key: &&str| format!("{PREFIX}{}", key.replace('.', "__").to_uppercase());
        let by: Vec<_> = self.by.iter().map(variable).collect();
        format!("Set {} in its place.", by.join(" and "))
    }
}

/// The gateway's name in the key of a section of a file, `sms.NAME`, that was a gateway's. A slip of the hand in the name of
/// another section of `sms` is none, unless a setting of a gateway stands below it.
pub(super) fn gateway_in_section<'k>(key: &'k str, table: &DeTable<'_>) -> Option<&'k str> {
    let name = key.strip_prefix(FORMER_SECTION)?.strip_prefix('.')?;
    let rows = messages();
    let is_slip = || nearest::section(&rows, key).is_some_and(|near| nearest::is_near(key, near));
    let was_gateway = !name.contains('.')
        && !is_of_messages(name)
        && (has_setting_of_gateway(table) || !is_slip());
    was_gateway.then_some(name)
}

/// The gateway's name and the rest in the name of a variable that set a gateway's setting.
pub(super) fn gateway_in_variable(variable: &str) -> Option<(&str, &str)> {
    let (name, rest) = in_variable(variable, FORMER_SECTION)?;
    (!is_of_messages(&name.to_ascii_lowercase())).then_some((name, rest))
}

/// The name of the variable that sets now what this one did.
pub(super) fn variable_now(variable: &str) -> Option<String> {
    let (name, rest) = gateway_in_variable(variable)?;
    Some(format!("{PREFIX}{}__{name}__{rest}", SECTION.to_ascii_uppercase()))
}

/// The name that a gateway's credential has now, and the gateway's in it, if this was the name of one.
pub(super) fn credential_now(credential: &str) -> Option<(String, &str)> {
    let rest = credential.strip_prefix(FORMER_SECTION)?.strip_prefix('.')?;
    let name = rest.strip_suffix(RECEIPTS).and_then(|it| it.strip_suffix('.')).unwrap_or(rest);
    DriverName::can_be_gateway(name).then(|| (section_of(rest), name))
}

/// The fault of a section `written` in a file that was the gateway's of this name, or stood in it as `inner`.
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
fn is_of_messages(name: &str) -> bool {
    let key = format!("{FORMER_SECTION}.{name}");
    let is_it = |setting: &Setting| setting.key == key || setting.section_and_name().0 == key;
    messages().iter().any(is_it)
}

fn has_setting_of_gateway(table: &DeTable<'_>) -> bool {
    let start = format!("{}.", section_of(PLACEHOLDER));
    let rows = gateway(PLACEHOLDER);
    let mut names = rows.iter().filter_map(|row| row.key.strip_prefix(&start)?.split('.').next());
    names.any(|name| table.contains_key(name))
}
