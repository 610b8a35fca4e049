use std::borrow::Cow;

use super::fault::Source;
use super::sections::Config;
use super::takes::Takes;
use super::value::Value;

/// One row of the table: a setting, what it takes and where it is kept.
pub struct Setting {
    /// `section.key`.
    pub key: Cow<'static, str>,
    /// What it takes.
    pub takes: Takes,
    /// What it does.
    pub about: Cow<'static, str>,
    /// What it is when it is not set, if that follows from something else.
    pub default_in_words: Option<&'static str>,
    /// Whether its value must not be shown.
    pub is_secret: bool,
    /// Whether a value that is refused must not be repeated: somebody may have written a secret into it.
    is_unrepeated: bool,
    get: Get,
    set: Set,
}

type Get = Box<dyn Fn(&Config) -> Value>;
type Set = Box<dyn Fn(&mut Config, &Value) -> Option<()>>;

impl Setting {
    /// A row. `set` is given what the setting takes, and nothing else.
    pub(super) fn new(
        key: impl Into<Cow<'static, str>>,
        takes: Takes,
        about: impl Into<Cow<'static, str>>,
        get: impl Fn(&Config) -> Value + 'static,
        set: impl Fn(&mut Config, &Value) -> Option<()> + 'static,
    ) -> Self {
        Self {
            key: key.into(),
            takes,
            about: about.into(),
            default_in_words: None,
            is_secret: false,
            is_unrepeated: false,
            get: Box::new(get),
            set: Box::new(set),
        }
    }

    /// The same, with a default that follows from something else.
    pub(super) fn by_default(self, words: &'static str) -> Self {
        Self { default_in_words: Some(words), ..self }
    }

    /// The same, of which nothing that is refused is repeated.
    pub(super) fn unrepeated(self) -> Self {
        Self { is_unrepeated: true, ..self }
    }

    /// The same, whose value must not be shown.
    pub(super) fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    /// `section.key` in its two halves; the first is empty for what stands above all sections.
    pub fn section_and_name(&self) -> (&str, &str) {
        self.key.rsplit_once('.').unwrap_or(("", &self.key))
    }

    /// The environment variable that sets it. The hyphen of a gateway's name is an underscore in it.
    pub fn variable(&self) -> String {
        let name = self.key.replace('.', "__").replace('-', "_");
        format!("{PREFIX}{}", name.to_ascii_uppercase())
    }

    /// What it is when nobody sets it, for people.
    pub fn default_shown(&self) -> String {
        match self.default_in_words {
            Some(words) => words.to_owned(),
            None => format!("`{}`", self.get(&Config::default())),
        }
    }

    /// A line of a file that sets it to what it is, with where that comes from.
    pub(super) fn to_toml(&self, config: &Config, source: &Source) -> String {
        let (_, name) = self.section_and_name();
        if self.is_secret {
            // A mask would be taken for the secret when the file is used.
            return format!("# {name} is not shown  # {source}");
        }
        format!("{name} = {}  # {source}", self.get(config))
    }

    /// What it is.
    pub fn get(&self, config: &Config) -> Value {
        (self.get)(config)
    }

    /// Sets it, or says what about the value is not what it takes, and leaves it as it is.
    pub fn set(&self, config: &mut Config, value: &Value) -> Result<(), String> {
        let checked = self.takes.check(value);
        let set = checked.and_then(|()| (self.set)(config, value).ok_or("does not fit".into()));
        let is_quiet = self.is_secret || self.is_unrepeated;
        set.map_err(|wrong| if is_quiet { self.takes.wrong_with(value) } else { wrong })
    }
}

/// What the name of every environment variable of ours begins with.
pub(super) const PREFIX: &str = "ESOZ_OTP__";
/// And what that of one begins with that somebody may take for ours.
pub(super) const START: &str = "ESOZ_OTP_";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::takes::Form;

    fn secret() -> Setting {
        let takes = Takes::Text(Form::new("a token of capitals", |text| text == "SECRET"));
        Setting::new(
            "sms.token",
            takes,
            "",
            |config| config.sms.template.approval.as_str().into(),
            |config, value| {
                config.sms.template.approval = value.text()?.to_owned();
                Some(())
            },
        )
        .secret()
    }

    #[test]
    fn a_secret_is_neither_printed_nor_repeated_when_it_is_refused() {
        let mut config = Config::default();
        assert_eq!(secret().set(&mut config, &"SECRET".into()), Ok(()));
        let line = secret().to_toml(&config, &Source::Flag("--token"));
        assert_eq!(line, "# token is not shown  # --token");
        let refused = secret().set(&mut config, &"hunter2".into()).unwrap_err();
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
