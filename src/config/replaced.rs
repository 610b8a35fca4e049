//! Settings that there were once: whoever still writes one is told what has come in its place.

use super::setting::PREFIX;

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
