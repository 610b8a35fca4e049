//! What the command line says of itself, to shells and to readers of manuals.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Cli, Failure};

const NAME: &str = "esoz-otp";

/// `esoz-otp completions`.
pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    print(&script)
}

/// `esoz-otp man`.
pub(super) fn man(out: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = out else {
        let mut page = Vec::new();
        Man::new(command()).render(&mut page).map_err(Failure::software)?;
        return print(&page);
    };
    fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command(), folder)).map_err(
        |error| Failure::io(format_args!("cannot write pages to {}: {error}", folder.display())),
    )
}

/// `help` has no page of its own.
fn command() -> clap::Command {
    Cli::command().disable_help_subcommand(true)
}

/// A reader that has seen enough is no failure.
pub(super) fn print(text: &[u8]) -> Result<(), Failure> {
    match std::io::stdout().write_all(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::io(format_args!("cannot print: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
