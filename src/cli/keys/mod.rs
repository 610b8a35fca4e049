//! `esoz-otp keys`: exchanges keys. `add` a new key, restart the node, and `retire` the old key when no code needs it.

mod add;
mod directory;
mod list;
mod retire;

use clap::Subcommand;

use super::CliError;

#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Adds a key, which hashes new codes from the node's next start on. A node may run meanwhile.
    Add(add::AddArgs),
    /// Lists the ids, times and uses of the keys, and never a key itself. A node may run meanwhile.
    List(list::ListArgs),
    /// Removes a key that no live code needs. The node must be stopped.
    Retire(retire::RetireArgs),
}

pub(super) const HELP: &str = "\
Examples:
  esoz-otp keys add --keyring /etc/esoz-otp/keyring
  esoz-otp keys list --keyring /etc/esoz-otp/keyring
  esoz-otp keys retire k2026-01-31-7f3a --keyring /etc/esoz-otp/keyring

Exit codes:
  0   the command did what it was asked to do
  64  the command line is wrong (each command's --help has its codes)";

pub(super) fn keys(command: KeysCommand) -> Result<(), CliError> {
    match command {
        KeysCommand::Add(args) => add::add(&args),
        KeysCommand::List(args) => list::list(&args),
        KeysCommand::Retire(args) => retire::retire(&args),
    }
}
