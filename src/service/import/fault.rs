//! Faults of a file in sentences, each with its line and place. None holds a value, which may be a phone number or a secret.

use std::fmt;

use crate::contract::{Broken, Fault, Field, Kind, NewSecret, Place, Shape, Shaped as _};

/// A fault of a file: its location, and what is wrong there. It never shows a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {}: {what}", self.line(), self.location())]
pub struct ImportFault {
    pub(super) location: Place,
    pub(super) what: String,
}

/// The most faults of a file that are collected, since each takes memory.
pub(super) const MOST_FAULTS: usize = 100_000;

impl ImportFault {
    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        line_of(&self.location)
    }

    /// The path in the file, such as `tokens[3].user_id`.
    pub fn location(&self) -> impl fmt::Display {
        let path = self.location.to_string();
        if path.is_empty() { "the file".to_owned() } else { path }
    }

    /// The description of the fault.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Adds a fault to the list, unless it has [`MOST_FAULTS`].
    pub(super) fn note(faults: &mut Vec<Self>, location: Place, what: impl fmt::Display) {
        if faults.len() < MOST_FAULTS {
            faults.push(Self { location, what: what.to_string() });
        }
    }
}

impl From<Fault> for ImportFault {
    fn from(Fault { place, broken }: Fault) -> Self {
        Self { location: place, what: sentence(&broken) }
    }
}

/// The line of a value in a file. The outermost value stands on the first one.
pub(super) fn line_of(location: &Place) -> usize {
    location.line().unwrap_or(1)
}

fn sentence(broken: &Broken) -> String {
    match broken {
        Broken::Missing => "is missing".to_owned(),
        Broken::Unknown { name, known } => {
            let name = name.as_deref().filter(|name| is_plain(name));
            let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
            format!("unknown key{name}; known are {}", names(known).join(", "))
        }
        Broken::Twice => "is given twice".to_owned(),
        Broken::WrongType { expected: Shape::Id { is_own: false, .. }, found: Kind::Null } => {
            "is null, and has to be an id".to_owned()
        }
        Broken::WrongType { expected, found } => {
            format!("wants {}, has {}", type_of(expected), kind(*found))
        }
        Broken::Escape => "has an escape in it that stands for nothing".to_owned(),
        Broken::Format { form, .. } => format!("{} {}", form.what, form.rule),
        Broken::Keyword(words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            let words = match &words[..] {
                [one, other] => format!("{one} or {other}"),
                [one] => one.clone(),
                several => format!("one of {}", several.join(", ")),
            };
            format!("not a word that is known here: {words}")
        }
        Broken::Bounds { least, most } => format!("is no whole number from {least} to {most}"),
        Broken::NotThis(Shape::Version(known)) => {
            format!("is not known to this program, which reads {known}")
        }
        Broken::NotThis(_) => "can only be true".to_owned(),
        Broken::NotOne(fields) if *fields == NewSecret::SHAPE.fields() => {
            "a secret is one of digest, generate and, in a demo's file, plain".to_owned()
        }
        Broken::NotOne(fields) => format!("has to be one of {}", names(fields).join(", ")),
        Broken::ClearSecret => {
            "a secret in clear needs \"demo\": true; give its digest instead".to_owned()
        }
        Broken::Rule(rule) => (*rule).to_owned(),
    }
}

/// Whether a file's unknown key is shown: of small letters, unlike most secrets.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name).collect()
}

/// The type of values of this form.
fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Text(_) | Shape::Recipient | Shape::Id { .. } | Shape::Keyword(_) => {
            "a text".to_owned()
        }
        Shape::Code => "a text or a number".to_owned(),
        Shape::Integer { .. } => "a number".to_owned(),
        Shape::Boolean => "true or false".to_owned(),
        Shape::Version(known) => known.to_string(),
        Shape::True => "true".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Object(_) | Shape::OneField(_) => "an object".to_owned(),
        Shape::Any => "a value".to_owned(),
    }
}

/// The type of a value.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Boolean => "true or false",
        Kind::Integer | Kind::Fraction => "a number",
        Kind::Text => "a text",
        Kind::List => "a list",
        Kind::Object => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FactorType, PersonRequestStatus, PersonStatus};

    #[test]
    fn the_words_that_are_known_are_told() {
        for (shape, words) in [
            (FactorType::SHAPE, "`sms`"),
            (PersonStatus::SHAPE, "`active` or `inactive`"),
            (
                PersonRequestStatus::SHAPE,
                "one of `NEW`, `APPROVED`, `SIGNED`, `REJECTED`, `CANCELLED`, `EXPIRED`",
            ),
        ] {
            let Shape::Keyword(all) = shape else { panic!("{shape:?}") };
            let sentence = sentence(&Broken::Keyword(all));
            assert_eq!(sentence, format!("not a word that is known here: {words}"));
        }
    }

    #[test]
    fn an_unknown_key_of_capitals_or_digits_is_not_shown() {
        let unknown =
            |name: &str| sentence(&Broken::Unknown { name: Some(name.into()), known: &[] });
        assert!(unknown("nane").starts_with("unknown key `nane`; known are "));
        for name in ["Nane", "n1", "AbCdEfGhIj"] {
            assert!(unknown(name).starts_with("unknown key; known are "), "{name}");
        }
    }
}
