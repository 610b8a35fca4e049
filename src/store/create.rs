//! A data directory that is being made: there whole, or not at all.
//!
//! Before anything else there is `DIR/unfinished`; when everything is in place, it goes. Whoever finds it may take the
//! rest away and begin again. Nobody opens a directory that has it, and it is locked while somebody makes one.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::directory::{self, HOME, UNFINISHED, at};
use super::error::OpenError;
use super::space::BALLAST;

/// What a data directory can hold beside the mark; all of it is taken away before another beginning.
const CONTENTS: [&str; 7] = [HOME, "lock", "seal", "seal.new", "mark", "mark.new", BALLAST];

/// The one thing in a file system that has just been made.
const LOST_AND_FOUND: &str = "lost+found";

/// A data directory that is being made. One that is dropped before it is finished is taken away again.
pub struct NewDirectory {
    path: PathBuf,
    mark: File,
    left: String,
    made: Vec<PathBuf>,
    is_finished: bool,
}

impl NewDirectory {
    /// Begins to make it, in an empty folder or a new one, or where this was interrupted before.
    pub fn begin(path: &Path) -> Result<Self, OpenError> {
        if path.exists() {
            directory::check_owner(path)?;
            check_contents(path)?;
        }
        let made = directory::make_folders(path).map_err(at(path))?;
        match Self::mark(path, made.clone()) {
            Err(error) => {
                remove_folders(&made);
                Err(error)
            }
            Ok(new) => Ok(new),
        }
    }

    fn mark(path: &Path, made: Vec<PathBuf>) -> Result<Self, OpenError> {
        let name = path.join(UNFINISHED);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut mark = options.open(&name).map_err(at(&name))?;
        match mark.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(at(&name)(error)),
        }
        if !name.exists() {
            // Somebody has finished between our look and our lock.
            return Err(OpenError::NotEmpty(path.to_owned()));
        }
        let mut left = String::new();
        mark.read_to_string(&mut left).map_err(at(&name))?;
        let new = Self { path: path.to_owned(), mark, left, made, is_finished: false };
        new.begin_again().map_err(at(path))?;
        Ok(new)
    }

    fn begin_again(&self) -> io::Result<()> {
        remove_contents(&self.path)?;
        fs::set_permissions(&self.path, Permissions::from_mode(0o700))?;
        self.mark.sync_all()?;
        File::open(&self.path)?.sync_all()
    }

    /// What an interrupted run had noted, nothing if there was none.
    pub fn left(&self) -> &str {
        &self.left
    }

    /// Notes something for the next run, should this one be interrupted. It is on the device when this returns.
    pub fn note(&mut self, text: &str) -> Result<(), OpenError> {
        let note = |mark: &mut File| {
            mark.set_len(0)?;
            mark.rewind()?;
            mark.write_all(text.as_bytes())?;
            mark.sync_all()
        };
        note(&mut self.mark).map_err(at(&self.path.join(UNFINISHED)))
    }

    /// Everything is in place. The store in it has to be closed.
    pub fn finish(mut self) -> Result<(), OpenError> {
        fs::remove_file(self.path.join(UNFINISHED)).map_err(at(&self.path))?;
        self.is_finished = true;
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(at(&self.path))
    }
}

impl Drop for NewDirectory {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        // What can't be taken away now is by the next run: the mark goes last.
        if remove_contents(&self.path).is_ok() {
            drop(fs::remove_file(self.path.join(UNFINISHED)));
            remove_folders(&self.made);
        }
    }
}

/// Refuses a folder that holds anything, unless it is what an interrupted run has left.
fn check_contents(path: &Path) -> Result<(), OpenError> {
    let mut others = 0;
    for entry in fs::read_dir(path).map_err(at(path))? {
        let name = entry.map_err(at(path))?.file_name();
        if name == UNFINISHED {
            return Ok(());
        }
        others += usize::from(name != LOST_AND_FOUND);
    }
    if others == 0 { Ok(()) } else { Err(OpenError::NotEmpty(path.to_owned())) }
}

fn remove_contents(path: &Path) -> io::Result<()> {
    for name in CONTENTS {
        let place = path.join(name);
        let removed =
            if name == HOME { fs::remove_dir_all(&place) } else { fs::remove_file(&place) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Takes folders away again that were made on the way, unless somebody has put something there since.
pub fn remove_folders(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        drop(fs::remove_dir(folder));
    }
}
