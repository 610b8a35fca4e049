//! What the command line says of itself, to shells and to readers of manuals.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::error::EXITS;
use super::{CliError, output};

const NAME: &str = "esoz-otp";

/// Files and directories, and what they are.
const FILES: [(&str, &str); 4] = [
    ("/etc/esoz-otp/esoz-otp.toml", "The configuration, where --config names no other."),
    ("/var/lib/esoz-otp", "The data directory, where nothing names another."),
    ("DIR.keyring", "The keyring of the data directory DIR, where nothing names another."),
    ("DIR/audit", "The files of audit. They belong to the database beside them."),
];

/// Environment variables that are read, and what they set.
const ENVIRONMENT: [(&str, &str); 3] = [
    (
        "ESOZ_OTP__SECTION__KEY",
        "The setting section.key. It overrides the configuration, and a flag overrides it. The command demo reads none.",
    ),
    ("STATE_DIRECTORY", "The data directory, where neither --data nor store.path names one."),
    (
        "CREDENTIALS_DIRECTORY",
        "A directory of the service manager with the file keyring and the secrets of gateways.",
    ),
];

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
pub(super) fn completions(mut line: Command, args: &CompletionsArgs) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut line, NAME, &mut script);
    output::print(&script)
}

/// `esoz-otp man`, of this command line.
pub(super) fn man(line: Command, args: &ManArgs) -> Result<(), CliError> {
    // `help` has no page of its own.
    let line = line.disable_help_subcommand(true);
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        Man::new(line).render(&mut page).map_err(CliError::software)?;
        page.extend(sections().bytes());
        return output::print(&page);
    };
    let written = fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(line, folder))
        .and_then(|()| File::options().append(true).open(folder.join(format!("{NAME}.1"))))
        .and_then(|mut page| page.write_all(sections().as_bytes()));
    written.map_err(|error| {
        CliError::io(format_args!("cannot write pages to {}: {error}", folder.display()))
    })
}

/// What the first page has beside the command line, in roff.
fn sections() -> String {
    let exits = EXITS.map(|(code, when)| (code.to_string(), when));
    let exits: Vec<_> = exits.iter().map(|(code, when)| (code.as_str(), *when)).collect();
    [("FILES", &FILES[..]), ("ENVIRONMENT", &ENVIRONMENT), ("EXIT STATUS", &exits)]
        .map(|(title, entries)| section(title, entries))
        .concat()
}

fn section(title: &str, entries: &[(&str, &str)]) -> String {
    let entry = |(name, what): &(&str, &str)| {
        format!(".TP\n\\fB{}\\fR\n{}\n", hyphens(name), hyphens(what))
    };
    let entries: String = entries.iter().map(entry).collect();
    format!(".SH {title:?}\n{entries}")
}

/// A hyphen of roff is no minus.
fn hyphens(text: &str) -> String {
    text.replace('-', "\\-")
}
