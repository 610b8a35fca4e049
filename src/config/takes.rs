//! What a setting takes: said in words, and held against a value.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::fault::short;
use super::names::Word;
use super::value::Value;

/// The most items of a list.
const MOST_ITEMS: usize = 64;
/// The longest text, in bytes.
const MOST_BYTES: usize = 4096;

/// What a setting takes.
pub enum Takes {
    /// A whole number of a unit.
    Number {
        /// From the least to the most.
        bounds: RangeInclusive<i128>,
        /// What is counted.
        unit: Cow<'static, str>,
    },
    /// True or false.
    Switch,
    /// A text of a form.
    Text(Form),
    /// Texts of a form.
    List {
        /// Each of them.
        of: Form,
        /// Whether there may be none.
        may_be_empty: bool,
    },
    /// Whole numbers, or none, each once.
    Numbers {
        /// Each of them.
        bounds: RangeInclusive<i128>,
        /// What they are.
        unit: &'static str,
    },
    /// So many lengths of time in seconds, none shorter than the one before.
    Pauses {
        /// How many.
        count: usize,
        /// Each of them.
        bounds: RangeInclusive<i128>,
    },
}

/// What a text looks like.
pub struct Form {
    words: String,
    fits: fn(&str) -> bool,
    /// What about a text that does not fit, without the text.
    why_not: fn(&str) -> &'static str,
}

impl Form {
    /// A text that `fits`; `words` say which do.
    pub(super) fn new(words: &str, fits: fn(&str) -> bool) -> Self {
        Self { words: words.to_owned(), fits, why_not: |_| "is of another form" }
    }

    /// The same, which can say of a text that does not fit why it does not. Nothing of the text may be in that.
    pub(super) fn because(self, why_not: fn(&str) -> &'static str) -> Self {
        Self { why_not, ..self }
    }

    /// One of a few words.
    pub(super) fn word<T: Word>() -> Self {
        let words: Vec<_> = T::ALL.iter().map(|one| format!("`{}`", one.word())).collect();
        let words = match words.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} or {last}", others.join(", "))
            }
            Some(_) | None => words.concat(),
        };
        Self { words, fits: |text| T::from_word(text).is_some(), why_not: |_| "is another word" }
    }

    fn admits(&self, value: &Value) -> bool {
        value.text().is_some_and(|text| text.len() <= MOST_BYTES && (self.fits)(text))
    }

    /// What about a value that it does not admit.
    fn wrong_with(&self, value: &Value) -> &'static str {
        match value.text() {
            None => "is no text",
            Some(text) if text.len() > MOST_BYTES => "is too long",
            Some(text) => (self.why_not)(text),
        }
    }
}

impl Takes {
    /// In words, for people who set it.
    pub fn in_words(&self) -> String {
        match self {
            Self::Number { bounds, unit } => {
                format!("{} to {} {unit}", bounds.start(), bounds.end())
            }
            Self::Switch => "`true` or `false`".into(),
            Self::Text(form) => form.words.clone(),
            Self::List { of, may_be_empty: true } => format!("a list of {}", of.words),
            Self::List { of, may_be_empty: false } => {
                format!("a list of {}, at least one", of.words)
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

    /// Whether the value is one that it takes; if not, what about it is not.
    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        let fits = match self {
            Self::Number { bounds, .. } => value.number().is_some_and(|n| bounds.contains(&n)),
            Self::Switch => value.switch().is_some(),
            Self::Text(form) => form.admits(value),
            Self::List { of, may_be_empty } => {
                return check_list(value, *may_be_empty, |item| of.admits(item));
            }
            Self::Numbers { bounds, .. } => {
                let admits = |item: &Value| item.number().is_some_and(|n| bounds.contains(&n));
                return check_list(value, true, admits);
            }
            Self::Pauses { count, bounds } => {
                let pauses = value.items(|item| item.number().filter(|n| bounds.contains(n)));
                pauses.is_some_and(|pauses| pauses.len() == *count && pauses.is_sorted())
            }
        };
        if fits { Ok(()) } else { Err(format!("is {}", shown(value))) }
    }

    /// What about a value that it does not take is wrong, without the value: a secret may stand there.
    pub(super) fn wrong_with(&self, value: &Value) -> String {
        let wrong_in_list = |admits: &dyn Fn(&Value) -> bool,
                             why: &dyn Fn(&Value) -> &'static str| {
            let Value::List(items) = value else { return "is no list".to_owned() };
            match items.iter().enumerate().find(|(_, item)| !admits(item)) {
                Some((place, item)) => {
                    format!("is wrong: number {} of it {}", place + 1, why(item))
                }
                None if items.is_empty() => "is empty".into(),
                None if items.len() > MOST_ITEMS => format!("has more than {MOST_ITEMS} items"),
                None => "has something twice".into(),
            }
        };
        match self {
            Self::Number { bounds, .. } => wrong_with_number(value, bounds).into(),
            Self::Switch => "is neither".into(),
            Self::Text(form) => form.wrong_with(value).into(),
            Self::List { of, .. } => {
                wrong_in_list(&|item| of.admits(item), &|item| of.wrong_with(item))
            }
            Self::Numbers { bounds, .. } => {
                wrong_in_list(&|item| item.number().is_some_and(|n| bounds.contains(&n)), &|item| {
                    wrong_with_number(item, bounds)
                })
            }
            Self::Pauses { .. } => "is none".into(),
        }
    }

    /// What a text from outside a file stands for, such as that of an environment variable.
    pub(super) fn read(&self, text: &str) -> Value {
        let number = |text: &str| text.trim().parse().ok().map(Value::Number);
        let as_text = || Value::Text(text.to_owned());
        match self {
            Self::Number { .. } => number(text).unwrap_or_else(as_text),
            Self::Switch => text.trim().parse().map_or_else(|_| as_text(), Value::Switch),
            Self::Text(_) => as_text(),
            Self::List { .. } => read_list(text, |item| Some(Value::from(item))),
            Self::Numbers { .. } | Self::Pauses { .. } => read_list(text, number),
        }
    }
}

fn wrong_with_number(value: &Value, bounds: &RangeInclusive<i128>) -> &'static str {
    match value.number::<i128>() {
        None => "is no whole number",
        Some(number) if number < *bounds.start() => "is too small",
        Some(_) => "is too large",
    }
}

fn check_list(
    value: &Value,
    may_be_empty: bool,
    admits: impl Fn(&Value) -> bool,
) -> Result<(), String> {
    let Value::List(items) = value else { return Err(format!("is {}", shown(value))) };
    if items.is_empty() && !may_be_empty {
        return Err("is empty".into());
    }
    if items.len() > MOST_ITEMS {
        return Err(format!("has {} items, more than {MOST_ITEMS}", items.len()));
    }
    let wrong: Vec<_> = items.iter().filter(|item| !admits(item)).map(shown).collect();
    if !wrong.is_empty() {
        return Err(format!("holds {}", wrong.join(" and ")));
    }
    match items.iter().enumerate().find(|(place, item)| items[..*place].contains(item)) {
        Some((_, twice)) => Err(format!("holds {} twice", shown(twice))),
        None => Ok(()),
    }
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
        Value::Switch(_) | Value::List(_) => value.to_string().replace('\n', " "),
    })
}
