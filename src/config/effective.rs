use super::cross_check::Sources;
use super::fault::Source;
use super::sections::gateway::plaintext_secrets;
use super::sections::{Config, Setting, settings_with};

/// A configuration and the source of each of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The configuration that a node runs with.
    pub config: Config,
    /// By key; a key that is missing has its default.
    pub(super) sources: Sources,
}

/// A setting of a running node, for its operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSetting {
    /// `section.key`.
    pub key: String,
    /// The value as TOML; `None` for a secret.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: String,
}

impl Effective {
    /// The source of the setting of this key.
    pub fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or_default()
    }

    /// Every setting, with those of the configured gateways.
    pub fn settings(&self) -> Vec<Setting> {
        settings_with(self.config.sms.gateways.iter().map(|gateway| gateway.name.as_str()))
    }

    /// Every setting with its value and source, for a report. A value with a secret in it is left out.
    pub fn shown(&self) -> Vec<ShownSetting> {
        let in_clear = self.keys_in_clear();
        let shown = |setting: Setting| {
            let is_secret = setting.is_secret || in_clear.iter().any(|key| *key == setting.key);
            ShownSetting {
                value: (!is_secret).then(|| setting.get(&self.config).to_string()),
                source: self.source(&setting.key).to_string(),
                key: setting.key.into_owned(),
            }
        };
        self.settings().into_iter().map(shown).collect()
    }

    /// The settings of gateways that have a secret in clear.
    fn keys_in_clear(&self) -> Vec<String> {
        self.config.sms.gateways.iter().flat_map(plaintext_secrets::keys).collect()
    }

    /// Every setting as TOML, with its source in a comment. A value with a secret in it is a comment only.
    pub fn to_toml(&self) -> String {
        let mut lines = vec!["# Every setting, and where its value comes from.".to_owned()];
        let mut section = String::new();
        let in_clear = self.keys_in_clear();
        for setting in self.settings() {
            let is_in_clear = in_clear.iter().any(|key| *key == setting.key);
            let setting = if is_in_clear { setting.secret() } else { setting };
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
