use super::load::Effective;
use super::setting::Setting;
use super::table::settings_with;

impl Effective {
    /// Every setting there is, with those of the gateways that it has.
    pub fn settings(&self) -> Vec<Setting> {
        settings_with(self.config.sms.gateways.iter().map(|gateway| gateway.name.as_str()))
    }

    /// Every setting as TOML, with where it comes from. A secret is left out, but for a word that it is set.
    pub fn to_toml(&self) -> String {
        let mut lines = vec!["# Every setting, and where its value comes from.".to_owned()];
        let mut section = String::new();
        for setting in self.settings() {
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
