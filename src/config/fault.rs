use std::fmt;
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Nobody has set it.
    #[default]
    Default,
    /// What the service manager says of where it runs us, in this variable.
    Manager(&'static str),
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
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
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Manager(variable) => write!(f, "${variable}"),
            Self::File { path, line } => {
                write!(f, "{}:{line}", path.to_string_lossy().escape_debug())
            }
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = if self.key.is_empty() { "" } else { " " };
        let key = self.key.escape_debug();
        write!(f, "{}: {key}{between}{}. {}", self.source, self.what, self.remedy)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "the configuration is wrong:\n  {only}"),
            many => {
                write!(f, "the configuration is wrong in {} places:", many.len())?;
                many.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
        }
    }
}
