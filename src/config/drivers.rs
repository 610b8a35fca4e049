//! Names of drivers and gateways, and the keys of a gateway's settings.

use std::fmt;
use std::str::FromStr;

use super::value::text_value;

/// The section with a section for each gateway.
pub(super) const SECTION: &str = "gateway";
/// The section within a gateway's for its receipts.
pub(super) const RECEIPTS: &str = "receipts";
/// Stands for the name of a gateway in the table of settings. It is no valid name.
pub(super) const PLACEHOLDER: &str = "NAME";

/// A driver in `sms.drivers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverName {
    /// `console` prints messages, with code and number in clear.
    Console,
    /// `file` appends messages to `sms.file.path`, with code and number in clear.
    File,
    /// The gateway of `[gateway.NAME]` with this name.
    Gateway(String),
}

/// The text is no name of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDriver;

/// The longest name of a gateway, in bytes.
const LONGEST_NAME: usize = 32;

/// Names of the other drivers.
const RESERVED: [&str; 2] = ["console", "file"];

impl DriverName {
    /// Describes the names of gateways.
    pub(super) const GATEWAY_RULE: &str = "A gateway's name is up to 32 small letters and digits, a letter first, with \
        single - or _ between them, and neither `console` nor `file`.";

    /// Whether a gateway can have this name: small letters and digits, a letter first, with single hyphens or underscores
    /// between them. In the name of an environment variable two underscores end it.
    pub fn can_be_gateway(text: &str) -> bool {
        let is_plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        text.len() <= LONGEST_NAME
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.split(['-', '_']).all(is_plain)
            && !RESERVED.contains(&text)
    }
}

impl FromStr for DriverName {
    type Err = NoDriver;

    fn from_str(text: &str) -> Result<Self, NoDriver> {
        match text {
            "console" => Ok(Self::Console),
            "file" => Ok(Self::File),
            name if Self::can_be_gateway(name) => Ok(Self::Gateway(name.to_owned())),
            _ => Err(NoDriver),
        }
    }
}

impl fmt::Display for DriverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Console => "console",
            Self::File => "file",
            Self::Gateway(name) => name,
        })
    }
}

text_value!(DriverName);

/// The section of the gateway of this name.
pub(super) fn section_of(name: &str) -> String {
    format!("{SECTION}.{name}")
}

/// The key of a setting of the gateway of this name.
pub(super) fn key_of(name: &str, key: &str) -> String {
    format!("{SECTION}.{name}.{key}")
}

/// A gateway's name in the name of an environment variable, which has no hyphens.
pub(super) fn name_in_variable(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_s_name_is_plain() {
        for name in [
            "a",
            "queue",
            "template",
            "backup",
            "turbo-sms",
            "gw_2",
            "a1-b2_c3",
            &"a".repeat(LONGEST_NAME),
        ] {
            assert!(DriverName::can_be_gateway(name), "{name}");
        }
        let long = "a".repeat(LONGEST_NAME + 1);
        let others = ["", "A", "1a", "-a", "a-", "a_", "a--b", "a__b", "a-_b", "a.b", "a b", "ї"];
        for name in others.into_iter().chain(RESERVED).chain([long.as_str(), "NAME"]) {
            assert!(!DriverName::can_be_gateway(name), "{name}");
        }
    }

    #[test]
    fn a_name_stands_in_a_variable() {
        assert_eq!(name_in_variable("turbo-sms_2"), "TURBO_SMS_2");
    }
}
