use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use clap::Args;
use tracing::level_filters::LevelFilter;

use super::CliError;
use super::keyring_file::{self, NewKeyring};
use super::settings::SettingsArgs;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{DriverName, LogConfig, SmsConfig, StoreConfig};
use crate::domain::{SecretDigest, Timestamp};
use crate::entropy::{Entropy, SystemEntropy};
use crate::files;
use crate::keyring::Keyring;
use crate::log;
use crate::service::bootstrap::{ADMIN_SCOPE, FirstToken, NoOperator, OPERATOR, add_operator};
use crate::store::{NewDirectory, Store};

const HELP: &str = "\
Example:
  esoz-otp init --data /var/lib/esoz-otp --keyring /etc/esoz-otp/keyring

Exit codes:
  0   the directory and the keyring were made; standard output has the admin token, once
  64  the command line is wrong
  74  the disk is full or can't be written, or the token could not be printed; nothing was made
  75  another process uses the directory
  78  the directory or the keyring is there already, or a setting is wrong";

#[derive(Args)]
#[command(after_help = HELP)]
pub(super) struct InitArgs {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// `esoz-otp init`.
///
/// It can be interrupted at any point and run again: the directory is marked as unfinished until the last step. The
/// token is printed before that step, so no directory is finished with a token that was not shown.
pub(super) fn init(args: InitArgs) -> Result<(), CliError> {
    let InitArgs { settings } = args;
    let config = settings.load()?;
    let data = &config.data.path;
    let keyring = config.keys.keyring_of(data);
    let now = SystemClock::start().now();
    let entropy = SystemEntropy::new();
    let _log = log::start(LogConfig { level: LevelFilter::WARN, ..config.log })?;

    // Begin the directory, and remove the remains of an interrupted run.
    ensure_outside(&keyring, data)?;
    let mut directory = NewDirectory::begin(data)?;
    remove_interrupted(&keyring, directory.left())?;
    directory.clear()?;
    // Fill the database. The note tells a later run which keyring is this run's.
    let text = Keyring::generate(&entropy, now).map_err(CliError::software)?;
    directory.note(&note(text.as_bytes()))?;
    let token = fill(data, config.store, Keyring::parse(&text)?, now, &entropy)?;
    // Write the keyring, then show the token, then finish the directory. An error in between removes the keyring.
    let new_keyring = NewKeyring::make(&keyring, &text).map_err(|error| {
        CliError::io(format_args!("cannot make the keyring {}: {error}", keyring.display()))
    })?;
    let next = next_step(&settings.repeated(), &config.sms);
    print_token(&summary(data, &keyring, &token, &next))?;
    directory.finish().map_err(|error| {
        CliError::io(format_args!("{error} The token above is not valid: run init again."))
    })?;
    new_keyring.keep();
    Ok(())
}

/// Refuses a keyring inside the data directory: a backup of the directory must not contain it.
fn ensure_outside(keyring: &Path, data: &Path) -> Result<(), CliError> {
    if !resolved(keyring).starts_with(resolved(data)) {
        return Ok(());
    }
    Err(CliError::configuration(format_args!(
        "the keyring {} would lie in the data directory that it protects. Name a file elsewhere by --keyring.",
        keyring.display()
    )))
}

/// The absolute path without links. Its last components need not exist yet.
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

/// Removes the keyring of an interrupted run, which `left` names by its digest. Refuses any other keyring at this path.
fn remove_interrupted(keyring: &Path, left: &str) -> Result<(), CliError> {
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
        "the keyring {0} is there already and was not changed: a data directory may need it. \
         Name another file by --keyring, or move that one away.",
        keyring.display()
    )))
}

const NOTE: &str = "SHA-256 of its keyring: ";

/// The note by which the next run recognizes the keyring of an interrupted one. The digest gives nothing away: a keyring has
/// 256 random bits.
fn note(keyring: &[u8]) -> String {
    [NOTE, &SecretDigest::of(keyring).to_hex()].concat()
}

fn is_digest(text: &str) -> bool {
    SecretDigest::from_hex(text).is_some()
}

/// Puts the first records into a new database: the check value of the key, the secret of phone hashes and the operator. The
/// database is closed when this returns.
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

/// The commands that come after `init`. Without a gateway, `serve` needs a flag.
fn next_step(flags: &str, sms: &SmsConfig) -> String {
    let next = format!("Next: esoz-otp import FILE{flags}, then esoz-otp serve{flags}");
    let shows_codes = sms.drivers.iter().any(|driver| !matches!(driver, DriverName::Gateway(_)));
    if !shows_codes || sms.allow_plaintext_codes {
        return next;
    }
    format!(
        "{next} --allow-plaintext-codes\n\
         The flag allows drivers that show codes, such as `console`. With a gateway in sms.drivers it is not needed."
    )
}

fn summary(data: &Path, keyring: &Path, token: &FirstToken, next: &str) -> String {
    let FirstToken { secret, expires_at } = token;
    let (data, keyring) = (data.display(), keyring.display());
    format!(
        "data directory (0700): {data}\n\
         keyring (0600): {keyring}\n\
         token {OPERATOR}: {secret}\n\n\
         Keep the token: it is shown this once. It allows {ADMIN_SCOPE} and ends in 90 days, on {expires_at}.\n\
         Keep a copy of the keyring, apart from backups of the directory: without it the node can't check a code.\n\
         {next}\n",
        secret = secret.reveal(),
        expires_at = expires_at.to_whole_second(),
    )
}

/// Prints the token. An error ends the command: only the digest of the token is stored.
fn print_token(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| {
        CliError::io(format_args!(
            "the first token could not be printed: {error}. Nothing was made: run init again with an open standard output."
        ))
    })
}
