use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{folder_of, remove};
use crate::domain::SecretDigest;
use crate::store::{make_folders, remove_folders};

/// A keyring file that was made. Dropping it removes the file again, unless [`NewKeyring::keep`] was called.
pub(in crate::cli) struct NewKeyring {
    path: PathBuf,
    temp_path: PathBuf,
    folders: Vec<PathBuf>,
    /// Whether `path` is this file. Before that, a file of this name is another one and stays.
    is_there: bool,
    is_kept: bool,
}

impl NewKeyring {
    /// Makes the file, whole or not at all. Fails if the path is taken.
    pub(in crate::cli) fn make(path: &Path, text: &str) -> io::Result<Self> {
        let folders = make_folders(folder_of(path))?;
        // From here on, dropping `new` cleans up.
        let temp = temp_path(path, &SecretDigest::of(text.as_bytes()).to_hex());
        let path = path.to_owned();
        let mut new = Self { path, temp_path: temp, folders, is_there: false, is_kept: false };
        let mut file =
            File::options().write(true).create_new(true).mode(0o600).open(&new.temp_path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // Unlike a rename, a hard link replaces no other file.
        fs::hard_link(&new.temp_path, &new.path)?;
        new.is_there = true;
        remove(&new.temp_path)?;
        // Without this a power cut could lose the name of the keyring and keep the database.
        File::open(folder_of(&new.path))?.sync_all()?;
        Ok(new)
    }

    /// Keeps the file when `self` is dropped.
    pub(in crate::cli) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for NewKeyring {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        drop(remove(&self.temp_path));
        if self.is_there {
            drop(remove(&self.path));
        }
        remove_folders(&self.folders);
    }
}

/// The temporary path of a keyring with this digest. No other keyring's temporary file has the same name.
pub(in crate::cli) fn temp_path(path: &Path, digest: &str) -> PathBuf {
    path.with_added_extension(format!("{}.unfinished", &digest[..12]))
}
