use std::collections::BTreeMap;

use super::clear;
use super::fault::Source;
use super::sections::Config;
use super::setting::Setting;
use super::table::settings_with;

/// A configuration, and where each of its values comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// What a node runs with.
    pub config: Config,
    /// By key; what is not in it is a default.
    pub(super) sources: BTreeMap<String, Source>,
}

impl Effective {
    /// Where the setting of this key comes from.
    pub fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or_default()
    }

    /// Every setting there is, with those of the gateways that it has.
    pub fn settings(&self) -> Vec<Setting> {
        settings_with(self.config.sms.gateways.iter().map(|gateway| gateway.name.as_str()))
    }

    /// Every setting as TOML, with where it comes from. What has a secret in it is left out, but for a word that it is set.
    pub fn to_toml(&self) -> String {
        let mut lines = vec!["# Every setting, and where its value comes from.".to_owned()];
        let mut section = String::new();
        let in_clear: Vec<_> = self.config.sms.gateways.iter().flat_map(clear::told).collect();
        for setting in self.settings() {
            let is_told = in_clear.iter().any(|key| *key == setting.key);
            let setting = if is_told { setting.secret() } else { setting };
            let (its_section, _) = setting.section_and_name();
            if its_section != section {
                its_section.clone_into(&mut section);
                lines.push(format!("\n[{section}]"));
            }
            lines.push(setting.to_toml(&self.config, &self.source(&setting.key)));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}
