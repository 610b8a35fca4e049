//! What the command line says of itself, to shells and to readers of manuals.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Failure, output};

const NAME: &str = "esoz-otp";

#[derive(Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

#[derive(Args)]
pub(super) struct ManArgs {
    /// Write a page for every command to this directory.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// `esoz-otp completions`, of this command line.
pub(super) fn completions(mut line: Command, args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut line, NAME, &mut script);
    output::print(&script)
}

/// `esoz-otp man`, of this command line.
pub(super) fn man(line: Command, args: &ManArgs) -> Result<(), Failure> {
    // `help` has no page of its own.
    let line = line.disable_help_subcommand(true);
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        Man::new(line).render(&mut page).map_err(Failure::software)?;
        return output::print(&page);
    };
    fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(line, folder)).map_err(
        |error| Failure::io(format_args!("cannot write pages to {}: {error}", folder.display())),
    )
}
