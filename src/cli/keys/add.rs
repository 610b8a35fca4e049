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

const HELP: &str = "\
Example:
  esoz-otp keys add --keyring /etc/esoz-otp/keyring

Exit codes:
  0   the key is in the keyring; standard output has its id. It counts from the node's next start on
  64  the command line is wrong, or another key has or had the id
  74  the keyring can't be written; it is as it was
  75  another process edits the keyring
  78  the keyring is missing, wrong or open to other users";

#[derive(Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct AddArgs {
    /// Id of the new key, which no key had before. Default: the date and four random hex digits. If the data directory can be
    /// opened, the id is looked up there.
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
        // An id that is drawn at random is not looked up.
        let note = id.as_ref().map_or(Ok(None), |id| look_up(id, data, config.store))?;
        Ok((added, note))
    })?;
    output::print_best_effort(&format!(
        "key {added} is in {}\n\
         The node uses it for new codes after a restart. As a service: systemctl restart esoz-otp, which also \
         hands over the new keyring.\n\
         Renew your copy of the keyring: codes that were hashed with this key can't be checked without it.",
        path.display()
    ));
    if let Some(why) = note {
        output::print_best_effort(&format!(
            "Whether another key has had this id before was not looked up: {why}"
        ));
    }
    Ok(())
}

/// Refuses an id that the data directory knows of another key. Returns the reason if the directory can't be opened.
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
