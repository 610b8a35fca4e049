use std::fmt::{self, Write as _};
use std::ops::RangeInclusive;

use zeroize::Zeroizing;

/// A one-time code in clear: 4 to 10 ASCII digits. Its memory is wiped on drop, and only [`Code::reveal`] prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Zeroizing<String>);

/// The number of digits of a code: the setting `otp.digits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeFormat {
    digits: u8,
}

/// The text is not a code: its length differs from `otp.digits`, or a character is not a digit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code is a fixed number of digits")]
pub struct MalformedCode;

impl CodeFormat {
    /// The bounds of the setting `otp.digits`: 4 to 10.
    pub const BOUNDS: RangeInclusive<u8> = 4..=10;

    /// The format of codes with this many digits; `None` outside of `BOUNDS`.
    pub fn new(digits: u8) -> Option<Self> {
        Self::BOUNDS.contains(&digits).then_some(Self { digits })
    }

    /// The number of digits, 4 to 10.
    pub fn digits(self) -> usize {
        usize::from(self.digits)
    }

    /// The numbers that `draw_code` chooses from: those without a leading zero. Live clients keep a code as an integer
    /// or expect a first digit from 1 to 9, and upstream draws no other codes either. Six digits give 900 000 codes.
    pub fn drawn(self) -> RangeInclusive<u64> {
        let least = 10_u64.pow(u32::from(self.digits) - 1);
        least..=least * 10 - 1
    }

    /// The pattern of a code, for `invalid[].rules[].params`: `^[0-9]{6}$`.
    pub fn pattern(self) -> String {
        format!("^[0-9]{{{}}}$", self.digits)
    }

    /// The code with this number. Leading zeros fill it up: codes of earlier releases may begin with them.
    /// `MalformedCode` if the number has more digits than a code.
    pub fn code(self, number: u64) -> Result<Code, MalformedCode> {
        if number > *self.drawn().end() {
            return Err(MalformedCode);
        }
        // Allocated once: growing the `String` would leave copies of the code in memory.
        let mut code = Zeroizing::new(String::with_capacity(self.digits()));
        write!(code, "{number:0width$}", width = self.digits()).map_err(|_| MalformedCode)?;
        Ok(Code(code))
    }

    /// Reads a guess: exactly `digits` ASCII digits, leading zeros included.
    pub fn parse(self, text: &str) -> Result<Code, MalformedCode> {
        let fits = text.len() == self.digits() && text.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Code(text.to_owned().into())) } else { Err(MalformedCode) }
    }
}

impl Code {
    /// The digits in clear: for argon2id and the text of the SMS.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_shorter_than_the_code_is_padded_on_the_left() {
        let six = CodeFormat::new(6).unwrap();
        assert_eq!(six.code(42).unwrap().reveal(), "000042");
        assert_eq!(six.code(999_999).unwrap().reveal(), "999999");
        assert_eq!(six.code(1_000_000), Err(MalformedCode));
    }

    #[test]
    fn other_scripts_signs_and_spaces_are_no_digits() {
        let four = CodeFormat::new(4).unwrap();
        assert!(four.parse("0123").is_ok());
        for text in ["", "123", "12345", "+123", "-123", " 123", "12 3", "1e10", "١٢٣٤", "１２３４"]
        {
            assert_eq!(four.parse(text), Err(MalformedCode), "{text:?}");
        }
    }

    #[test]
    fn length_has_bounds() {
        assert!(CodeFormat::new(3).is_none() && CodeFormat::new(11).is_none());
        assert_eq!(CodeFormat::new(4).unwrap().drawn(), 1_000..=9_999);
        assert_eq!(CodeFormat::new(10).unwrap().drawn(), 1_000_000_000..=9_999_999_999);
    }

    #[test]
    fn debug_does_not_show_the_code() {
        let code = CodeFormat::new(10).unwrap().code(1_234_567_890).unwrap();
        assert!(!format!("{code:?}").contains("1234567890"));
    }
}
