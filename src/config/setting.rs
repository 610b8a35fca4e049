//! Sections of the configuration: a struct and its rows of the table of settings, declared together by [`section!`].

use std::borrow::Cow;

use super::fault::Source;
use super::value::{SettingValue, Value};
use super::value_type::ValueType;

/// A group of settings that has a struct of its own.
pub(super) trait Section: Clone + 'static {
    /// The settings of the section, in the order in which they are shown.
    fn rows() -> Vec<Row<Self>>;
}

/// Declares a section: the struct, its `Default`, and its rows.
///
/// Each field is `name: Type = default => setting`, and its comment is the setting's description in
/// `systemd/SETTINGS.md`. `setting` is one of
///
/// - `["section.key", value_type, …]`: a setting, where `…` are methods of [`Row`], such as `redacted`;
/// - `nested`: a section within this one;
/// - `none`: no setting of its own.
macro_rules! section {
    (
        $(#[$meta:meta])*
        pub struct $section:ident {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr => $setting:tt,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $section {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }

        impl $crate::config::setting::Section for $section {
            fn rows() -> Vec<$crate::config::setting::Row<Self>> {
                let mut rows = Vec::new();
                $(section!(@rows rows, $section.$field: $type, [$($doc),+], $setting);)+
                rows
            }
        }
    };
    (@rows $rows:ident, $section:ident.$field:ident: $type:ty, $doc:tt, none) => {};
    (@rows $rows:ident, $section:ident.$field:ident: $type:ty, $doc:tt, nested) => {
        $rows.extend($crate::config::setting::rows_within::<$section, $type>(
            |section| &section.$field,
            |section| &mut section.$field,
        ));
    };
    (
        @rows $rows:ident, $section:ident.$field:ident: $type:ty, $doc:tt,
        [$key:literal, $value_type:expr $(, $option:ident $(($argument:expr))?)*]
    ) => {
        let row = $crate::config::setting::Row::of_field(
            $key,
            $value_type,
            &$doc,
            |section: &$section| &section.$field,
            |section: &mut $section| &mut section.$field,
        );
        $rows.push(row$(.$option($($argument)?))*);
    };
}
pub(super) use section;

/// One row of the table: a setting of the section `S`, which of its values fit, and where `S` holds it.
pub struct Row<S> {
    /// `section.key`.
    pub key: Cow<'static, str>,
    /// Which values fit.
    pub value_type: ValueType,
    /// Describes the setting to the operator.
    pub description: Cow<'static, str>,
    /// Describes the default, if it follows from the surroundings.
    pub default_in_words: Option<&'static str>,
    /// Whether `check --print-effective` leaves the value out.
    pub is_secret: bool,
    /// Whether a fault leaves a wrong value out: the operator may have written a secret into it.
    is_redacted: bool,
    get: Get<S>,
    set: Set<S>,
}

type Get<S> = Box<dyn Fn(&S) -> Value>;
type Set<S> = Box<dyn Fn(&mut S, &Value) -> Option<()>>;

impl<S: 'static> Row<S> {
    /// A row with a getter and a setter. `set` is called with values of the `value_type` only.
    pub(super) fn new(
        key: impl Into<Cow<'static, str>>,
        value_type: ValueType,
        description: impl Into<Cow<'static, str>>,
        get: impl Fn(&S) -> Value + 'static,
        set: impl Fn(&mut S, &Value) -> Option<()> + 'static,
    ) -> Self {
        Self {
            key: key.into(),
            value_type,
            description: description.into(),
            default_in_words: None,
            is_secret: false,
            is_redacted: false,
            get: Box::new(get),
            set: Box::new(set),
        }
    }

    /// The row of a field, described by the lines of its doc comment.
    pub(super) fn of_field<T: SettingValue>(
        key: &'static str,
        value_type: ValueType,
        doc: &[&str],
        field: impl Fn(&S) -> &T + 'static,
        field_mut: impl Fn(&mut S) -> &mut T + 'static,
    ) -> Self {
        let lines: Vec<_> = doc.iter().map(|line| line.trim()).collect();
        let get = move |section: &S| field(section).to_value();
        Self::new(key, value_type, lines.join(" "), get, move |section, value| {
            *field_mut(section) = T::from_value(value)?;
            Some(())
        })
    }

    /// Describes a default that follows from the surroundings.
    pub(super) fn by_default(self, words: &'static str) -> Self {
        Self { default_in_words: Some(words), ..self }
    }

    /// Shows another value than that of the field.
    pub(super) fn shown_as(self, get: fn(&S) -> Value) -> Self {
        Self { get: Box::new(get), ..self }
    }

    /// Leaves wrong values out of faults.
    pub(super) fn redacted(self) -> Self {
        Self { is_redacted: true, ..self }
    }

    /// Leaves the value out of `check --print-effective`.
    pub(super) fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    /// Counts a `Duration` in days.
    pub(super) fn in_days(self) -> Self {
        const DAY: i128 = 24 * 60 * 60;
        let (get, set) = (self.get, self.set);
        Self {
            get: Box::new(move |section| {
                let seconds: i128 = get(section).number().unwrap_or_default();
                Value::Number(seconds / DAY)
            }),
            set: Box::new(move |section, value| {
                let days: i128 = value.number()?;
                set(section, &Value::Number(days.checked_mul(DAY)?))
            }),
            ..self
        }
    }

    /// The same setting as one of the section that `S` is part of.
    pub(super) fn within<C: 'static>(
        self,
        key: Cow<'static, str>,
        inner: impl Fn(&C) -> Cow<'_, S> + 'static,
        inner_mut: impl Fn(&mut C) -> &mut S + 'static,
    ) -> Row<C>
    where
        S: Clone,
    {
        let Self { value_type, description, default_in_words, is_secret, is_redacted, .. } = self;
        let (get, set) = (self.get, self.set);
        Row {
            key,
            value_type,
            description,
            default_in_words,
            is_secret,
            is_redacted,
            get: Box::new(move |outer| get(&inner(outer))),
            set: Box::new(move |outer, value| set(inner_mut(outer), value)),
        }
    }

    /// `section.key` in two parts; the first is empty for a setting above all sections.
    pub fn section_and_name(&self) -> (&str, &str) {
        self.key.rsplit_once('.').unwrap_or(("", &self.key))
    }

    /// The environment variable that sets it. A hyphen in a gateway's name is an underscore there.
    pub fn variable(&self) -> String {
        let name = self.key.replace('.', "__").replace('-', "_");
        format!("{PREFIX}{}", name.to_ascii_uppercase())
    }

    /// The default, for the table of settings and for faults.
    pub fn default_shown(&self) -> String
    where
        S: Default,
    {
        match self.default_in_words {
            Some(words) => words.to_owned(),
            None => format!("`{}`", self.get(&S::default())),
        }
    }

    /// A line of TOML with the value in `section`, and its source as a comment.
    pub(super) fn to_toml(&self, section: &S, source: &Source) -> String {
        let (_, name) = self.section_and_name();
        if self.is_secret {
            // A mask would be taken for the secret when the output is used as a file.
            return format!("# {name} is not shown  # {source}");
        }
        format!("{name} = {}  # {source}", self.get(section))
    }

    /// The value in `section`.
    pub fn get(&self, section: &S) -> Value {
        (self.get)(section)
    }

    /// Sets the value in `section`. The error says what is wrong with the value, and `section` stays as it was.
    pub fn set(&self, section: &mut S, value: &Value) -> Result<(), String> {
        match self.value_type.mismatch(value, self.is_redacted) {
            Some(wrong) => Err(wrong),
            None => (self.set)(section, value).ok_or("does not fit".into()),
        }
    }
}

/// The settings of the section `T` as settings of the section `S` that has it as a field.
pub(super) fn rows_within<S: 'static, T: Section>(
    field: fn(&S) -> &T,
    field_mut: fn(&mut S) -> &mut T,
) -> impl Iterator<Item = Row<S>> {
    let row = move |row: Row<T>| {
        let key = row.key.clone();
        row.within(key, move |section| Cow::Borrowed(field(section)), field_mut)
    };
    T::rows().into_iter().map(row)
}

/// How the environment variables of settings begin.
pub(super) const PREFIX: &str = "ESOZ_OTP__";
/// How variables begin that look like those of settings.
pub(super) const START: &str = "ESOZ_OTP_";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value_type::TextFormat;

    section! {
        /// A section with a secret.
        #[expect(unreachable_pub, reason = "a section is public where it is not a test's")]
        pub struct Secretive {
            /// A token.
            token: String = String::new() => [
                "sms.token",
                ValueType::Text(TextFormat::new("a token of capitals", |text| text == "SECRET")),
                secret, redacted
            ],
        }
    }

    #[test]
    fn a_secret_is_neither_printed_nor_repeated_when_it_is_refused() {
        let (mut section, row) = (Secretive::default(), Secretive::rows().pop().unwrap());
        assert_eq!(row.set(&mut section, &"SECRET".into()), Ok(()));
        assert_eq!(section.token, "SECRET");
        let line = row.to_toml(&section, &Source::Flag("--token"));
        assert_eq!(line, "# token is not shown  # --token");
        let refused = row.set(&mut section, &"hunter2".into()).unwrap_err();
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
