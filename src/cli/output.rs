//! Prints to standard output.

use std::io::{self, Write as _};

use clap::ValueEnum;

use super::CliError;

/// The form of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputForm {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Prints `text`. A closed pipe is no error; any other failure is, with exit code 74.
pub(super) fn print(text: &[u8]) -> Result<(), CliError> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::io(format_args!("cannot print: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints a line about work that is done. A failure to print is ignored: the work stays done.
pub(super) fn print_best_effort(text: &str) {
    drop(writeln!(io::stdout(), "{text}"));
}
