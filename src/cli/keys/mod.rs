//! `esoz-otp keys`: a key is replaced by adding another one, and by retiring the old one when no code needs it.

mod add;
mod directory;
mod list;
mod retire;

use clap::Subcommand;

use super::CliError;

#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Adds a new key, which new codes are hashed with from the next start on. A node may run meanwhile.
    Add(add::AddArgs),
    /// Shows the keys and, if no node runs, what the data directory knows of them. Never a key itself.
    List(list::ListArgs),
    /// Takes a key away that no live code needs, while no node runs.
    Retire(retire::RetireArgs),
}

pub(super) fn keys(command: KeysCommand) -> Result<(), CliError> {
    match command {
        KeysCommand::Add(args) => add::add(&args),
        KeysCommand::List(args) => list::list(&args),
        KeysCommand::Retire(args) => retire::retire(&args),
    }
}
