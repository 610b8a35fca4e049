//! The command line.
//!
//! Exit codes are those of BSD's `sysexits`: 0 ended as asked, 64 wrong usage, 65 a file is wrong, 69 an address can't
//! be had or nobody takes a message, 70 a fault of the program, 74 the disk, 75 in use by another process, 78 something
//! must be set up first.

mod audit;
mod check;
mod compact;
mod demo;
mod drivers;
mod failure;
mod gateway_files;
mod import;
mod init;
mod keyring_file;
mod keys;
mod listen;
mod log;
mod manual;
mod memory;
pub mod node;
mod private_file;
mod run;
mod serve;
mod settings;
mod signals;
mod sms;
mod unrepeated;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use demo::DemoArgs;
pub use failure::Failure;
use settings::{ServingArgs, SettingsArgs};

/// The one-time-code methods of the Ukrainian eHealth system, ЕСОЗ, from one data directory.
#[derive(Parser)]
#[command(name = "esoz-otp", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A world to try things out in, on localhost:4000, with every SMS on this console.
    ///
    /// It reads no configuration file, and no environment variable.
    Demo(Box<DemoArgs>),
    /// Makes a data directory and its keyring, and prints the first admin token.
    Init(InitArgs),
    /// Adds clients, users, persons, tokens, factors and person requests from a file to a stopped node's directory.
    Import(ImportArgs),
    /// A node on a data directory.
    Serve(ServingArgs),
    /// Puts a new database into a stopped node's directory, in the place of one that has grown.
    Compact(CompactArgs),
    /// Adds, lists and retires the keys that protect codes.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Looks at the log of audit.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Tries the drivers of messages out.
    #[command(subcommand)]
    Sms(sms::Command),
    /// Says everything that is wrong with the configuration, the keyring, the data directory and the files of gateways.
    /// Changes nothing, and calls nobody.
    Check(CheckArgs),
    /// Writes what a shell needs to complete this program's command line.
    Completions(CompletionsArgs),
    /// Writes the manual page, or a page for every command.
    Man(ManArgs),
}

impl Command {
    /// Whether keys, tokens or patients' codes pass through its memory. Those of a demo are printed.
    fn holds_secrets(&self) -> bool {
        match self {
            Self::Demo(_) | Self::Completions(_) | Self::Man(_) => false,
            Self::Init(_)
            | Self::Import(_)
            | Self::Serve(_)
            | Self::Compact(_)
            | Self::Keys(_)
            | Self::Audit(_)
            | Self::Sms(_)
            | Self::Check(_) => true,
        }
    }
}

#[derive(Args)]
struct InitArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Args)]
struct ImportArgs {
    /// What to add (format: fixtures/README.md): all of it, or nothing.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take a file that says of itself that it is a demo's: everybody knows its tokens.
    #[arg(long)]
    allow_demo_secrets: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Args)]
struct CompactArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Args)]
struct CheckArgs {
    #[command(flatten)]
    settings: ServingArgs,
    /// Print every setting as TOML, with where its value comes from, and look at the configuration only.
    #[arg(long)]
    print_effective: bool,
}

#[derive(Args)]
struct CompletionsArgs {
    /// The shell.
    shell: clap_complete::Shell,
}

#[derive(Args)]
struct ManArgs {
    /// Write a page for every command to this directory.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs a command and gives its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let error = unrepeated::without_secrets(error);
            // Help and version are no errors, and a closed pipe is no reason for another.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { failure::USAGE } else { 0 });
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
        Command::Completions(args) => manual::completions(args.shell),
        Command::Man(args) => manual::man(args.out.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
