//! Edits of a keyring: each whole or not at all, one after the other, and none lost.
//!
//! The new text is written beside the file, made durable, and takes its name. Whoever edits holds the folder meanwhile
//! (flock): that goes with the process, so it is never left behind. What a killed edit has left goes with the next one.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{MOST_BYTES, folder_of, read_file, remove};
use crate::cli::CliError;
use crate::cli::private_file::is_credential;
use crate::keyring::KeyringFile;

/// How long other edits are waited for, and after what time that is said.
const LOCK_TRIES: u32 = 1500;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
const TRIES_IN_SILENCE: u32 = 25;

/// Changes the keyring of this data directory. If `change` refuses, or anything goes wrong, it stays as it was.
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
    let path = &behind_links(path).map_err(cannot)?;
    check_editable(path)?;
    let folder = hold(folder_of(path), path).map_err(cannot)?;
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
            "the keyring {} can't hold more keys. Retire those that nothing needs: esoz-otp keys list shows them.",
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

/// Refuses a copy that the service manager has made: what is changed in it is not changed where it comes from.
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

/// The file itself: a link to it stays one.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if is_link { fs::canonicalize(path) } else { Ok(path.to_owned()) }
}

/// Holds the folder of this keyring against other edits. `None` when somebody else has done so for too long.
#[expect(clippy::print_stderr, reason = "it is why nothing happens")]
fn hold(folder: &Path, path: &Path) -> io::Result<Option<File>> {
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

/// Puts this text in the place of the file's, in one step.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    // The name is always the same: what was left there is of an edit that did not come to its end.
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
    // Whatever the umask has taken away.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text)?;
    file.sync_all()
}

/// What to do about a file that can't be replaced.
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
        // Of what else the system can say, too much to have a word for each.
        _ => "Check that it is there, that its folder can be written to, and that the disk works.",
    }
}
