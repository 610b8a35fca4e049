//! Where values come from.

use std::borrow::Cow;

use serde_json::Value;

/// A value that is not read yet.
pub trait Source<'a>: Copy {
    /// Whether all values are texts, as in a query: numbers are texts of digits there, and truth is `true` or `false`.
    const IS_TEXT: bool = false;

    /// The value, one level deep.
    fn given(self) -> Result<Given<'a, Self>, BadEscape>;

    /// Whether it is `null`.
    fn is_null(self) -> bool;

    /// The line that it begins on, if it stands in a file.
    fn line(self) -> Option<usize> {
        None
    }
}

/// A value, one level deep.
#[derive(Debug)]
pub enum Given<'a, S> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number {
        /// The number, if it is whole, not negative, and has at most 64 bits.
        whole: Option<u64>,
        /// Whether it is written as a fraction.
        is_fraction: bool,
    },
    /// A text.
    Text(Cow<'a, str>),
    /// The items of a list.
    List(Vec<S>),
    /// The fields of an object in the order of the text, repeated ones too.
    Object(Vec<(Cow<'a, str>, S)>),
}

/// A text, or the name of a field, has an escape that stands for no character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEscape;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number that is written without fraction or exponent.
    Integer,
    /// Another number.
    Fraction,
    /// A text.
    Text,
    /// A list.
    List,
    /// An object.
    Object,
}

impl<S> Given<'_, S> {
    /// The type of the value.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Boolean(_) => Kind::Boolean,
            Self::Number { is_fraction: false, .. } => Kind::Integer,
            Self::Number { is_fraction: true, .. } => Kind::Fraction,
            Self::Text(_) => Kind::Text,
            Self::List(_) => Kind::List,
            Self::Object(_) => Kind::Object,
        }
    }
}

/// A value in memory, such as a body.
impl<'a> Source<'a> for &'a Value {
    fn given(self) -> Result<Given<'a, Self>, BadEscape> {
        Ok(match self {
            Value::Null => Given::Null,
            Value::Bool(value) => Given::Boolean(*value),
            Value::Number(number) => {
                Given::Number { whole: number.as_u64(), is_fraction: number.is_f64() }
            }
            Value::String(text) => Given::Text(Cow::Borrowed(text)),
            Value::Array(items) => Given::List(items.iter().collect()),
            Value::Object(fields) => {
                let field = |(name, value): (&'a String, _)| (Cow::Borrowed(name.as_str()), value);
                Given::Object(fields.iter().map(field).collect())
            }
        })
    }

    fn is_null(self) -> bool {
        Value::is_null(self)
    }
}

/// Names with texts. A number is a text of ASCII digits.
#[derive(Clone, Copy)]
pub enum Pairs<'a> {
    /// All of them: an object.
    All(&'a [(&'a str, Cow<'a, str>)]),
    /// The text of one.
    One(&'a str),
}

impl<'a> Source<'a> for Pairs<'a> {
    const IS_TEXT: bool = true;

    fn given(self) -> Result<Given<'a, Self>, BadEscape> {
        Ok(match self {
            Self::All(pairs) => {
                let pairs = pairs.iter();
                let field = |(name, text): &'a (&'a str, Cow<'a, str>)| {
                    (Cow::Borrowed(*name), Self::One(text))
                };
                Given::Object(pairs.map(field).collect())
            }
            Self::One(text) => Given::Text(Cow::Borrowed(text)),
        })
    }

    fn is_null(self) -> bool {
        false
    }
}
