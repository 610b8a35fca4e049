use std::net::SocketAddr;
use std::sync::Arc;

use super::listen::ListenAddresses;
use super::run::Start;
use super::settings::ServingArgs;
use super::{CliError, drivers, keyring_file, run};
use crate::clock::{Clock, SystemClock};
use crate::entropy::SystemEntropy;
use crate::node::Dependencies;
use crate::store::Store;

/// `esoz-otp serve`.
pub(super) fn serve(settings: &ServingArgs) -> Result<(), CliError> {
    let layers = settings.layers();
    let configuration = layers.file.clone();
    let config = layers.load()?.config;
    let start = Start {
        log: config.log,
        addresses: ListenAddresses::of(&config),
        dialect: config.dialect,
        data: config.data.path.clone(),
        configuration,
        ends_with_terminal: false,
    };
    let prepare = || {
        let data = &config.data.path;
        Store::check_made(data)?;
        // Before the store is opened: a wrong keyring or token changes nothing in it.
        let file = config.keys.keyring_of(data);
        let mut keyring = keyring_file::read(&file, data)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let drivers = drivers::drivers(&config.sms, &clock)?;
        let store = Store::open(data, config.store)?;
        keyring_file::check(&mut keyring, &file, &store)?;
        let parts = Dependencies {
            config,
            store,
            keyring,
            clock,
            entropy: Arc::new(SystemEntropy::new()),
            drivers,
            demo: None,
        };
        Ok((parts, ()))
    };
    run::run(&start, prepare, |addresses, ()| announcement(addresses))
}

fn announcement(addresses: &[SocketAddr]) -> String {
    let served = addresses.iter().map(|address| format!("esoz-otp serves on http://{address}"));
    served.collect::<Vec<_>>().join("\n")
}
