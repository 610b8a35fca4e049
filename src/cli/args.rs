//! The command line as a whole. What a command takes stands with the command.

use clap::{Parser, Subcommand};

use super::check::CheckArgs;
use super::compact::CompactArgs;
use super::demo::DemoArgs;
use super::import::ImportArgs;
use super::init::InitArgs;
use super::manual::{CompletionsArgs, ManArgs};
use super::settings::ServingArgs;
use super::{audit, keys, sms};

/// The one-time-code methods of the Ukrainian eHealth system, ЕСОЗ, from one data directory.
#[derive(Parser)]
#[command(name = "esoz-otp", version, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
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
    Keys(keys::KeysCommand),
    /// Looks at the log of audit.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Tries the drivers of messages out.
    #[command(subcommand)]
    Sms(sms::SmsCommand),
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
    pub(super) fn holds_secrets(&self) -> bool {
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
