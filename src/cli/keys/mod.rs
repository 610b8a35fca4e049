//! `esoz-otp keys`: a key is exchanged by adding another one, and by retiring the old one when no code needs it.

mod list;
mod retire;

use std::io::Write as _;

use clap::{Args, Subcommand};

use super::settings::SettingsArgs;
use super::{Failure, keyring_file};
use crate::clock::{Clock as _, SystemClock};
use crate::entropy::SystemEntropy;

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
    /// The id of the new key, one that none has had before; without it, one of the day is drawn.
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
        Command::Add(args) => add(args),
        Command::List(args) => list::list(&args),
        Command::Retire(args) => retire::retire(&args),
    }
}

fn add(args: AddArgs) -> Result<(), Failure> {
    let AddArgs { id, settings } = args;
    let config = settings.load()?;
    let path = config.keys.keyring_of(&config.data.path);
    let (entropy, now) = (SystemEntropy::new(), SystemClock::start().now());
    let id = keyring_file::edit(&path, &config.data.path, |file| {
        Ok(file.add(id.as_deref(), &entropy, now)?)
    })?;
    say(&format!(
        "key {id} is in {}\n\
         New codes are hashed with it after a restart of esoz-otp; as a service: systemctl restart esoz-otp, which hands \
         the new keyring over, too.\n\
         Renew your copy of the keyring: without this key no code that was hashed with it can be checked.",
        path.display()
    ));
    Ok(())
}

/// It is done, whether anybody reads of it or not.
fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}
