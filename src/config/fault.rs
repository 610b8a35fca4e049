use std::fmt;
use std::path::PathBuf;

/// More faults than these are no configuration.
const MOST_TOLD: usize = 100;

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Nobody has set it.
    #[default]
    Default,
    /// A gateway's preset has it.
    Preset(&'static str),
    /// What the service manager says of where it runs us, in this variable.
    Manager(&'static str),
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on; 0 for the file as a whole.
        line: usize,
    },
    /// An environment variable of ours.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub source: Source,
    /// Of which setting; empty when it is of none.
    pub key: String,
    /// What is wrong with it, to be read behind the key.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// With a name that is none: the key of the setting or section that it is taken for.
    pub meant: Option<String>,
}

impl Fault {
    /// Whether the setting of this key is not what somebody wanted it to be: what follows from that is no fault of its own.
    pub(super) fn concerns(&self, key: &str) -> bool {
        let is_within = |name: &str| {
            key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.key == key || self.meant.as_deref().is_some_and(is_within)
    }

    /// Whether the section of this name, or part of it, is not what somebody wanted it to be.
    pub(crate) fn concerns_section(&self, section: &str) -> bool {
        let is_in_it =
            |key: &str| key.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        self.concerns(section) || is_in_it(&self.key) || self.meant.as_deref().is_some_and(is_in_it)
    }
}

/// Everything that is wrong with a configuration.
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
        let told = self.0.iter().take(MOST_TOLD);
        match self.0.as_slice() {
            [_] => f.write_str("the configuration is wrong:")?,
            many => write!(f, "the configuration is wrong in {} places:", many.len())?,
        }
        for fault in told {
            write!(f, "\n  {fault}")?;
        }
        if self.0.len() > MOST_TOLD { f.write_str("\n  …") } else { Ok(()) }
    }
}

/// What somebody has written, but not the whole of it when it is long.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
