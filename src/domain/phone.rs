use std::fmt;

use serde::{Deserialize, Serialize};

/// A Ukrainian phone number, `^\+380[0-9]{9}$`, stored as the nine digits after `+380`.
///
/// [`Phone::full`] is for the patient's own answer and for SMS drivers. [`Phone::masked`], `Display` and `Debug` hide
/// five digits: every other use prints those.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Phone(u32);

/// A masked number such as `+38093*****85`: the first six and the last two characters, as `person_requests` mask it
/// (ehealth-ua/ehealth.api, `apps/core/lib/core/utils/phone.ex`). It holds only the four visible digits after `+380`,
/// so the number can't be restored from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct MaskedPhone(u16);

/// The text is not `+380` and nine digits. The error does not contain the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a phone number is +380 and nine digits")]
pub struct NotAPhone;

impl Phone {
    /// The pattern that an error of a body lists in `invalid[].rules[].params`.
    pub const PATTERN: &'static str = r"^\+380[0-9]{9}$";

    /// Reads `+380` and exactly nine ASCII digits; spaces and other spellings are `NotAPhone`.
    pub fn parse(text: &str) -> Result<Self, NotAPhone> {
        let digits = text.strip_prefix("+380").ok_or(NotAPhone)?;
        if digits.len() != 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAPhone);
        }
        digits.parse().map(Self).map_err(|_| NotAPhone)
    }

    /// All twelve digits with their `+`. It must not reach a log, an error or a metric.
    pub fn full(self) -> String {
        format!("+380{:09}", self.0)
    }

    /// The text of [`MaskedPhone`], for example `+38093*****85`.
    pub fn masked(self) -> String {
        MaskedPhone::from(self).to_string()
    }

    /// The nine digits after `+380` as a number, at most 999 999 999: the key of trees that are sorted by phone.
    pub const fn national(self) -> u32 {
        self.0
    }

    /// The first five digits after `+380`, shared by 10 000 numbers: the limit `sends_per_range` counts by it.
    pub const fn range(self) -> u32 {
        self.0 / 10_000
    }

    /// The first two digits after `+380`: the code of the mobile operator that issued the number, such as `93`.
    pub const fn start(self) -> u32 {
        self.0 / 10_000_000
    }

    /// The phone with these nine digits after `+380`; `None` above 999 999 999.
    pub fn from_national(number: u32) -> Option<Self> {
        (number <= 999_999_999).then_some(Self(number))
    }
}

impl TryFrom<u32> for Phone {
    type Error = NotAPhone;

    fn try_from(number: u32) -> Result<Self, NotAPhone> {
        Self::from_national(number).ok_or(NotAPhone)
    }
}

impl From<Phone> for u32 {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&MaskedPhone::from(*self), f)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&MaskedPhone::from(*self), f)
    }
}

impl From<Phone> for MaskedPhone {
    fn from(phone: Phone) -> Self {
        let (first, last) = (phone.0 / 10_000_000, phone.0 % 100);
        Self(u16::try_from(first * 100 + last).expect("two digits and two digits are four"))
    }
}

impl TryFrom<u16> for MaskedPhone {
    type Error = NotAPhone;

    fn try_from(digits: u16) -> Result<Self, NotAPhone> {
        if digits <= 9_999 { Ok(Self(digits)) } else { Err(NotAPhone) }
    }
}

impl From<MaskedPhone> for u16 {
    fn from(phone: MaskedPhone) -> Self {
        phone.0
    }
}

impl fmt::Display for MaskedPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+380{:02}*****{:02}", self.0 / 100, self.0 % 100)
    }
}

impl fmt::Debug for MaskedPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_canonical_form_only() {
        let phone = Phone::parse("+380958697084").unwrap();
        assert_eq!(phone.full(), "+380958697084");
        let zeros = Phone::parse("+380000000001").unwrap();
        assert_eq!(zeros.full(), "+380000000001");
        for text in [
            "",
            "380958697084",
            "+38095869708",
            "+3809586970840",
            "+380 58697084",
            "+38095869708٤",
            "+380+58697084",
            "+380-58697084",
            " +380958697084",
            "+380958697084\n",
        ] {
            assert_eq!(Phone::parse(text), Err(NotAPhone), "{text:?}");
        }
    }

    #[test]
    fn no_format_but_full_shows_the_number() {
        let phone = Phone::parse("+380938697085").unwrap();
        assert_eq!(format!("{phone} {phone:?}"), "+38093*****85 +38093*****85");
        let masked = MaskedPhone::from(Phone::parse("+380008697005").unwrap());
        assert_eq!(format!("{masked} {masked:?}"), "+38000*****05 +38000*****05");
    }
}
