//! The command line.
//!
//! The exit codes are those of BSD's `sysexits`; `error::EXITS` lists them for `--help` and the manual page.
//!
//! - `args`: the command line as a whole; `settings`: flags that several commands have; `redacted`: removes numbers and
//!   secrets from usage errors;
//! - each command has a file or folder of its name: `demo`, `init`, `import`, `apply`, `serve`, `compact`, `keys`, `audit`, `sms`,
//!   `check`, and `manual` for `completions` and `man`;
//! - `verbs`: the commands on records of a running node, `esoz-otp NOUN VERB`; `client`: HTTP to the node;
//! - `run`: the common part of `demo` and `serve`, with `listen`, `admin_socket` and `signals`;
//! - `keyring_file`, `private_file`, `gateway_files`, `drivers`: files and drivers that settings name;
//! - `memory`: no core files; `output`: standard output; `error`: [`CliError`] with its exit code.

mod admin_socket;
mod apply;
mod args;
mod audit;
mod check;
mod client;
mod compact;
mod demo;
mod drivers;
mod error;
mod gateway_files;
mod import;
mod init;
mod keyring_file;
mod keys;
mod listen;
mod manual;
mod memory;
mod output;
mod private_file;
mod redacted;
mod run;
mod serve;
mod settings;
mod signals;
mod sms;
mod verbs;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Cli, Command};
use clap::FromArgMatches as _;
pub use error::CliError;

/// Parses `args`, runs the command and returns its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let parsed = args::line().try_get_matches_from(args).and_then(|matches| {
        let cli = match verbs::chosen(&matches) {
            Some(_) => None,
            None => Some(Cli::from_arg_matches(&matches)?),
        };
        Ok((matches, cli))
    });
    let (matches, cli) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = redacted::without_secrets(error);
            // Help and version come here, too, and exit with 0. A closed pipe is ignored.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { error::USAGE } else { 0 });
        }
    };
    if cli.as_ref().is_none_or(|cli| cli.command.holds_secrets())
        && let Err(failure) = memory::forbid_dumps()
    {
        return failure.report();
    }
    let done = match (cli, verbs::chosen(&matches)) {
        (Some(cli), _) => run_command(cli.command),
        (None, Some((verb, matches))) => verbs::run(verb, matches),
        (None, None) => Ok(()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run_command(command: Command) -> Result<(), CliError> {
    match command {
        Command::Demo(args) => demo::demo(&args),
        Command::Init(args) => init::init(args),
        Command::Import(args) => import::import(args),
        Command::Apply(args) => apply::apply(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Compact(args) => compact::compact(&args),
        Command::Keys(command) => keys::keys(command),
        Command::Audit(command) => audit::audit(&command),
        Command::Sms(command) => sms::sms(&command),
        Command::Check(args) => check::check(&args),
        Command::Completions(args) => manual::completions(args::line(), &args),
        Command::Man(args) => manual::man(args::line(), &args),
    }
}
