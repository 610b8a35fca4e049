//! Settings that are one of a few words.

use tracing::level_filters::LevelFilter;

/// Which of the two ways of answering a node speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DialectName {
    /// As the public pages say, to the letter.
    #[default]
    Documented,
    /// As the live system was seen to answer.
    Deployed,
}

/// What sends messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverName {
    /// Prints them, code and number in clear.
    Console,
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
pub trait Word: Copy + PartialEq + 'static {
    /// Each word, and what it stands for.
    const WORDS: &'static [(&'static str, Self)];

    /// Its word.
    fn word(self) -> &'static str {
        let row = Self::WORDS.iter().find(|row| row.1 == self);
        row.expect("a test holds that every one has a word").0
    }

    /// What the word stands for, if it is one of them.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|row| row.0 == word).map(|row| row.1)
    }
}

impl Word for DialectName {
    const WORDS: &'static [(&'static str, Self)] =
        &[("documented", Self::Documented), ("deployed", Self::Deployed)];
}

impl Word for DriverName {
    const WORDS: &'static [(&'static str, Self)] = &[("console", Self::Console)];
}

impl Word for LogFormat {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("text", Self::Text), ("json", Self::Json)];
}

impl Word for LevelFilter {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("off", Self::OFF),
        ("error", Self::ERROR),
        ("warn", Self::WARN),
        ("info", Self::INFO),
        ("debug", Self::DEBUG),
        ("trace", Self::TRACE),
    ];
}
