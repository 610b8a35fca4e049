use std::net::SocketAddr;
use std::sync::Arc;

use super::listen::Addresses;
use super::node::Parts;
use super::{Failure, ServeArgs, keyring_file, run};
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::sms::Console;
use crate::store::Store;

/// `esoz-otp serve`.
pub(super) fn serve(args: ServeArgs) -> Result<(), Failure> {
    let ServeArgs { settings, allow_plaintext_codes, common } = args;
    let mut config = settings.load();
    config.sms.allow_plaintext_codes |= allow_plaintext_codes;
    if !config.sms.allow_plaintext_codes {
        return Err(Failure::configuration(
            "the only SMS driver there is prints codes and numbers in clear on the console. \
             If that is what you want, say so with --allow-plaintext-codes.",
        ));
    }
    let addresses = Addresses::of(&config, &common.listen)?;
    let prepare = || {
        let data = &config.data.path;
        Store::check_made(data)?;
        // Before the store is opened: a wrong keyring changes nothing in it.
        let keyring = keyring_file::read(&config.keys.keyring_of(data), data)?;
        let store = Store::open(data, config.store)?;
        keyring.check(&store)?;
        let console = Console::to(std::io::stdout()).map_err(Failure::software)?;
        let parts = Parts {
            config,
            store,
            keyring,
            clock: Arc::new(SystemClock::start()),
            entropy: Arc::new(SystemEntropy::new()),
            driver: Arc::new(console),
            demo: None,
        };
        Ok((parts, ()))
    };
    run::run(common.log, &addresses, prepare, |addresses, ()| announcement(addresses))
}

fn announcement(addresses: &[SocketAddr]) -> String {
    let served = addresses.iter().map(|address| format!("esoz-otp serves on http://{address}"));
    served.collect::<Vec<_>>().join("\n")
}
