//! The value of a setting: as TOML, the environment and flags have it ([`Value`]), and as a field of `Config` has it
//! ([`SettingValue`]).

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::{DeInteger, DeValue};

use super::fault::Source;
use super::keyword::Keyword;
use crate::domain::{CodeFormat, Network};

/// A value before it is checked against the `ValueType` of its setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Number(i128),
    /// `true` or `false`.
    Boolean(bool),
    /// A text.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// A TOML value that no setting takes, with its description for messages, such as "a fraction".
    Other(&'static str),
}

/// A value for the setting of a key, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourcedValue {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) source: Source,
}

impl Value {
    /// Converts a value of a parsed file.
    pub(super) fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => Self::from_integer(number),
            DeValue::Float(_) => Self::Other("a fraction"),
            DeValue::Boolean(boolean) => Self::Boolean(*boolean),
            DeValue::Datetime(_) => Self::Other("a date or time"),
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::from_toml(item.get_ref())).collect())
            }
            DeValue::Table(_) => Self::Other("a section"),
        }
    }

    fn from_integer(number: &DeInteger<'_>) -> Self {
        match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Self::Number(number),
            Err(_) => Self::Other("a number of more digits than can be counted with"),
        }
    }

    /// Converts to TOML. [`Value::Other`] is never part of a configuration; it becomes an empty text.
    fn to_toml(&self) -> toml::Value {
        match self {
            Self::Number(number) => {
                toml::Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX))
            }
            Self::Boolean(boolean) => toml::Value::Boolean(*boolean),
            Self::Text(text) => toml::Value::String(text.clone()),
            Self::List(items) => toml::Value::Array(items.iter().map(Self::to_toml).collect()),
            Self::Other(_) => toml::Value::String(String::new()),
        }
    }

    /// A list of texts.
    pub fn texts(items: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::List(items.into_iter().map(|item| Self::Text(item.into())).collect())
    }

    /// The number, if it fits into a `T`.
    pub(super) fn number<T: TryFrom<i128>>(&self) -> Option<T> {
        if let Self::Number(number) = self { T::try_from(*number).ok() } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The items of a list, each converted; `None` if it is no list, or one item does not convert.
    pub(super) fn items<T>(&self, convert: impl Fn(&Self) -> Option<T>) -> Option<Vec<T>> {
        if let Self::List(items) = self { items.iter().map(convert).collect() } else { None }
    }
}

/// Writes TOML.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_toml().fmt(f)
    }
}

impl From<bool> for Value {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The Rust type of a field of `Config`. It reads the field from a [`Value`] and shows it as one.
pub(super) trait SettingValue: Sized {
    /// Shows the field.
    fn to_value(&self) -> Value;

    /// Reads the field; `None` if the value is of another type or out of the type's bounds.
    fn from_value(value: &Value) -> Option<Self>;
}

impl SettingValue for bool {
    fn to_value(&self) -> Value {
        Value::Boolean(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Boolean(boolean) = value { Some(*boolean) } else { None }
    }
}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        impl SettingValue for $integer {
            fn to_value(&self) -> Value {
                Value::Number((*self).try_into().expect("128 bits hold every smaller integer"))
            }

            fn from_value(value: &Value) -> Option<Self> {
                value.number()
            }
        }
    )+};
}
integers!(u8, u16, u32, u64, usize);

/// A number of seconds.
impl SettingValue for Duration {
    fn to_value(&self) -> Value {
        self.as_secs().to_value()
    }

    fn from_value(value: &Value) -> Option<Self> {
        value.number().map(Self::from_secs)
    }
}

/// A number of digits.
impl SettingValue for CodeFormat {
    fn to_value(&self) -> Value {
        self.digits().to_value()
    }

    fn from_value(value: &Value) -> Option<Self> {
        value.number().and_then(Self::new)
    }
}

impl<T: Keyword> SettingValue for T {
    fn to_value(&self) -> Value {
        self.word().into()
    }

    fn from_value(value: &Value) -> Option<Self> {
        T::from_word(value.text()?)
    }
}

/// Implements [`SettingValue`] for types with a `FromStr` that reads what their `Display` writes.
macro_rules! text_value {
    ($($name:ty),+) => {$(
        impl $crate::config::value::SettingValue for $name {
            fn to_value(&self) -> $crate::config::value::Value {
                $crate::config::value::Value::Text(self.to_string())
            }

            fn from_value(value: &$crate::config::value::Value) -> Option<Self> {
                value.text()?.parse().ok()
            }
        }
    )+};
}
pub(super) use text_value;

text_value!(String, SocketAddr, Network);

/// A path that is not UTF-8 is shown with replacement characters.
impl SettingValue for PathBuf {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string_lossy().into_owned())
    }

    fn from_value(value: &Value) -> Option<Self> {
        value.text().map(Self::from)
    }
}

/// An empty text is `None`.
impl<T: SettingValue> SettingValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Text(String::new()), T::to_value)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if value.text() == Some("") { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: SettingValue> SettingValue for Vec<T> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }

    fn from_value(value: &Value) -> Option<Self> {
        value.items(T::from_value)
    }
}
