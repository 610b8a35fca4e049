//! Suggests a known name for an unknown one.

use super::drivers::SECTION;
use super::sections::Setting;
use super::sections::gateway::plaintext_secrets;
use crate::domain::is_similar;

/// The distance of a name in another section, in letters that differ.
const OTHER_SECTION: usize = 2;

/// The shortest start of a name that counts as that name, in bytes.
const MIN_START: usize = 3;

/// In a word of fewer letters only one may differ.
const SHORT_WORD: usize = 5;

/// The setting that is meant by the name of a token or password.
const SECRET_FILE: &str = "secret_file";

/// The setting nearest to this key, by its key or by its name in any section, if it is near enough.
pub(super) fn setting<'a>(settings: &'a [Setting], key: &str) -> Option<&'a Setting> {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    if plaintext_secrets::is_name(name)
        && let Some(file) = setting_named(settings, section, SECRET_FILE)
    {
        return Some(file);
    }
    let is_near = |setting: &&Setting| {
        let (_, its_name) = setting.section_and_name();
        let is_its_start = name.len() >= MIN_START && its_name.starts_with(name);
        is_its_start || is_similar(name, its_name)
    };
    settings.iter().filter(is_near).min_by_key(|setting| {
        let (its_section, its_name) = setting.section_and_name();
        let elsewhere = if section == its_section { 0 } else { OTHER_SECTION };
        let through = strsim::osa_distance(key, &setting.key);
        // The unit may be missing: `timeout` for `timeout_seconds`.
        let is_its_start = !name.is_empty() && its_name.starts_with(name);
        let by_name = if is_its_start { 1 } else { strsim::osa_distance(name, its_name) };
        through.min(by_name + elsewhere)
    })
}

/// Whether the key is that of the setting but for a typing error or a missing unit.
pub(super) fn is_typo_of(key: &str, setting: &Setting) -> bool {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let (its_section, its_name) = setting.section_and_name();
    let lacks_unit = its_name.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
    is_near(key, &setting.key) || (section == its_section && lacks_unit)
}

/// Whether the words differ by a typing error.
pub(super) fn is_near(word: &str, other: &str) -> bool {
    let max = if other.len() < SHORT_WORD { 1 } else { 2 };
    strsim::osa_distance(word, other) <= max
}

/// The setting of this name in a section. Hyphens and underscores in the section's name count as the same.
fn setting_named<'a>(settings: &'a [Setting], section: &str, name: &str) -> Option<&'a Setting> {
    let in_variable = |section: &str| section.replace('-', "_");
    settings.iter().find(|setting| {
        let (its_section, its_name) = setting.section_and_name();
        its_name == name && in_variable(its_section) == in_variable(section)
    })
}

/// The setting with this variable, which may have more or fewer underscores, such as `ESOZ_OTP_OTP__DIGITS`.
pub(super) fn variable<'a>(settings: &'a [Setting], name: &str) -> Option<&'a Setting> {
    let letters = |name: &str| name.replace('_', "");
    let wanted = letters(name);
    settings.iter().find(|setting| letters(&setting.variable()) == wanted)
}

/// The section with the nearest name, if it is near enough.
pub(super) fn section<'a>(settings: &'a [Setting], name: &str) -> Option<&'a str> {
    let sections = settings.iter().map(|setting| setting.section_and_name().0).chain([SECTION]);
    let named = sections.filter(|section| !section.is_empty() && is_similar(section, name));
    named.min_by_key(|section| strsim::osa_distance(section, name))
}
