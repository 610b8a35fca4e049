use std::path::Path;

use clap::Args;
use tracing::level_filters::LevelFilter;

use super::directory;
use crate::cli::settings::SettingsArgs;
use crate::cli::{CliError, keyring_file, output};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{LogConfig, StoreConfig};
use crate::entropy::SystemEntropy;
use crate::keyring::{Keyring, NotAdded};
use crate::log;

#[derive(Args)]
pub(in crate::cli) struct AddArgs {
    /// The id of the new key, one that none has had before: that is looked up in the data directory, unless a node runs on
    /// it or it is another user's. Without it, one of the day is drawn.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// `esoz-otp keys add`.
pub(super) fn add(args: &AddArgs) -> Result<(), CliError> {
    let AddArgs { id, settings } = args;
    let config = settings.load()?;
    let data = &config.data.path;
    let path = config.keys.keyring_of(data);
    let (entropy, now) = (SystemEntropy::new(), SystemClock::start().now());
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log })?;
    let (added, note) = keyring_file::edit(&path, data, |file| {
        let added = file.add(id.as_deref(), &entropy, now)?;
        // One that is drawn has had no key before it.
        let note = id.as_ref().map_or(Ok(None), |id| look_up(id, data, config.store))?;
        Ok((added, note))
    })?;
    output::say(&format!(
        "key {added} is in {}\n\
         New codes are hashed with it after a restart of esoz-otp; as a service: systemctl restart esoz-otp, which hands \
         the new keyring over, too.\n\
         Renew your copy of the keyring: without this key no code that was hashed with it can be checked.",
        path.display()
    ));
    if let Some(why) = note {
        output::say(&format!(
            "Whether another key has had this id before was not looked up: {why}"
        ));
    }
    Ok(())
}

/// Refuses an id that the data directory knows of another key. Gives the reason if it can't be asked.
fn look_up(id: &str, data: &Path, config: StoreConfig) -> Result<Option<String>, CliError> {
    let store = match directory::open(data, config) {
        Ok(Ok(store)) => store,
        Ok(Err(why)) => return Ok(Some(why)),
        Err(failure) => return Ok(Some(failure.message().to_owned())),
    };
    if Keyring::is_known(id, &store).map_err(CliError::io)? {
        return Err(NotAdded::UsedBefore(id.to_owned()).into());
    }
    Ok(None)
}
