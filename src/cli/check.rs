//! Everything that `serve` would read, read without changing anything.

use super::listen::Addresses;
use super::{CheckArgs, Failure, keyring_file, manual};
use crate::config::{Config, Faults};
use crate::store::Store;

/// `esoz-otp check`.
pub(super) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let (effective, faults) = args.settings.layers().read();
    let mut wrong = Vec::new();
    if !faults.is_empty() {
        wrong.push(Failure::from(Faults(faults)));
    }
    wrong.extend(Addresses::refused(&effective.config, args.settings.asked()));
    if !args.print_effective {
        wrong.extend(places(&effective.config));
    }
    if !wrong.is_empty() {
        let said: Vec<_> = wrong.iter().map(Failure::message).collect();
        return Err(Failure::configuration(said.join("\n")));
    }
    if args.print_effective {
        return manual::print(effective.to_toml().as_bytes());
    }
    manual::print(b"configuration is in order\n")
}

/// What is wrong with the data directory, and with its keyring.
fn places(config: &Config) -> Vec<Failure> {
    let data = &config.data.path;
    let directory = Store::check_made(data).err().map(Failure::from);
    let keyring = keyring_file::read(&config.keys.keyring_of(data), data).err();
    directory.into_iter().chain(keyring).collect()
}
