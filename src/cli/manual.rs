//! `esoz-otp completions` and `esoz-otp man`, made from the same definitions as `--help`.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::error::EXITS;
use super::{CliError, output};

const NAME: &str = "esoz-otp";

/// The examples at the end of `esoz-otp --help`.
const EXAMPLES: &str = "\
Examples:
  esoz-otp demo
  esoz-otp init --data /var/lib/esoz-otp --keyring /etc/esoz-otp/keyring
  esoz-otp import world.json --keyring /etc/esoz-otp/keyring
  esoz-otp apply requests.ndjson --token-file /etc/esoz-otp/admin.token
  esoz-otp check --keyring /etc/esoz-otp/keyring
  esoz-otp serve --keyring /etc/esoz-otp/keyring";

/// The end of `esoz-otp --help`: the examples, and every exit code.
pub(super) fn after_help() -> String {
    let codes = EXITS.map(|(code, when)| format!("  {code:<3} {when}\n")).concat();
    format!("{EXAMPLES}\n\nExit codes:\n{codes}")
}

/// The section `FILES` of the manual page: a path, and its meaning.
const FILES: [(&str, &str); 5] = [
    ("/etc/esoz-otp/esoz-otp.toml", "The configuration, unless --config names another file."),
    (
        "/var/lib/esoz-otp",
        "The data directory, unless --data, store.path or STATE_DIRECTORY names another.",
    ),
    (
        "DIR.keyring",
        "The keyring of the data directory DIR, unless --keyring or keys.keyring_file names another.",
    ),
    (
        "/run/esoz-otp/admin.sock",
        "The Unix socket of the running service, unless --socket, --url or RUNTIME_DIRECTORY names another node.",
    ),
    ("DIR/audit", "The files of audit. They belong to the database beside them."),
];

/// The section `ENVIRONMENT` of the manual page: a variable, and what it sets.
const ENVIRONMENT: [(&str, &str); 4] = [
    (
        "ESOZ_OTP__SECTION__KEY",
        "The setting section.key. It overrides the configuration, and a flag overrides it. The command demo reads no variable.",
    ),
    ("STATE_DIRECTORY", "The data directory, unless --data or store.path names another."),
    (
        "RUNTIME_DIRECTORY",
        "The directory of the socket admin.sock, unless admin.socket or --socket names another path.",
    ),
    (
        "CREDENTIALS_DIRECTORY",
        "The directory in which the service manager puts the file keyring and the secrets of gateways.",
    ),
];

const COMPLETIONS_HELP: &str = "\
Examples:
  esoz-otp completions bash
  esoz-otp completions zsh

Exit codes:
  0   standard output has the script
  64  the command line is wrong, or the shell is not supported
  74  standard output can't be written";

const MAN_HELP: &str = "\
Examples:
  esoz-otp man
  esoz-otp man --out /usr/local/share/man/man1

Exit codes:
  0   standard output has the page, or the directory has a page for every command
  64  the command line is wrong
  74  the pages can't be written";

#[derive(Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(super) struct CompletionsArgs {
    /// Shell that the script is for.
    shell: Shell,
}

#[derive(Args)]
#[command(after_help = MAN_HELP)]
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
    // `help` has no page of its own. The exit codes have a section, so only the examples follow the options.
    let line = line.disable_help_subcommand(true).after_help(EXAMPLES);
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

/// The sections of the first page that clap does not make, in roff.
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

/// Escapes hyphens: a bare `-` of roff is printed as a hyphen, not as the minus of a flag.
fn hyphens(text: &str) -> String {
    text.replace('-', "\\-")
}
