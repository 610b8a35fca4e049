//! The keyring's file: made by `init`, read by `serve`, edited by `keys`.

mod edit;
mod new;

use std::path::Path;
use std::{fs, io};

pub(super) use edit::{check_editable, edit};
pub(super) use new::{NewKeyring, temp_path};

use super::CliError;
use super::private_file::{self, SecretKind};
use crate::keyring::{Keyring, KeyringError, KeyringFile};
use crate::store::Store;

/// No keyring is larger: some hundred keys.
pub(super) const MOST_BYTES: u64 = ROOM_KIB as u64 * 1024;
const ROOM_KIB: usize = 64;

const KIND: SecretKind = SecretKind {
    label: "the keyring",
    risk: "who has it can find out codes",
    rotation: "exchange the key: esoz-otp keys add",
};

/// Reads the keyring of this data directory. Unless the service manager hands it over, it has to be this user's alone.
pub(super) fn read(path: &Path, data: &Path) -> Result<Keyring, CliError> {
    read_file(path, data).map(|file| Keyring::of(&file))
}

/// The same as it is written.
pub(super) fn read_file(path: &Path, data: &Path) -> Result<KeyringFile, CliError> {
    let cannot = |error| {
        CliError::configuration(format_args!(
            "cannot read the keyring {}: {error}. Name the keyring that {} was used with by --keyring, \
             and see that this user may read it.",
            path.display(),
            data.display()
        ))
    };
    let text = private_file::read(path, &KIND, ROOM_KIB, cannot)?;
    KeyringFile::parse(&text).map_err(|error| wrong(path, error))
}

/// Holds the keyring of this file against what the directory was used with.
pub(super) fn check(keyring: &mut Keyring, path: &Path, store: &Store) -> Result<(), CliError> {
    keyring.check(store).map_err(|error| wrong(path, error))
}

/// A fault of the keyring of this file.
pub(super) fn wrong(path: &Path, error: KeyringError) -> CliError {
    match error {
        KeyringError::Store(_) => error.into(),
        error => CliError::configuration(format_args!("{}: {error}", path.display())),
    }
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
