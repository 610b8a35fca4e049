//! What somebody may have meant by a name that is none.

use super::clear;
use super::gateway_keys::SECTION;
use super::setting::Setting;
use crate::domain::is_similar;

/// Another section counts as so many letters that differ.
const OTHER_SECTION: usize = 2;

/// Fewer letters may begin anything.
const SHORTEST_START: usize = 3;

/// In a word of fewer letters, two that differ make another word.
const SHORT_WORD: usize = 5;

/// What somebody means who writes a token or password into a section.
const SECRET_FILE: &str = "secret_file";

/// The setting that is meant by this key, or by its name in another section, if one is near enough to be.
pub(super) fn setting<'a>(settings: &'a [Setting], key: &str) -> Option<&'a Setting> {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    if clear::is_name(name)
        && let Some(file) = named(settings, section, SECRET_FILE)
    {
        return Some(file);
    }
    let may_be_meant = |setting: &&Setting| {
        let (_, its_name) = setting.section_and_name();
        let is_its_start = name.len() >= SHORTEST_START && its_name.starts_with(name);
        is_its_start || is_similar(name, its_name)
    };
    settings.iter().filter(may_be_meant).min_by_key(|setting| {
        let (its_section, its_name) = setting.section_and_name();
        let elsewhere = if section == its_section { 0 } else { OTHER_SECTION };
        let through = strsim::osa_distance(key, &setting.key);
        // Somebody may have left off the unit.
        let is_its_start = !name.is_empty() && its_name.starts_with(name);
        let by_name = if is_its_start { 1 } else { strsim::osa_distance(name, its_name) };
        through.min(by_name + elsewhere)
    })
}

/// Whether a slip of the hand, or a unit that was left off, makes this key of that one.
pub(super) fn is_slip(key: &str, setting: &Setting) -> bool {
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let (its_section, its_name) = setting.section_and_name();
    let unit_left_off = its_name.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
    is_near(key, &setting.key) || (section == its_section && unit_left_off)
}

/// Whether a slip of the hand makes one word of the other.
pub(super) fn is_near(word: &str, other: &str) -> bool {
    let most = if other.len() < SHORT_WORD { 1 } else { 2 };
    strsim::osa_distance(word, other) <= most
}

/// The setting of this name in a section, which a variable writes without hyphens.
fn named<'a>(settings: &'a [Setting], section: &str, name: &str) -> Option<&'a Setting> {
    let in_variable = |section: &str| section.replace('-', "_");
    settings.iter().find(|setting| {
        let (its_section, its_name) = setting.section_and_name();
        its_name == name && in_variable(its_section) == in_variable(section)
    })
}

/// The setting whose variable this one is but for its underscores.
pub(super) fn variable<'a>(settings: &'a [Setting], name: &str) -> Option<&'a Setting> {
    let letters = |name: &str| name.replace('_', "");
    let wanted = letters(name);
    settings.iter().find(|setting| letters(&setting.variable()) == wanted)
}

/// The section whose name is nearest to this one, if one is near.
pub(super) fn section<'a>(settings: &'a [Setting], name: &str) -> Option<&'a str> {
    let sections = settings.iter().map(|setting| setting.section_and_name().0).chain([SECTION]);
    let named = sections.filter(|section| !section.is_empty() && is_similar(section, name));
    named.min_by_key(|section| strsim::osa_distance(section, name))
}
