//! The data directory: which user owns it, and which one process has it open.
//!
//! ```text
//! DIR/unfinished   while it is being made, see `create`
//! DIR/lock         held (flock) as long as the store is open
//! DIR/seal         digests of sled's files, while it is closed
//! DIR/mark         how far the database had come when it was last noted
//! DIR/ballast      see `reserve_file`
//! DIR/store/       sled's own files
//! DIR/store.new/   see `swap`
//! DIR/store.old/   see `swap`
//! DIR/audit/       rows of audit, a file a day (module `audit`)
//! ```

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::Access;

use super::error::OpenError;
use super::progress_marker;
use crate::files;

/// Where sled's files are.
pub(super) const HOME: &str = "store";

/// The database that takes the place of the other.
pub(super) const NEW: &str = "store.new";

/// The database that has been replaced.
pub(super) const OLD: &str = "store.old";

/// Where the rows of audit are.
pub(super) const AUDIT: &str = "audit";

/// What the mode of a data directory may allow: everything, to its owner.
const OWNER: u32 = 0o700;

/// Says that a directory is still being made.
pub(super) const UNFINISHED: &str = "unfinished";

/// How long a lock is waited for: that of a process that has just ended may outlive it a little.
pub(super) const LOCK_TRIES: u32 = 40;
pub(super) const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// The directory is ours as long as this lives.
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where sled's files are.
    pub(super) fn home(&self) -> PathBuf {
        self.path.join(HOME)
    }
}

/// Where the rows of audit of a data directory are.
pub fn audit_folder(data: &Path) -> PathBuf {
    data.join(AUDIT)
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, source }
}

/// Makes a folder that only its owner can enter, and those on the way to it. Gives those that were not there before,
/// the outermost first.
pub fn make_folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let mut made: Vec<_> = path.ancestors().take_while(missing).map(Path::to_owned).collect();
    made.reverse();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for folder in &made {
        sync_folder_above(folder)?;
    }
    Ok(made)
}

/// Only its owner may read it, as with the data directory itself.
pub(super) fn close_to_others(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            close_to_others(&entry.path())?;
        } else {
            fs::set_permissions(entry.path(), Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

/// Makes durable what a folder is called.
pub(super) fn sync_folder_above(path: &Path) -> io::Result<()> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    match File::open(above.unwrap_or(Path::new("."))) {
        Ok(above) => above.sync_all(),
        // Then another program has made the directory, such as systemd for `DynamicUser`.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// Refuses a directory that is not there or was never finished, and one that is not ours alone. Changes nothing.
pub(super) fn check_made(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::NotMade(path.to_owned()));
        }
        Err(error) => return Err(at(path)(error)),
        Ok(found) if !found.is_dir() => return Err(at(path)(io::ErrorKind::NotADirectory.into())),
        Ok(_) => check_access(path)?,
    }
    if path.join(UNFINISHED).exists() {
        return Err(OpenError::Unfinished(path.to_owned()));
    }
    if [HOME, OLD].iter().any(|home| path.join(home).join("db").exists()) {
        return Ok(());
    }
    let path = path.to_owned();
    if path.join("lock").exists() {
        return Err(OpenError::Damaged { path, why: "store/db is missing".into() });
    }
    Err(OpenError::NotMade(path))
}

/// Refuses a pipe, socket, folder or device under the name of one of this program's files, before an `open` of it blocks.
/// Files that are made anew replace it. `audit` checks its own folder.
pub(super) fn check_files(path: &Path) -> Result<(), OpenError> {
    for name in ["lock", "seal", progress_marker::FILE] {
        check_file(&path.join(name))?;
    }
    check_files_below(&path.join(HOME))
}

fn check_files_below(folder: &Path) -> Result<(), OpenError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(at(folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(at(folder))?;
        if entry.file_type().map_err(at(folder))?.is_dir() {
            check_files_below(&entry.path())?;
        } else {
            check_file(&entry.path())?;
        }
    }
    Ok(())
}

fn check_file(path: &Path) -> Result<(), OpenError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        found => found.and_then(|found| files::must_be_regular(&found)).map_err(at(path)),
    }
}

/// Refuses a directory of another user, or one that others can look into.
fn check_access(path: &Path) -> Result<(), OpenError> {
    check_owner(path)?;
    let mode = mode(path)?;
    if mode & !OWNER != 0 {
        return Err(OpenError::TooOpen { path: path.to_owned(), mode });
    }
    // A file system that is mounted read-only says so here, before anything is tried.
    rustix::fs::access(path, Access::WRITE_OK).map_err(|error| at(path)(error.into()))
}

/// Refuses a directory of another user: what one user makes in it, the other could not open.
pub(super) fn check_owner(path: &Path) -> Result<(), OpenError> {
    let owner = fs::metadata(path).map_err(at(path))?.uid();
    let user = rustix::process::geteuid().as_raw();
    if owner == user {
        Ok(())
    } else {
        Err(OpenError::NotOwned { path: path.to_owned(), owner, user })
    }
}

pub(super) fn mode(path: &Path) -> Result<u32, OpenError> {
    let mode = fs::metadata(path).map_err(at(path))?.permissions().mode();
    Ok(mode & 0o7777)
}

pub(super) fn lock(path: &Path) -> Result<Lock, OpenError> {
    let name = path.join("lock");
    let file = files::open_or_make(&name).map_err(at(&name))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { path: path.to_owned(), _file: file }),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(at(&name)(error)),
        }
    }
    Err(OpenError::Locked(path.to_owned()))
}

/// What is in a folder, for tests.
#[cfg(test)]
pub(super) fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
