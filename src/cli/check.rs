//! `esoz-otp check`: reads everything that `serve` would read, changes nothing and calls no gateway.

use std::sync::Arc;

use clap::Args;

use super::settings::ServingArgs;
use super::{CliError, drivers, keyring_file, output};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Faults};
use crate::store::Store;

const HELP: &str = "\
Examples:
  esoz-otp check --keyring /etc/esoz-otp/keyring
  esoz-otp check --print-effective

Exit codes:
  0   everything is in order; standard output says so
  64  the command line is wrong
  78  there are faults; standard error has a line for each, with its file and line, variable or flag";

#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    settings: ServingArgs,
    /// Print every setting as TOML with the source of its value, and check the configuration only.
    #[arg(long)]
    print_effective: bool,
}

/// `esoz-otp check`.
pub(super) fn check(args: &CheckArgs) -> Result<(), CliError> {
    let mut wrong = Vec::new();
    let faults = if args.print_effective {
        let (effective, faults) = args.settings.layers().read();
        // Printed before faults are reported: the source of a value helps to find them.
        output::print(effective.to_toml().as_bytes())?;
        faults
    } else {
        let (config, faults) = args.settings.layers().read_as_meant();
        wrong.extend(check_directory(&config));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        wrong.extend(drivers::check(&config.sms, &faults, &clock));
        faults
    };
    if !faults.is_empty() {
        wrong.insert(0, CliError::from(Faults(faults)));
    }
    if !wrong.is_empty() {
        return Err(CliError::configuration(CliError::all(&wrong).message()));
    }
    if args.print_effective { Ok(()) } else { output::print(b"configuration is in order\n") }
}

/// The faults of the data directory and of its keyring. Without a directory, the keyring is not read.
fn check_directory(config: &Config) -> Vec<CliError> {
    let data = &config.data.path;
    if !data.exists() {
        return Store::check_made(data).err().map(CliError::from).into_iter().collect();
    }
    let directory = Store::check_made(data).and_then(|()| Store::check_seal(data));
    let keyring = keyring_file::read(&config.keys.keyring_of(data), data);
    directory.err().map(CliError::from).into_iter().chain(keyring.err()).collect()
}
