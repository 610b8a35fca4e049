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

pub(super) const HELP: &str = "\
Examples:
  esoz-otp serve --config /etc/esoz-otp/esoz-otp.toml --keyring /etc/esoz-otp/keyring
  esoz-otp serve --data data/node --allow-plaintext-codes

Exit codes:
  0   the node ended in order, after SIGTERM or Ctrl-C
  64  the command line is wrong
  65  the database is damaged or a newer release's, or the audit does not fit to it
  69  an address can't be listened on
  70  a fault of the program, or the system gives no random numbers or no threads
  74  the disk is full or can't be written
  75  another process uses the directory
  78  the configuration, the keyring, a secret's file or the directory is missing or wrong";

/// `esoz-otp serve`.
pub(super) fn serve(settings: &ServingArgs) -> Result<(), CliError> {
    let layers = settings.layers();
    let configuration = layers.file.clone();
    let effective = layers.load()?;
    let shown = effective.shown();
    let config = effective.config;
    let start = Start {
        log: config.log,
        addresses: ListenAddresses::of(&config),
        dialect: config.dialect,
        data: config.data.path.clone(),
        settings: shown,
        configuration,
        ends_with_terminal: false,
    };
    // Runs after the listeners are bound, so a taken port changes nothing in the directory.
    let prepare = || {
        let data = &config.data.path;
        Store::check_made(data)?;
        // Secrets are read before the store is opened, so a wrong one changes nothing in it.
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

/// The lines that are printed when the node is ready.
fn announcement(addresses: &[SocketAddr]) -> String {
    let served = addresses.iter().map(|address| format!("esoz-otp serves on http://{address}"));
    served.collect::<Vec<_>>().join("\n")
}
