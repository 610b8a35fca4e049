//! The keyring's file: made by `init`, read by `serve`, never changed.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Failure;
use crate::domain::SecretDigest;
use crate::otp::{Keyring, KeyringError};
use crate::store::{Store, make_folders, remove_folders};

/// No keyring is larger: some hundred keys.
pub(super) const MOST_BYTES: u64 = 64 * 1024;

/// Reads the keyring of this data directory. Unless the service manager hands it over, it has to be this user's alone.
pub(super) fn read(path: &Path, data: &Path) -> Result<Keyring, Failure> {
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
    let mut text = Zeroizing::new(String::new());
    (&mut file).take(MOST_BYTES).read_to_string(&mut text).map_err(cannot)?;
    Keyring::parse(&text).map_err(|error| wrong(path, error))
}

/// Holds the keyring of this file against what the directory was used with.
pub(super) fn check(keyring: &Keyring, path: &Path, store: &Store) -> Result<(), Failure> {
    keyring.check(store).map_err(|error| wrong(path, error))
}

fn wrong(path: &Path, error: KeyringError) -> Failure {
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
             Close it: chmod 600 {name}; if others have read it, add a new key (README, \"The keyring\")."
        )));
    }
    Ok(())
}

/// A keyring that was made. Unless it is kept, it is taken away again.
pub(super) struct NewKeyring {
    path: PathBuf,
    half: PathBuf,
    folders: Vec<PathBuf>,
    /// Before that, what is there is somebody else's.
    is_there: bool,
    is_kept: bool,
}

impl NewKeyring {
    /// Makes the file, whole or not at all, where there is none.
    pub(super) fn make(path: &Path, text: &str) -> io::Result<Self> {
        let folders = match folder_of(path) {
            Some(folder) => make_folders(folder)?,
            None => Vec::new(),
        };
        // From here on dropping it cleans up.
        let half = half(path, &SecretDigest::of(text.as_bytes()).to_hex());
        let path = path.to_owned();
        let mut new = Self { path, half, folders, is_there: false, is_kept: false };
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&new.half)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // Unlike a rename, this replaces nothing.
        fs::hard_link(&new.half, &new.path)?;
        new.is_there = true;
        remove(&new.half)?;
        // Or its name might be gone after a power cut, and the database be there.
        File::open(folder_of(&new.path).unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(new)
    }

    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for NewKeyring {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        drop(remove(&self.half));
        if self.is_there {
            drop(remove(&self.path));
        }
        remove_folders(&self.folders);
    }
}

/// Where a keyring of this digest is written before it gets its name: nobody else's half is of the same.
pub(super) fn half(path: &Path, digest: &str) -> PathBuf {
    path.with_added_extension(format!("{}.unfinished", &digest[..12]))
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// Takes a file away, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
