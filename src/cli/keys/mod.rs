//! `esoz-otp keys`: a key is replaced by adding another one, and by retiring the old one when no code needs it.

mod add;
mod directory;
mod list;
mod retire;

use std::io::Write as _;

use clap::{Args, Subcommand};

use super::Failure;
use super::settings::SettingsArgs;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Adds a new key, which new codes are hashed with from the next start on. A node may run meanwhile.
    Add(AddArgs),
    /// Shows the keys and, if no node runs, what the data directory knows of them. Never a key itself.
    List(ListArgs),
    /// Takes a key away that no live code needs, while no node runs.
    Retire(RetireArgs),
}

#[derive(Args)]
pub(super) struct AddArgs {
    /// The id of the new key, one that none has had before: that is looked up in the data directory, unless a node runs on
    /// it or it is another user's. Without it, one of the day is drawn.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Args)]
pub(super) struct RetireArgs {
    /// The key.
    #[arg(value_name = "ID")]
    id: String,
    /// Even if live codes need it: they are worth nothing then. Even if the keyring has no key of the directory's.
    #[arg(long)]
    force: bool,
    /// Only take it out of the keyring, without a look at the data directory, in which it has to be retired before: for the
    /// owner of a keyring that a service gets a copy of. It takes --force: no live code holds it back here.
    #[arg(long, requires = "force")]
    keyring_only: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) fn keys(command: Command) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::add(&args),
        Command::List(args) => list::list(&args),
        Command::Retire(args) => retire::retire(&args),
    }
}

/// It is done, whether anybody reads of it or not.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}
