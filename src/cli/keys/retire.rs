use std::path::Path;

use clap::Args;
use tracing::level_filters::LevelFilter;

use crate::audit::{AnchorReason, AuditLog};
use crate::cli::settings::SettingsArgs;
use crate::cli::{CliError, keyring_file, output};
use crate::clock::{Clock as _, SystemClock};
use crate::config::LogConfig;
use crate::entropy::SystemEntropy;
use crate::keyring::{Keyring, NotRetired};
use crate::log;
use crate::store::Store;

#[derive(Args)]
pub(in crate::cli) struct RetireArgs {
    /// The key.
    #[arg(value_name = "ID")]
    id: String,
    /// Even if live codes need it: they are worth nothing then. Even if the keyring has no key of the directory's.
    #[arg(long)]
    force: bool,
    /// Only take it out of the keyring, without a look at the data directory, in which it has to be retired before: for the
    /// owner of a keyring that a service gets a copy of. It takes --force: no live code holds it back here.
    #[arg(long, requires = "force")]
    keyring_only: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// `esoz-otp keys retire`.
///
/// First the directory, then the file: whatever is cut short between the two leaves a key that lies in the file unused,
/// and doing it again goes on from there. The other way round, a start would miss the key.
pub(super) fn retire(args: &RetireArgs) -> Result<(), CliError> {
    let RetireArgs { id, force, keyring_only, settings } = args;
    let config = settings.load()?;
    let data = &config.data.path;
    let path = config.keys.keyring_of(data);
    if *keyring_only {
        take_out(id, &path, data)?;
        output::say(&format!(
            "key {id} is no longer in {}\nA data directory in which it is not retired would miss it.",
            path.display()
        ));
        return Ok(());
    }
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log })?;
    Store::check_made(data)?;
    let file = keyring_file::read_file(&path, data)?;
    let store = Store::open(data, config.store)?;
    let now = SystemClock::start().now();
    let keyring = Keyring::of(&file);
    let is_done = keyring.check_retirable(id, &store, now, *force);
    if !is_done.map_err(|error| refused(&path, error))? {
        // What needs the key is made anew with the newest one before it goes.
        keyring.reseal_without(id, &store, &SystemEntropy::new())?;
        let keys = keyring.anchor_keys();
        AuditLog::open_for(store.clone(), keys, now, AnchorReason::KeyExchange)?.close(now)?;
        keyring.retire(id, &store, now, *force).map_err(|error| refused(&path, error))?;
    }

    let is_held = file.ids().any(|held| held == id);
    if is_held && keyring_file::check_editable(&path).is_err() {
        output::say(&format!(
            "key {id} is retired: {} does without it.\n\
             It is still in the file that {} is the service manager's copy of. Take it out there, as the owner of that \
             file: esoz-otp keys retire {id} --keyring-only --force --keyring FILE",
            data.display(),
            path.display()
        ));
        return Ok(());
    }
    if is_held {
        take_out(id, &path, data)?;
    }
    output::say(&format!("key {id} is retired: {} does without it.", data.display()));
    Ok(())
}

fn take_out(id: &str, path: &Path, data: &Path) -> Result<(), CliError> {
    keyring_file::edit(path, data, |file| Ok(file.remove(id)?))
}

fn refused(path: &Path, error: NotRetired) -> CliError {
    match error {
        NotRetired::Keyring(error) => keyring_file::wrong(path, error),
        NotRetired::Unknown { .. }
        | NotRetired::Newest(_)
        | NotRetired::Needed { .. }
        | NotRetired::Foreign => error.into(),
    }
}
