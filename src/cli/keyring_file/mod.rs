//! The file of the keyring: `init` makes it, `serve` reads it, `keys` edits it.

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

/// The size limit of a keyring: room for some hundred keys.
pub(super) const MOST_BYTES: u64 = ROOM_KIB as u64 * 1024;
const ROOM_KIB: usize = 64;

const KIND: SecretKind = SecretKind {
    label: "the keyring",
    risk: "its readers can find out codes",
    rotation: "exchange the key: esoz-otp keys add",
};

/// Reads the keyring of this data directory. The file must be closed to other users, unless it is a credential of the
/// service manager.
pub(super) fn read(path: &Path, data: &Path) -> Result<Keyring, CliError> {
    read_file(path, data).map(|file| Keyring::of(&file))
}

/// Reads the keyring as [`KeyringFile`], which keeps the order and times of its keys.
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

/// Compares the keyring with the keys that the directory was used with.
pub(super) fn check(keyring: &mut Keyring, path: &Path, store: &Store) -> Result<(), CliError> {
    keyring.check(store).map_err(|error| wrong(path, error))
}

/// The error with the path of the keyring before it.
pub(super) fn wrong(path: &Path, error: KeyringError) -> CliError {
    match error {
        KeyringError::Store(_) => error.into(),
        error => CliError::configuration(format_args!("{}: {error}", path.display())),
    }
}

/// The folder of a file: `.` for a bare name.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
