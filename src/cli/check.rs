//! Everything that `serve` would read, read without changing anything: no gateway is called.

use std::sync::Arc;

use clap::Args;

use super::settings::ServingArgs;
use super::{CliError, drivers, keyring_file, output};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Faults};
use crate::store::Store;

#[derive(Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    settings: ServingArgs,
    /// Print every setting as TOML, with where its value comes from, and look at the configuration only.
    #[arg(long)]
    print_effective: bool,
}

/// `esoz-otp check`.
pub(super) fn check(args: &CheckArgs) -> Result<(), CliError> {
    let mut wrong = Vec::new();
    let faults = if args.print_effective {
        let (effective, faults) = args.settings.layers().read();
        // With something wrong, too: that is when one asks where a value comes from.
        output::print(effective.to_toml().as_bytes())?;
        faults
    } else {
        let (config, faults) = args.settings.layers().read_as_meant();
        wrong.extend(places(&config));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        wrong.extend(drivers::wrong(&config.sms, &faults, &clock));
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

/// What is wrong with the data directory, and with its keyring. One that nobody has made has none.
fn places(config: &Config) -> Vec<CliError> {
    let data = &config.data.path;
    if !data.exists() {
        return Store::check_made(data).err().map(CliError::from).into_iter().collect();
    }
    let directory = Store::check_made(data).and_then(|()| Store::check_seal(data));
    let keyring = keyring_file::read(&config.keys.keyring_of(data), data);
    directory.err().map(CliError::from).into_iter().chain(keyring.err()).collect()
}
