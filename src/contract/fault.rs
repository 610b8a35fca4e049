//! The rules that a value can break.

use std::borrow::Cow;

use super::place::Place;
use super::shape::{Field, Shape, TextForm};
use super::source::Kind;
use crate::domain::CodeFormat;

/// A broken rule, and where. It never holds a value: a phone, a code or a secret may stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where the value stands, or should stand.
    pub place: Place,
    /// The broken rule.
    pub broken: Broken,
}

/// A rule that a value broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A required field is missing.
    Missing,
    /// The object has a field of another name.
    Unknown {
        /// The name, if it can be shown.
        name: Option<Box<str>>,
        /// The fields that it can have.
        known: &'static [Field],
    },
    /// The field is given twice.
    Twice,
    /// The value has another type.
    WrongType {
        /// The form that it should have.
        expected: &'static Shape,
        /// The type that it has.
        found: Kind,
    },
    /// A text has an escape that stands for no character.
    Escape,
    /// The text does not have this form.
    Format {
        /// The form.
        form: &'static TextForm,
        /// The form as a regular expression; empty if it is none.
        pattern: Cow<'static, str>,
    },
    /// The text is none of these words.
    Keyword(&'static [&'static str]),
    /// The number is not whole, or not within these bounds.
    Bounds {
        /// The least that it can be.
        least: u64,
        /// The most that it can be.
        most: u64,
    },
    /// The value has the right type, but can only be another one: that of a [`Shape::Version`] or [`Shape::True`].
    NotThis(&'static Shape),
    /// The object has none, or several, of fields of which it needs exactly one.
    NotOne(&'static [Field]),
    /// A secret stands in clear where only its digest is allowed.
    ClearSecret,
    /// A rule between several fields, in words.
    Rule(&'static str),
}

/// The longest name that is shown, in bytes; those of ЕСОЗ are shorter.
const LONGEST_NAME: usize = 30;

/// The name of a field that was not asked for is the caller's own text: a phone, a code or a token may stand in it by
/// mistake, and faults are logged and forwarded. It is shown if it looks like a name and has fewer digits than the shortest
/// code.
pub(super) fn shown(name: &str) -> Option<Box<str>> {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.len() <= LONGEST_NAME
        && digits < usize::from(*CodeFormat::BOUNDS.start());
    is_name.then(|| name.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_shown_and_what_may_be_a_secret_is_not() {
        for name in ["code", "_json", "PhoneNumber", "address_2", "authentication_method_current"] {
            assert_eq!(shown(name).as_deref(), Some(name));
        }
        for name in [
            "",
            "+380958697084",
            "380958697084",
            "p380958697084",
            "p38_09_58",
            "code1234",
            "demo-mis-token",
            "Bearer abc",
            "a.b",
            "$",
            "код",
            "p\u{0661}",
            "aaaaaaaaaabbbbbbbbbbccccccccccd",
        ] {
            assert_eq!(shown(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_shown_name_holds_four_digits(name in any::<String>(), digits in "[0-9]{4,12}", at in 0_usize..20) {
            let mut letters: Vec<_> = name.chars().collect();
            letters.splice(at.min(letters.len())..at.min(letters.len()), digits.chars());
            let name: String = letters.into_iter().collect();
            prop_assert_eq!(shown(&name), None);
        }
    }
}
