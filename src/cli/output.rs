//! What commands say on standard output.

use std::io::{self, Write as _};

use super::CliError;

/// A reader that has seen enough is no failure.
pub(super) fn print(text: &[u8]) -> Result<(), CliError> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::io(format_args!("cannot print: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Says what is so, whether anybody reads of it or not.
pub(super) fn say(text: &str) {
    drop(writeln!(io::stdout(), "{text}"));
}
