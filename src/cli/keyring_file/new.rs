use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{folder_of, remove};
use crate::domain::SecretDigest;
use crate::store::{make_folders, remove_folders};

/// A keyring that was made. Unless it is kept, it is taken away again.
pub(in crate::cli) struct NewKeyring {
    path: PathBuf,
    half: PathBuf,
    folders: Vec<PathBuf>,
    /// Before that, what is there is somebody else's.
    is_there: bool,
    is_kept: bool,
}

impl NewKeyring {
    /// Makes the file, whole or not at all, where there is none.
    pub(in crate::cli) fn make(path: &Path, text: &str) -> io::Result<Self> {
        let folders = make_folders(folder_of(path))?;
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
        File::open(folder_of(&new.path))?.sync_all()?;
        Ok(new)
    }

    pub(in crate::cli) fn keep(mut self) {
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
pub(in crate::cli) fn half(path: &Path, digest: &str) -> PathBuf {
    path.with_added_extension(format!("{}.unfinished", &digest[..12]))
}
