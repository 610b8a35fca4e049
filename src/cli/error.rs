use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::audit::AuditError;
use crate::config::Faults;
use crate::keyring::{KeyringError, NotAdded, NotRetired};
use crate::log::NotStarted;
use crate::node::BuildError;
use crate::service::import::ImportError;
use crate::store::{OpenError, StoreError};

pub(super) const USAGE: u8 = 64;
const DATA: u8 = 65;
const MISSING: u8 = 66;
const UNAVAILABLE: u8 = 69;
const SOFTWARE: u8 = 70;
const IO: u8 = 74;
const IN_USE: u8 = 75;
const NO_PERMISSION: u8 = 77;
const CONFIGURATION: u8 = 78;

/// Every exit code, and when a command ends with it. The numbers are those of BSD's `sysexits`.
pub(super) const EXITS: [(u8, &str); 10] = [
    (0, "The command did what it was asked to do."),
    (USAGE, "The command line is wrong, or names a file or a key that does not exist."),
    (
        DATA,
        "An imported file is wrong, lines of a load or a change were refused, the database is damaged or a newer release's, or the audit was changed.",
    ),
    (MISSING, "The running node has no such record."),
    (
        UNAVAILABLE,
        "An address can't be listened on, no driver took a test message, or a node can't be reached.",
    ),
    (SOFTWARE, "A fault of the program, or the system gives no random numbers or no threads."),
    (IO, "The disk is full or read-only, or permission is missing."),
    (IN_USE, "Another process uses the data directory or the keyring, or live codes need the key."),
    (NO_PERMISSION, "The running node refused the token, or the user of this process."),
    (
        CONFIGURATION,
        "A setting, the keyring, a secret's file or the data directory must be set up first.",
    ),
];

/// The error that ended a command: an exit code, and a message for people.
#[derive(Debug)]
pub struct CliError {
    code: u8,
    message: String,
}

impl CliError {
    pub(super) fn usage(message: impl Display) -> Self {
        Self { code: USAGE, message: message.to_string() }
    }

    pub(super) fn data(message: impl Display) -> Self {
        Self { code: DATA, message: message.to_string() }
    }

    pub(super) fn missing(message: impl Display) -> Self {
        Self { code: MISSING, message: message.to_string() }
    }

    pub(super) fn configuration(message: impl Display) -> Self {
        Self { code: CONFIGURATION, message: message.to_string() }
    }

    pub(super) fn in_use(message: impl Display) -> Self {
        Self { code: IN_USE, message: message.to_string() }
    }

    pub(super) fn unavailable(message: impl Display) -> Self {
        Self { code: UNAVAILABLE, message: message.to_string() }
    }

    pub(super) fn no_permission(message: impl Display) -> Self {
        Self { code: NO_PERMISSION, message: message.to_string() }
    }

    pub(super) fn software(message: impl Display) -> Self {
        Self { code: SOFTWARE, message: message.to_string() }
    }

    pub(super) fn io(message: impl Display) -> Self {
        Self { code: IO, message: message.to_string() }
    }

    pub(super) fn import(path: Option<&Path>, error: &ImportError) -> Self {
        let code = match error {
            ImportError::Format { .. }
            | ImportError::Faults(_)
            | ImportError::Store(StoreError::TooLarge { .. }) => DATA,
            ImportError::NotTold(_) | ImportError::Store(_) => IO,
        };
        let name = path.map_or("the built-in fixtures".into(), Path::to_string_lossy);
        if let ImportError::Store(StoreError::Failed(_)) = error {
            return Self::io(format_args!(
                "it is not known whether {name} was loaded: {error}. When the disk works again, import it once more: \
                 if the ids are refused as there already, it was loaded, and the secrets above are valid."
            ));
        }
        Self { code, message: format!("{name} was not loaded, nothing has changed:\n{error}") }
    }

    /// One error with the messages of all. If their codes differ, the code is 78: no restart mends that.
    pub(super) fn all(failures: &[Self]) -> Self {
        let said: Vec<_> = failures.iter().map(Self::message).collect();
        let message = said.join("\n");
        match failures {
            [first, others @ ..] if others.iter().all(|it| it.code == first.code) => {
                Self { code: first.code, message }
            }
            _ => Self::configuration(message),
        }
    }

    /// The same error, with the setting's name before the message.
    pub(super) fn of(self, key: &str) -> Self {
        Self { message: format!("{key}: {}", self.message), ..self }
    }

    /// The message for people, without `esoz-otp:`.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Prints the message to standard error and returns the exit code.
    #[expect(clippy::print_stderr, reason = "the last line of the process")]
    pub(super) fn report(&self) -> ExitCode {
        eprintln!("esoz-otp: {}", self.message);
        ExitCode::from(self.code)
    }
}

/// Prints a remark to standard error. A closed standard error is ignored.
pub(super) fn note(message: impl Display) {
    drop(writeln!(io::stderr(), "esoz-otp: {message}"));
}

/// Prints a warning to standard error. A closed standard error is ignored.
pub(super) fn warn(message: impl Display) {
    drop(writeln!(io::stderr(), "esoz-otp: warning: {message}"));
}

impl From<Faults> for CliError {
    fn from(faults: Faults) -> Self {
        Self::configuration(faults)
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let code = match error {
            OpenError::Io { .. } | OpenError::NoRoom { .. } => IO,
            OpenError::Locked(_) => IN_USE,
            OpenError::Damaged { .. } | OpenError::Newer { .. } | OpenError::Stray(_) => DATA,
            OpenError::NotMade(_)
            | OpenError::Unfinished(_)
            | OpenError::Restored(_)
            | OpenError::NotEmpty(_)
            | OpenError::NotOwned { .. }
            | OpenError::TooOpen { .. } => CONFIGURATION,
        };
        Self { code, message: error.to_string() }
    }
}

impl From<KeyringError> for CliError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Store(error) => Self::io(error),
            KeyringError::NoEntropy(error) => Self::software(error),
            KeyringError::Format { .. }
            | KeyringError::Version(_)
            | KeyringError::Empty
            | KeyringError::Id(_)
            | KeyringError::Twice(_)
            | KeyringError::Length(_)
            | KeyringError::Time(_)
            | KeyringError::Changed(_)
            | KeyringError::Reused(_)
            | KeyringError::Missing(_)
            | KeyringError::Retired(_) => Self::configuration(error),
        }
    }
}

impl From<AuditError> for CliError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Io { .. } | AuditError::Store(_) => Self::io(error),
            AuditError::Damaged { .. }
            | AuditError::Displaced { .. }
            | AuditError::Lost { .. }
            | AuditError::NotKnown { .. } => Self::data(error),
        }
    }
}

impl From<BuildError> for CliError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::NoEntropy(_) | BuildError::NoThreads(_) | BuildError::Store(_) => {
                Self::software(error)
            }
            BuildError::Keyring(error) => error.into(),
            BuildError::Audit(error) => error.into(),
        }
    }
}

impl From<NotStarted> for CliError {
    fn from(error: NotStarted) -> Self {
        Self::software(error)
    }
}

impl From<NotAdded> for CliError {
    fn from(error: NotAdded) -> Self {
        match error {
            NotAdded::Id | NotAdded::Taken(_) | NotAdded::UsedBefore(_) => Self::usage(error),
            NotAdded::NeverNewer(_) => Self::configuration(error),
            NotAdded::NoEntropy(error) => Self::software(error),
        }
    }
}

impl From<NotRetired> for CliError {
    fn from(error: NotRetired) -> Self {
        match error {
            NotRetired::Unknown { .. } => Self::usage(error),
            NotRetired::Newest(_) | NotRetired::Foreign => Self::configuration(error),
            NotRetired::Needed { .. } => Self::in_use(error),
            NotRetired::Keyring(error) => error.into(),
        }
    }
}
