//! Settings that are one of a few words.

use std::fmt;

use tracing::level_filters::LevelFilter;

/// A way of answering. The public pages and the live system disagree, and a program was written against one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DialectName {
    /// As the pages say, to the letter.
    #[default]
    Documented,
    /// As the live system was seen to answer.
    Deployed,
}

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON for everything else.
    #[default]
    Auto,
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// A setting that is one of a few words.
pub trait Word: Copy + 'static {
    /// Everything that it may be.
    const ALL: &'static [Self];

    /// The word for it.
    fn word(self) -> &'static str;

    /// What the word stands for, if it is one of them.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.word() == word)
    }
}

impl DialectName {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Documented, Self::Deployed];
}

impl Word for DialectName {
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Deployed => "deployed",
        }
    }
}

impl fmt::Display for DialectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Word for LogFormat {
    const ALL: &'static [Self] = &[Self::Auto, Self::Text, Self::Json];

    fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl Word for LevelFilter {
    const ALL: &'static [Self] =
        &[Self::OFF, Self::ERROR, Self::WARN, Self::INFO, Self::DEBUG, Self::TRACE];

    fn word(self) -> &'static str {
        match self {
            Self::OFF => "off",
            Self::ERROR => "error",
            Self::WARN => "warn",
            Self::INFO => "info",
            Self::DEBUG => "debug",
            Self::TRACE => "trace",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_known_by_its_word_and_by_no_other() {
        for name in DialectName::ALL {
            assert_eq!(DialectName::from_word(&name.to_string()), Some(name));
        }
        for word in ["", "Documented", "deployed ", "live"] {
            assert_eq!(DialectName::from_word(word), None, "{word:?}");
        }
        assert_eq!(DialectName::default(), DialectName::Documented);
    }
}
