use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use clap::Args;
use tracing::level_filters::LevelFilter;

use super::CliError;
use super::keyring_file::{self, NewKeyring};
use super::settings::SettingsArgs;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{LogConfig, StoreConfig};
use crate::domain::{SecretDigest, Timestamp};
use crate::entropy::{Entropy, SystemEntropy};
use crate::files;
use crate::keyring::Keyring;
use crate::log;
use crate::service::bootstrap::{ADMIN_SCOPE, FirstToken, NoOperator, OPERATOR, add_operator};
use crate::store::{NewDirectory, Store};

#[derive(Args)]
pub(super) struct InitArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// `esoz-otp init`.
///
/// The order is what makes it safe to interrupt: until the last step the directory is marked as unfinished, so that
/// this can be done again. The token is told before that step: there is none that nobody has seen.
pub(super) fn init(args: InitArgs) -> Result<(), CliError> {
    let InitArgs { settings } = args;
    let config = settings.load()?;
    let data = &config.data.path;
    let keyring = config.keys.keyring_of(data);
    let now = SystemClock::start().now();
    let entropy = SystemEntropy::new();
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log })?;

    keep_apart(&keyring, data)?;
    let mut directory = NewDirectory::begin(data)?;
    make_way(&keyring, directory.left())?;
    directory.clear()?;
    let text = Keyring::generate(&entropy, now).map_err(CliError::software)?;
    directory.note(&note(text.as_bytes()))?;
    let token = fill(data, config.store, Keyring::parse(&text)?, now, &entropy)?;
    let new_keyring = NewKeyring::make(&keyring, &text).map_err(|error| {
        CliError::io(format_args!("cannot make the keyring {}: {error}", keyring.display()))
    })?;
    tell(&told(data, &keyring, &token, &settings.repeated()))?;
    directory.finish().map_err(|error| {
        CliError::io(format_args!(
            "{error} The token above is worth nothing: init has to be run again."
        ))
    })?;
    new_keyring.keep();
    Ok(())
}

/// A backup of the directory should not be worth anything by itself, and nothing else may lie where the store is.
fn keep_apart(keyring: &Path, data: &Path) -> Result<(), CliError> {
    if !resolved(keyring).starts_with(resolved(data)) {
        return Ok(());
    }
    Err(CliError::configuration(format_args!(
        "the keyring {} would lie in the data directory that it protects. Name a file elsewhere by --keyring.",
        keyring.display()
    )))
}

/// Where a path leads, of which not everything has to be there yet.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.components().fold(PathBuf::new(), |mut so_far, step| {
        if step == Component::ParentDir {
            so_far.pop();
        } else {
            so_far.push(step);
        }
        so_far.canonicalize().unwrap_or(so_far)
    })
}

/// A keyring that is there stays there, unless it was made by a run that was interrupted before it could say so.
fn make_way(keyring: &Path, left: &str) -> Result<(), CliError> {
    let cannot = |error: io::Error| {
        CliError::io(format_args!("cannot use the keyring {}: {error}", keyring.display()))
    };
    if let Some(digest) = left.strip_prefix(NOTE).filter(|digest| is_digest(digest)) {
        keyring_file::remove(&keyring_file::temp_path(keyring, digest)).map_err(cannot)?;
    }
    match fs::symlink_metadata(keyring) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(error)),
        Ok(found) if found.is_file() && found.len() < keyring_file::MOST_BYTES => {
            let text =
                files::open(keyring).and_then(|file| files::read(file, keyring_file::MOST_BYTES));
            if text.is_ok_and(|text| left == note(&text)) {
                return keyring_file::remove(keyring).map_err(cannot);
            }
        }
        Ok(_) => {}
    }
    Err(CliError::configuration(format_args!(
        "the keyring {0} is there already, so it is left as it is: a data directory may need it. \
         Name another file by --keyring, or move that one away.",
        keyring.display()
    )))
}

const NOTE: &str = "SHA-256 of its keyring: ";

/// What tells the next run that this keyring was made by an interrupted one. (A keyring has 256 random bits: nobody
/// finds it by its digest.)
fn note(keyring: &[u8]) -> String {
    [NOTE, &SecretDigest::of(keyring).to_hex()].concat()
}

fn is_digest(text: &str) -> bool {
    SecretDigest::from_hex(text).is_some()
}

/// Closed again when this returns.
fn fill(
    data: &Path,
    config: StoreConfig,
    mut keyring: Keyring,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<FirstToken, CliError> {
    let store = Store::open(data, config)?;
    keyring.check(&store)?;
    keyring.phone_key(&store, entropy)?;
    add_operator(&store, now, entropy).map_err(|error| match error {
        NoOperator::NoEntropy(error) => CliError::software(error),
        NoOperator::Store(error) => CliError::io(error),
    })
}

fn told(data: &Path, keyring: &Path, token: &FirstToken, flags: &str) -> String {
    let FirstToken { secret, expires_at } = token;
    let (data, keyring) = (data.display(), keyring.display());
    format!(
        "data directory (0700): {data}\n\
         keyring (0600): {keyring}\n\
         token {OPERATOR}: {secret}\n\n\
         Keep the token: it is shown this once. It allows {ADMIN_SCOPE} and ends in 90 days, on {expires_at}.\n\
         Keep a copy of the keyring, apart from backups of the directory: without it no code in there can be checked.\n\
         Next: esoz-otp import FILE{flags}, then esoz-otp serve{flags}\n",
        secret = secret.reveal(),
        expires_at = expires_at.to_whole_second(),
    )
}

/// Secrets that nobody can read are none.
fn tell(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        CliError::io(format_args!(
            "the first token could not be printed: {error}. Nothing was made: run init again where it can be seen."
        ))
    })
}
