//! `log.*`: lines on standard error.

use strum::{IntoStaticStr, VariantArray};
use tracing::level_filters::LevelFilter;

use crate::config::keyword::keyword;
use crate::config::setting::section;
use crate::config::value_type;

section! {
    /// Lines on standard error.
    #[derive(Copy)]
    pub struct LogConfig {
        /// The least important lines that are logged.
        level: LevelFilter = LevelFilter::INFO => ["log.level", value_type::keyword::<LevelFilter>()],
        /// The form of a line. `auto` is text on a terminal and JSON for everything else.
        format: LogFormat = LogFormat::Auto => ["log.format", value_type::keyword::<LogFormat>()],
    }
}

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum LogFormat {
    /// [`Self::Text`] on a terminal, [`Self::Json`] for everything else.
    #[default]
    Auto,
    /// One line for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

keyword!(LogFormat);
