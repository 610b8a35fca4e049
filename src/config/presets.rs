//! Ready-made settings of gateways. Each preset is a file with the lines that an operator would write below
//! `[gateway.NAME]`, and the public source of each line. A new one is a file and a variant of [`PresetName`].

use strum::{IntoStaticStr, VariantArray};
use toml::de::{DeTable, DeValue};

use super::drivers::section_of;
use super::fault::Source;
use super::keyword::{Keyword as _, keyword};
use super::value::{SourcedValue, Value};

/// The name of a preset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum PresetName {
    /// No ready-made settings.
    #[default]
    None,
    /// Settings for the HTTP API of turbosms.ua.
    TurboSms,
}

keyword!(PresetName);

impl PresetName {
    fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::TurboSms => include_str!("presets/turbosms.toml"),
        }
    }

    /// The values that it sets for the gateway of this name.
    pub(super) fn values(self, gateway: &str) -> Vec<SourcedValue> {
        let table = DeTable::parse(self.text()).expect("it is our own file, and a test reads it");
        let mut values = Vec::new();
        self.flatten(&section_of(gateway), table.get_ref(), &mut values);
        values
    }

    /// Adds the values of a section and of the sections in it.
    fn flatten(self, section: &str, table: &DeTable<'_>, values: &mut Vec<SourcedValue>) {
        for (name, value) in table {
            let key = format!("{section}.{}", name.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                self.flatten(&key, inner, values);
            } else {
                let value = Value::from_toml(value.get_ref());
                values.push(SourcedValue { key, value, source: Source::Preset(self.word()) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sections::{Config, gateway_settings};
    use crate::domain::VendorStatus;

    /// A delivery shows the verdict.
    #[test]
    fn every_verdict_of_a_preset_is_a_word_that_can_be_shown() {
        let lists = [
            "taken",
            "not_taken",
            "refused",
            "taken_before",
            "receipts.delivered",
            "receipts.undelivered",
            "receipts.underway",
        ];
        for preset in PresetName::ALL.iter().copied() {
            let values = preset.values("backup");
            let is_list =
                |key: &str| lists.iter().any(|list| key == format!("gateway.backup.{list}"));
            for SourcedValue { value, .. } in values.iter().filter(|it| is_list(&it.key)) {
                let words = value.items(|word| word.text().map(str::to_owned)).unwrap();
                assert!(words.iter().all(|word| VendorStatus::of(word).to_string() == *word));
            }
        }
    }

    #[test]
    fn every_preset_sets_what_there_is_and_as_it_is_taken() {
        for preset in PresetName::ALL.iter().copied() {
            let mut config = Config::default();
            for SourcedValue { key, value, .. } in preset.values("backup") {
                let rows = gateway_settings("backup");
                let row = rows.iter().find(|row| row.key == key).unwrap_or_else(|| panic!("{key}"));
                assert_eq!(row.set(&mut config, &value), Ok(()), "{key}");
                assert_eq!(row.get(&config), value, "{key}");
            }
        }
    }
}
