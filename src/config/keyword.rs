use tracing::level_filters::LevelFilter;

/// A type with few values, each of which is written as a keyword in settings, flags and JSON bodies.
pub trait Keyword: Copy + 'static {
    /// Every value, in the order in which messages list them.
    const ALL: &'static [Self];

    /// The keyword for this value.
    fn word(self) -> &'static str;

    /// The value for a keyword. Letters count as they are: `Plus` is not `plus`.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.word() == word)
    }
}

/// Implements [`Keyword`] for an enum that derives `strum::VariantArray` and `strum::IntoStaticStr`.
macro_rules! keyword {
    ($name:ty) => {
        impl $crate::config::Keyword for $name {
            const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

            fn word(self) -> &'static str {
                self.into()
            }
        }
    };
}
pub(crate) use keyword;

/// `LevelFilter` belongs to `tracing`, so it cannot derive anything here.
impl Keyword for LevelFilter {
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
