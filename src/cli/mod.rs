//! The command line.
//!
//! Exit codes are those of BSD's `sysexits`: 0 ended as asked, 64 wrong usage, 65 a file is wrong, 69 an address can't
//! be had or nobody takes a message, 70 a fault of the program, 74 the disk, 75 in use by another process, 78 something
//! must be set up first.
//!
//! - `args`: the command line as a whole; `settings`: what commands have in common; `unrepeated`: what an error about
//!   it does not say again;
//! - a file or folder of its name for each command; `run`: what `demo` and `serve` have in common, with `listen` and
//!   `signals`;
//! - `keyring_file`, `private_file`, `gateway_files`, `drivers`: what commands read beside settings;
//! - `memory`: what others may see of it; `output`, `error`: what is said in the end.

mod args;
mod audit;
mod check;
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
mod run;
mod serve;
mod settings;
mod signals;
mod sms;
mod unrepeated;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Cli, Command};
use clap::{CommandFactory as _, Parser as _};
pub use error::CliError;

/// Runs a command and gives its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let error = unrepeated::without_secrets(error);
            // Help and version are no errors, and a closed pipe is no reason for another.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { error::USAGE } else { 0 });
        }
    };
    if cli.command.holds_secrets()
        && let Err(failure) = memory::close()
    {
        return failure.report();
    }
    let done = match cli.command {
        Command::Demo(args) => demo::demo(&args),
        Command::Init(args) => init::init(args),
        Command::Import(args) => import::import(args),
        Command::Serve(args) => serve::serve(&args),
        Command::Compact(args) => compact::compact(&args),
        Command::Keys(command) => keys::keys(command),
        Command::Audit(command) => audit::audit(&command),
        Command::Sms(command) => sms::sms(&command),
        Command::Check(args) => check::check(&args),
        Command::Completions(args) => manual::completions(Cli::command(), &args),
        Command::Man(args) => manual::man(Cli::command(), &args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
