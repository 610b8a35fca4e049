//! Everything that `serve` would read, read without changing anything: no gateway is called.

use std::sync::Arc;

use super::{CheckArgs, Failure, drivers, keyring_file, manual};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Faults};
use crate::store::Store;

/// `esoz-otp check`.
pub(super) fn check(args: &CheckArgs) -> Result<(), Failure> {
    let (effective, faults) = args.settings.layers().read();
    let are_of_messages = faults.iter().any(|it| it.key.is_empty() || it.key.starts_with("sms."));
    let mut wrong = Vec::new();
    if !faults.is_empty() {
        wrong.push(Failure::from(Faults(faults)));
    }
    if args.print_effective {
        // With something wrong, too: that is when one asks where a value comes from.
        manual::print(effective.to_toml().as_bytes())?;
    } else {
        wrong.extend(places(&effective.config));
        // What is set wrongly is told by now, and what comes of it need not be.
        if !are_of_messages {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
            wrong.extend(drivers::wrong(&effective.config.sms, &clock));
        }
    }
    if !wrong.is_empty() {
        let said: Vec<_> = wrong.iter().map(Failure::message).collect();
        return Err(Failure::configuration(said.join("\n")));
    }
    if args.print_effective { Ok(()) } else { manual::print(b"configuration is in order\n") }
}

/// What is wrong with the data directory, and with its keyring. One that nobody has made has none.
fn places(config: &Config) -> Vec<Failure> {
    let data = &config.data.path;
    if !data.exists() {
        return Store::check_made(data).err().map(Failure::from).into_iter().collect();
    }
    let directory = Store::check_made(data).and_then(|()| Store::check_seal(data));
    let keyring = keyring_file::read(&config.keys.keyring_of(data), data);
    directory.err().map(Failure::from).into_iter().chain(keyring.err()).collect()
}
