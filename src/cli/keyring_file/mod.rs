//! The keyring's file: made by `init`, read by `serve`, edited by `keys`.

mod edit;
mod new;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub(super) use edit::{check_editable, edit};
pub(super) use new::{NewKeyring, half};
use zeroize::Zeroizing;

use super::Failure;
use crate::otp::{Keyring, KeyringError, KeyringFile};
use crate::store::Store;

/// No keyring is larger: some hundred keys.
pub(super) const MOST_BYTES: u64 = ROOM as u64;
const ROOM: usize = 64 * 1024;

/// Reads the keyring of this data directory. Unless the service manager hands it over, it has to be this user's alone.
pub(super) fn read(path: &Path, data: &Path) -> Result<Keyring, Failure> {
    read_file(path, data).map(|file| Keyring::of(&file))
}

/// The same as it is written.
pub(super) fn read_file(path: &Path, data: &Path) -> Result<KeyringFile, Failure> {
    let cannot = |error| {
        Failure::configuration(format_args!(
            "cannot read the keyring {}: {error}. Name the keyring that {} was used with by --keyring, \
             and see that this user may read it.",
            path.display(),
            data.display()
        ))
    };
    // A pipe would keep us waiting.
    if !fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(cannot(io::Error::other("it is no file")));
    }
    let mut file = File::open(path).map_err(cannot)?;
    if !is_credential(path) {
        check_access(path, &file.metadata().map_err(cannot)?)?;
    }
    // All at once: a text that grows leaves copies of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(ROOM));
    (&mut file).take(MOST_BYTES + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(cannot(io::Error::other("it has more than 64 KiB")));
    }
    KeyringFile::parse(&text).map_err(|error| wrong(path, error))
}

/// Holds the keyring of this file against what the directory was used with.
pub(super) fn check(keyring: &mut Keyring, path: &Path, store: &Store) -> Result<(), Failure> {
    keyring.check(store).map_err(|error| wrong(path, error))
}

/// A fault of the keyring of this file.
pub(super) fn wrong(path: &Path, error: KeyringError) -> Failure {
    match error {
        KeyringError::Store(_) => error.into(),
        error => Failure::configuration(format_args!("{}: {error}", path.display())),
    }
}

/// Credentials lie in a directory that the service manager makes for this process, with owners and modes of its own.
fn is_credential(path: &Path) -> bool {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
    folder.is_some_and(|folder| path.starts_with(folder))
}

fn check_access(path: &Path, file: &fs::Metadata) -> Result<(), Failure> {
    let name = path.display();
    let user = rustix::process::geteuid().as_raw();
    if file.uid() != user {
        let owner = file.uid();
        return Err(Failure::configuration(format_args!(
            "the keyring {name} belongs to user {owner}, and this is user {user}. \
             Run esoz-otp as its owner, or give it to this user: chown {user} {name}"
        )));
    }
    let mode = file.mode() & 0o7777;
    if mode & !0o600 != 0 {
        return Err(Failure::configuration(format_args!(
            "the keyring {name} is not its owner's alone (mode {mode:04o}): who has it can find out codes. \
             Close it: chmod 600 {name}; if others have read it, exchange the key: esoz-otp keys add."
        )));
    }
    Ok(())
}

/// The folder of a file. (A name alone has none of its own.)
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Takes a file away, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
