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

const HELP: &str = "\
Examples:
  esoz-otp keys retire k2026-01-31-7f3a
  esoz-otp keys retire k2026-01-31-7f3a --keyring-only --force --keyring /etc/esoz-otp/keyring

Exit codes:
  0   the key is retired; standard output says where it still has to be removed
  64  the command line is wrong, or there is no key of this id
  65  the database is damaged
  74  the disk or the keyring can't be written
  75  a node runs on the directory, another process edits the keyring, or live codes need the key
  78  the key is the newest, or the keyring or the directory is missing or wrong";

#[derive(Args)]
#[command(after_help = HELP)]
pub(in crate::cli) struct RetireArgs {
    /// Id of the key, as `keys list` prints it.
    #[arg(value_name = "ID")]
    id: String,
    /// Retire a key that live codes need: they then count as expired. Also allows a keyring without any key that the
    /// directory was used with.
    #[arg(long)]
    force: bool,
    /// Only remove the key from the keyring file, for the owner of a keyring that the service has a copy of. Retire it in
    /// the data directory before; that is not checked here, hence --force.
    #[arg(long, requires = "force")]
    keyring_only: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// `esoz-otp keys retire`.
///
/// It changes the directory first, then the file. If it is interrupted in between, the file has an unused key, and running
/// the command again removes it. In the other order, a start would be refused for a missing key.
pub(super) fn retire(args: &RetireArgs) -> Result<(), CliError> {
    let RetireArgs { id, force, keyring_only, settings } = args;
    let config = settings.load()?;
    let data = &config.data.path;
    let path = config.keys.keyring_of(data);
    // Only the file.
    if *keyring_only {
        remove_key(id, &path, data)?;
        output::print_best_effort(&format!(
            "key {id} is no longer in {}\nA data directory in which it is not retired would miss it.",
            path.display()
        ));
        return Ok(());
    }
    // The directory: seal and vouch for everything with the newest key, then retire this one.
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log })?;
    Store::check_made(data)?;
    let file = keyring_file::read_file(&path, data)?;
    let store = Store::open(data, config.store)?;
    let now = SystemClock::start().now();
    let keyring = Keyring::of(&file);
    let is_done = keyring.check_retirable(id, &store, now, *force);
    if !is_done.map_err(|error| refused(&path, error))? {
        // Messages and secrets that this key seals, and the audit that it vouches for.
        keyring.reseal_without(id, &store, &SystemEntropy::new())?;
        let keys = keyring.anchor_keys();
        AuditLog::open_for(store.clone(), keys, now, AnchorReason::KeyExchange)?.close(now)?;
        keyring.retire(id, &store, now, *force).map_err(|error| refused(&path, error))?;
    }

    // The file, unless it is the service manager's copy.
    let is_held = file.ids().any(|held| held == id);
    if is_held && keyring_file::check_editable(&path).is_err() {
        output::print_best_effort(&format!(
            "key {id} is retired: {} no longer needs it.\n\
             It is still in the original of {}, which is the service manager's copy. Remove it there, as the owner of \
             that file: esoz-otp keys retire {id} --keyring-only --force --keyring FILE",
            data.display(),
            path.display()
        ));
        return Ok(());
    }
    if is_held {
        remove_key(id, &path, data)?;
    }
    output::print_best_effort(&format!(
        "key {id} is retired: {} no longer needs it.",
        data.display()
    ));
    Ok(())
}

/// Removes the key from the keyring file.
fn remove_key(id: &str, path: &Path, data: &Path) -> Result<(), CliError> {
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
