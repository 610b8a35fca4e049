//! Edits a keyring. Each edit is written whole or not at all, and edits of several processes follow each other.
//!
//! The new text goes to a file beside the keyring, is synced, and is renamed to the keyring. The editing process holds a
//! `flock` on the folder, which the kernel releases if the process is killed. The next edit removes the remains.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{MOST_BYTES, folder_of, read_file, remove};
use crate::cli::CliError;
use crate::cli::private_file::is_credential;
use crate::keyring::KeyringFile;

/// An edit waits 30 s for another one, and says so after half a second.
const LOCK_TRIES: u32 = 1500;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
const TRIES_IN_SILENCE: u32 = 25;

/// Changes the keyring of this data directory. On any error the file stays as it was.
pub(in crate::cli) fn edit<T>(
    path: &Path,
    data: &Path,
    change: impl FnOnce(&mut KeyringFile) -> Result<T, CliError>,
) -> Result<T, CliError> {
    check_editable(path)?;
    let cannot = |error: io::Error| {
        let (name, remedy) = (path.display(), remedy(&error));
        CliError::io(format_args!(
            "cannot edit the keyring {name}, it is as it was: {error}. {remedy}"
        ))
    };
    let path = &resolve_link(path).map_err(cannot)?;
    check_editable(path)?;
    let folder = lock_folder(folder_of(path), path).map_err(cannot)?;
    let Some(folder) = folder else {
        return Err(CliError::in_use(format_args!(
            "the keyring {} is being edited by another process. Wait until that has ended.",
            path.display()
        )));
    };
    let mut file = read_file(path, data)?;
    let changed = change(&mut file)?;
    let text = file.to_text();
    if text.len() as u64 > MOST_BYTES {
        return Err(CliError::configuration(format_args!(
            "the keyring {} can't hold more keys. Retire keys that no code needs: esoz-otp keys list shows them.",
            path.display()
        )));
    }
    replace(path, text.as_bytes()).map_err(cannot)?;
    folder.sync_all().map_err(|error| {
        CliError::io(format_args!(
            "the keyring {} has been changed, but that may not outlive a power cut: {error}",
            path.display()
        ))
    })?;
    Ok(changed)
}

/// Refuses a copy that the service manager has made: an edit would not reach the original.
pub(in crate::cli) fn check_editable(path: &Path) -> Result<(), CliError> {
    if !is_credential(path) {
        return Ok(());
    }
    Err(CliError::configuration(format_args!(
        "the keyring {} is the service manager's copy, which can't be edited. \
         Name the file that it is copied from by --keyring, as that file's owner.",
        path.display()
    )))
}

/// The file behind a link. The edit replaces that file, and the link stays.
fn resolve_link(path: &Path) -> io::Result<PathBuf> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if is_link { fs::canonicalize(path) } else { Ok(path.to_owned()) }
}

/// Locks the folder of this keyring. Returns `None` if another process has held the lock for 30 s.
#[expect(clippy::print_stderr, reason = "it explains why the command waits")]
fn lock_folder(folder: &Path, path: &Path) -> io::Result<Option<File>> {
    let held = File::open(folder)?;
    for tries in 0..LOCK_TRIES {
        match held.try_lock() {
            Ok(()) => return Ok(Some(held)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if tries == TRIES_IN_SILENCE {
            eprintln!(
                "esoz-otp: waiting for another process to end its edit of {}",
                path.display()
            );
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    Ok(None)
}

/// Replaces the text of the file by a rename.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    // The name is always the same, so a file there is the rest of a killed edit.
    let new = path.with_added_extension("unfinished-edit");
    remove(&new)?;
    let mode = fs::metadata(path)?.permissions().mode() & 0o600;
    let done = write(&new, mode, text).and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        drop(remove(&new));
    }
    done
}

fn write(new: &Path, mode: u32, text: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(mode).open(new)?;
    // The umask may have removed bits.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text)?;
    file.sync_all()
}

/// The advice for a file that can't be replaced.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Make room on its disk.",
        io::ErrorKind::ReadOnlyFilesystem => {
            "Its file system is mounted read-only: mount it for writing."
        }
        io::ErrorKind::PermissionDenied => {
            "The new one is written beside it: this user has to be able to write to its folder."
        }
        io::ErrorKind::ResourceBusy => "It is a mount of its own: edit it where it comes from.",
        // The other errors are too many to have advice for each.
        _ => "Check that it is there, that its folder can be written to, and that the disk works.",
    }
}
