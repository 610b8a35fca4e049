//! What a setting takes: described for the operator, and checked against a [`Value`].

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::fault::short;
use super::keyword::Keyword;
use super::value::Value;

/// The most items that a list can have.
const MAX_ITEMS: usize = 64;
/// The longest text, in bytes.
const MAX_BYTES: usize = 4096;

/// The type of a setting's value, with its bounds.
pub enum ValueType {
    /// A whole number of a unit.
    Number {
        /// The least and the greatest.
        bounds: RangeInclusive<i128>,
        /// The unit, such as `seconds`.
        unit: Cow<'static, str>,
    },
    /// `true` or `false`.
    Boolean,
    /// A text.
    Text(TextFormat),
    /// Texts, each once.
    List {
        /// The format of each text.
        of: TextFormat,
        /// Whether an empty list is allowed.
        may_be_empty: bool,
    },
    /// Whole numbers, each once; an empty list is allowed.
    Numbers {
        /// The bounds of each number.
        bounds: RangeInclusive<i128>,
        /// What the numbers are, such as `HTTP statuses`.
        unit: &'static str,
    },
    /// A fixed number of pauses in seconds, none shorter than the one before.
    Pauses {
        /// How many pauses.
        count: usize,
        /// The bounds of each pause.
        bounds: RangeInclusive<i128>,
    },
}

/// Which texts a setting takes.
pub struct TextFormat {
    description: Cow<'static, str>,
    is_valid: fn(&str) -> bool,
    /// Says why a text is not valid, without repeating any of it: the text may be a secret.
    why_not: fn(&str) -> Cow<'static, str>,
}

impl TextFormat {
    /// Texts for which `is_valid` returns `true`.
    pub(super) fn new(description: &'static str, is_valid: fn(&str) -> bool) -> Self {
        Self { description: description.into(), is_valid, why_not: |_| "has another form".into() }
    }

    /// Texts that a `T` parses.
    pub(super) fn parsed<T: FromStr>(description: &'static str) -> Self {
        Self::new(description, |text| text.parse::<T>().is_ok())
    }

    /// Texts that a `T` parses; its error says why a text is not valid, and repeats nothing of the text.
    pub(super) fn explained<T: FromStr<Err: Display>>(description: &'static str) -> Self {
        Self::parsed::<T>(description).because(|text| match text.parse::<T>() {
            Ok(_) => "has another form".into(),
            Err(why) => why.to_string().into(),
        })
    }

    /// The same, or an empty text for none.
    pub(super) fn optional<T: FromStr<Err: Display>>(description: &'static str) -> Self {
        let is_valid = |text: &str| text.is_empty() || text.parse::<T>().is_ok();
        Self { is_valid, ..Self::explained::<T>(description) }
    }

    /// The same texts, with a reason for every other text. The reason must not repeat anything of the text.
    pub(super) fn because(self, why_not: fn(&str) -> Cow<'static, str>) -> Self {
        Self { why_not, ..self }
    }

    /// A path to a file or directory.
    pub(super) fn path() -> Self {
        Self::new("a path", |text| !text.is_empty() && !text.contains('\0'))
    }

    /// A path, or an empty text for none.
    pub(super) fn optional_path() -> Self {
        Self::new("a path, or an empty text for none", |text| !text.contains('\0'))
            .because(|_| "has a NUL in it".into())
    }

    /// Why the value is not valid; `None` if it is.
    fn mismatch(&self, value: &Value) -> Option<Cow<'static, str>> {
        match value.text() {
            None => Some("is no text".into()),
            Some(text) if text.len() > MAX_BYTES => Some("is too long".into()),
            Some(text) => (!(self.is_valid)(text)).then(|| (self.why_not)(text)),
        }
    }
}

/// A whole number within bounds.
pub(super) fn number(bounds: RangeInclusive<impl Into<i128>>, unit: &'static str) -> ValueType {
    let (least, greatest) = bounds.into_inner();
    ValueType::Number { bounds: least.into()..=greatest.into(), unit: unit.into() }
}

/// One of the keywords of a `T`.
pub(super) fn keyword<T: Keyword>() -> ValueType {
    let words: Vec<_> = T::ALL.iter().map(|one| format!("`{}`", one.word())).collect();
    let words = match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        Some(_) | None => words.concat(),
    };
    ValueType::Text(TextFormat {
        description: words.into(),
        is_valid: |text| T::from_word(text).is_some(),
        why_not: |_| "is another word".into(),
    })
}

impl ValueType {
    /// Describes the values for messages and the table of settings.
    pub fn in_words(&self) -> String {
        match self {
            Self::Number { bounds, unit } => {
                format!("{} to {} {unit}", bounds.start(), bounds.end())
            }
            Self::Boolean => "`true` or `false`".into(),
            Self::Text(format) => format.description.clone().into_owned(),
            Self::List { of, may_be_empty: true } => format!("a list of {}", of.description),
            Self::List { of, may_be_empty: false } => {
                format!("a list of {}, at least one", of.description)
            }
            Self::Numbers { bounds, unit } => {
                format!("a list of {unit}, {} to {}", bounds.start(), bounds.end())
            }
            Self::Pauses { count, bounds } => format!(
                "a list of {count} pauses of {} to {} seconds, none shorter than the one before",
                bounds.start(),
                bounds.end()
            ),
        }
    }

    /// What is wrong with a value, to be read behind the key of its setting; `None` if the value fits. `redact` leaves the
    /// value out, for it may be a secret.
    pub(super) fn mismatch(&self, value: &Value, redact: bool) -> Option<String> {
        let why = match self {
            Self::Number { bounds, .. } => number_mismatch(value, bounds)?.into(),
            Self::Boolean => {
                if matches!(value, Value::Boolean(_)) {
                    return None;
                }
                "is neither".into()
            }
            Self::Text(format) => format.mismatch(value)?,
            Self::List { of, may_be_empty } => {
                return list_mismatch(value, *may_be_empty, redact, |item| of.mismatch(item));
            }
            Self::Numbers { bounds, .. } => {
                let wrong = |item: &Value| number_mismatch(item, bounds).map(Cow::from);
                return list_mismatch(value, true, redact, wrong);
            }
            Self::Pauses { count, bounds } => {
                let pauses = value.items(|item| item.number().filter(|n| bounds.contains(n)));
                if pauses.is_some_and(|pauses| pauses.len() == *count && pauses.is_sorted()) {
                    return None;
                }
                "is none".into()
            }
        };
        Some(if redact { why.into_owned() } else { format!("is {}", shown(value)) })
    }

    /// Reads a text from outside a file, such as the value of an environment variable.
    pub(super) fn read(&self, text: &str) -> Value {
        let number = |text: &str| text.trim().parse().ok().map(Value::Number);
        match self {
            Self::Number { .. } => number(text).unwrap_or_else(|| text.into()),
            Self::Boolean => text.trim().parse().map_or_else(|_| text.into(), Value::Boolean),
            Self::Text(_) => text.into(),
            Self::List { .. } => read_list(text, |item| Some(Value::from(item))),
            Self::Numbers { .. } | Self::Pauses { .. } => read_list(text, number),
        }
    }
}

fn number_mismatch(value: &Value, bounds: &RangeInclusive<i128>) -> Option<&'static str> {
    match value.number::<i128>() {
        None => Some("is no whole number"),
        Some(number) if number < *bounds.start() => Some("is too small"),
        Some(number) if number > *bounds.end() => Some("is too large"),
        Some(_) => None,
    }
}

fn list_mismatch(
    value: &Value,
    may_be_empty: bool,
    redact: bool,
    item_mismatch: impl Fn(&Value) -> Option<Cow<'static, str>>,
) -> Option<String> {
    let Value::List(items) = value else {
        return Some(if redact { "is no list".into() } else { format!("is {}", shown(value)) });
    };
    if items.is_empty() && !may_be_empty {
        return Some("is empty".into());
    }
    if items.len() > MAX_ITEMS {
        return Some(format!("has {} items, more than {MAX_ITEMS}", items.len()));
    }
    let mut wrong = items.iter().zip(1..).filter_map(|(item, nth)| {
        item_mismatch(item).map(|why| (format!("number {nth} of it {why}"), shown(item)))
    });
    if let Some((why, first)) = wrong.next() {
        let all: Vec<_> = [first].into_iter().chain(wrong.map(|(_, item)| item)).collect();
        let holds = || format!("holds {}", all.join(" and "));
        return Some(if redact { format!("is wrong: {why}") } else { holds() });
    }
    let mut twice = items.iter().enumerate().filter(|(at, item)| items[..*at].contains(item));
    let (_, item) = twice.next()?;
    Some(if redact { "has something twice".into() } else { format!("holds {} twice", shown(item)) })
}

/// A list as TOML writes it, or its items with commas between them.
fn read_list(text: &str, item: impl Fn(&str) -> Option<Value>) -> Value {
    if text.trim().is_empty() {
        return Value::List(Vec::new());
    }
    if let Ok(value) = toml::de::DeValue::parse(text.trim())
        && let value @ Value::List(_) = Value::from_toml(value.get_ref())
    {
        return value;
    }
    let items = text.split(',').map(str::trim);
    Value::List(items.map(|text| item(text).unwrap_or_else(|| text.into())).collect())
}

/// A value in a message.
fn shown(value: &Value) -> String {
    short(&match value {
        Value::Other(what) => return (*what).to_owned(),
        Value::Text(text) => format!("{text:?}"),
        Value::Number(number) => number.to_string(),
        Value::Boolean(_) | Value::List(_) => value.to_string().replace('\n', " "),
    })
}
