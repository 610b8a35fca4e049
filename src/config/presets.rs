//! Ready-made settings of gateways: a file each, written as somebody would write it below `[gateway.NAME]`, with where each
//! of its claims comes from. A new one is a file and a row.

use toml::de::{DeTable, DeValue};

use super::fault::Source;
use super::gateway_keys::section_of;
use super::given::Given;
use super::names::Word;
use super::value::Value;

/// Whose ready-made settings a gateway starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PresetName {
    /// Nobody's.
    #[default]
    None,
    /// Those for the HTTP API of turbosms.ua.
    TurboSms,
}

impl Word for PresetName {
    const ALL: &'static [Self] = &[Self::None, Self::TurboSms];

    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::TurboSms => "turbosms",
        }
    }
}

impl PresetName {
    fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::TurboSms => include_str!("presets/turbosms.toml"),
        }
    }

    /// What it sets of the gateway of this name.
    pub(super) fn given(self, gateway: &str) -> Vec<Given> {
        let mut given = Vec::new();
        let table = DeTable::parse(self.text()).expect("it is our own file, and a test reads it");
        flatten(&section_of(gateway), table.get_ref(), &mut given);
        let source = Source::Preset(self.word());
        given.into_iter().map(|(key, value)| Given { key, value, source: source.clone() }).collect()
    }
}

/// Every value of a section and of those in it.
fn flatten(section: &str, table: &DeTable<'_>, given: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let key = format!("{section}.{}", name.get_ref());
        if let DeValue::Table(inner) = value.get_ref() {
            flatten(&key, inner, given);
        } else {
            given.push((key, Value::from_toml(value.get_ref())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::gateways::gateway;
    use crate::config::sections::Config;
    use crate::domain::VendorStatus;

    /// They are shown to whoever asks what became of a message.
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
        for preset in PresetName::ALL {
            let given = preset.given("backup");
            let is_list =
                |key: &str| lists.iter().any(|list| key == format!("gateway.backup.{list}"));
            for Given { value, .. } in given.iter().filter(|given| is_list(&given.key)) {
                let words = value.items(|word| word.text().map(str::to_owned)).unwrap();
                assert!(words.iter().all(|word| VendorStatus::of(word).to_string() == *word));
            }
        }
    }

    #[test]
    fn every_preset_sets_what_there_is_and_as_it_is_taken() {
        for preset in PresetName::ALL {
            let mut config = Config::default();
            for Given { key, value, .. } in preset.given("backup") {
                let rows = gateway("backup");
                let row = rows.iter().find(|row| row.key == key).unwrap_or_else(|| panic!("{key}"));
                assert_eq!(row.set(&mut config, &value), Ok(()), "{key}");
                assert_eq!(row.get(&config), value, "{key}");
            }
        }
    }
}
