use std::fmt;
use std::path::PathBuf;

/// The most faults that are listed.
const MAX_LISTED: usize = 100;

/// The source of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The program: the setting is not set.
    #[default]
    Default,
    /// The preset of a gateway, by its name.
    Preset(&'static str),
    /// This variable of the service manager, such as `STATE_DIRECTORY`.
    Manager(&'static str),
    /// A line of the configuration file.
    File {
        /// The path of the file.
        path: PathBuf,
        /// The line, counted from 1; 0 is the whole file.
        line: usize,
    },
    /// An environment variable `ESOZ_OTP__…`.
    Environment(String),
    /// A flag of the command line, such as `--data`.
    Flag(&'static str),
}

/// One error in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where the wrong value or name stands.
    pub source: Source,
    /// The key of the setting or section; empty for a file that cannot be read or parsed.
    pub key: String,
    /// What is wrong, to be read behind the key.
    pub what: String,
    /// What the operator can do.
    pub remedy: String,
    /// For an unknown name: the key of the setting or section that is probably meant.
    pub meant: Option<String>,
}

impl Fault {
    /// Whether the setting of this key has a wrong value or stands under an unknown name. Faults that would follow from that
    /// are not reported.
    pub(super) fn concerns(&self, key: &str) -> bool {
        let is_within = |name: &str| {
            key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.key == key || self.meant.as_deref().is_some_and(is_within)
    }

    /// Whether the section of this name, or a setting in it, has a wrong value or stands under an unknown name.
    pub(crate) fn concerns_section(&self, section: &str) -> bool {
        let is_in_it =
            |key: &str| key.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        self.concerns(section) || is_in_it(&self.key) || self.meant.as_deref().is_some_and(is_in_it)
    }
}

/// All errors in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::Manager(variable) => write!(f, "${variable}"),
            Self::File { path, line } => {
                write!(f, "{}", path.to_string_lossy().escape_debug())?;
                if *line == 0 { Ok(()) } else { write!(f, ":{line}") }
            }
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, key, what, remedy, .. } = self;
        let between = if key.is_empty() { "" } else { " " };
        write!(f, "{source}: {}{between}{what}. {remedy}", short(&key.escape_debug().to_string()))
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = self.0.iter().take(MAX_LISTED);
        match self.0.as_slice() {
            [_] => f.write_str("the configuration is wrong:")?,
            many => write!(f, "the configuration is wrong in {} places:", many.len())?,
        }
        for fault in listed {
            write!(f, "\n  {fault}")?;
        }
        if self.0.len() > MAX_LISTED { f.write_str("\n  …") } else { Ok(()) }
    }
}

/// The first 60 characters of a text for a message.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
