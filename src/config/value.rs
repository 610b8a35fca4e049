use std::fmt;
use std::time::Duration;

use toml::de::{DeInteger, DeValue};

use super::names::Word;

/// What a setting is given, before anybody knows whether it fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Number(i128),
    /// True or false.
    Switch(bool),
    /// A text.
    Text(String),
    /// Several of these.
    List(Vec<Value>),
    /// What no setting takes; says what it is.
    Other(&'static str),
}

impl Value {
    /// As the file has it.
    pub(super) fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => Self::from_integer(number),
            DeValue::Float(_) => Self::Other("a fraction"),
            DeValue::Boolean(switch) => Self::Switch(*switch),
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

    /// As TOML writes it. What is [`Value::Other`] has no place in a configuration, and is an empty text.
    fn to_toml(&self) -> toml::Value {
        match self {
            Self::Number(number) => {
                toml::Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX))
            }
            Self::Switch(switch) => toml::Value::Boolean(*switch),
            Self::Text(text) => toml::Value::String(text.clone()),
            Self::List(items) => toml::Value::Array(items.iter().map(Self::to_toml).collect()),
            Self::Other(_) => toml::Value::String(String::new()),
        }
    }

    /// A list of texts.
    pub fn texts(items: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::List(items.into_iter().map(|item| Self::Text(item.into())).collect())
    }

    /// The number, if it is one and fits.
    pub(super) fn number<T: TryFrom<i128>>(&self) -> Option<T> {
        match self {
            Self::Number(number) => T::try_from(*number).ok(),
            Self::Switch(_) | Self::Text(_) | Self::List(_) | Self::Other(_) => None,
        }
    }

    pub(super) fn switch(&self) -> Option<bool> {
        match self {
            Self::Switch(switch) => Some(*switch),
            Self::Number(_) | Self::Text(_) | Self::List(_) | Self::Other(_) => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Switch(_) | Self::List(_) | Self::Other(_) => None,
        }
    }

    pub(super) fn word<T: Word>(&self) -> Option<T> {
        T::from_word(self.text()?)
    }

    /// A length of time, as a number of units of so many seconds.
    pub(super) fn seconds(&self, unit: u64) -> Option<Duration> {
        self.number::<u64>()?.checked_mul(unit).map(Duration::from_secs)
    }

    /// What `read` makes of every item of a list.
    pub(super) fn items<T>(&self, read: impl Fn(&Self) -> Option<T>) -> Option<Vec<T>> {
        match self {
            Self::List(items) => items.iter().map(read).collect(),
            Self::Number(_) | Self::Switch(_) | Self::Text(_) | Self::Other(_) => None,
        }
    }
}

/// As TOML.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_toml().fmt(f)
    }
}

impl From<bool> for Value {
    fn from(switch: bool) -> Self {
        Self::Switch(switch)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as i128)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
