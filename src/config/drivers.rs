//! What sends messages, and what a gateway may be called.

use std::fmt;
use std::str::FromStr;

/// What sends messages: it is no [`Word`](super::Word), for gateways are called whatever an operator calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverName {
    /// Prints them, code and number in clear.
    Console,
    /// Appends them to a file, in clear too.
    File,
    /// Hands them to the gateway of this name.
    Gateway(String),
}

/// The text names no driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDriver;

/// The longest name of a gateway.
const LONGEST_NAME: usize = 32;

/// What a gateway can't be called: `sms.drivers` means another driver by it.
const RESERVED: [&str; 2] = ["console", "file"];

impl DriverName {
    /// What a gateway can be called, for people.
    pub(super) const GATEWAY_RULE: &str = "A gateway's name is up to 32 small letters and digits, a letter first, with \
        single - or _ between them, and neither `console` nor `file`.";

    /// Whether a gateway can be called this: small letters and digits, a letter first, with single hyphens or underscores
    /// between them. So it stands in a variable's name, too, where two underscores end it.
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
}
