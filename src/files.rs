//! Opens the files of settings, commands and the data directory: regular files only, and without blocking.
//!
//! Opening a FIFO blocks until its other end is opened, opening a device may have side effects, and a directory can be
//! opened but not read. So each path is checked with `stat` first. It can be replaced between the check and `open`, so
//! `O_NONBLOCK` is set and the opened file is checked again.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file for reading; an error for any other kind of file.
pub fn open(path: &Path) -> Result<File> {
    must_be_regular(&fs::metadata(path)?)?;
    regular(OpenOptions::new().read(true), path)
}

/// Opens a regular file for appending. A new file gets the mode `0600`.
pub fn open_to_append(path: &Path) -> Result<File> {
    match fs::metadata(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Err(_) => {}
        Ok(found) => must_be_regular(&found)?,
    }
    regular(OpenOptions::new().create(true).append(true).mode(0o600), path)
}

/// Opens a regular file for writing without truncating it, or creates it.
pub fn open_or_make(path: &Path) -> Result<File> {
    match fs::metadata(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Err(_) => {}
        Ok(found) => must_be_regular(&found)?,
    }
    regular(OpenOptions::new().create(true).write(true).truncate(false), path)
}

/// Removes `path` if it exists and creates a new file there: a link of this name is not followed.
pub fn make_anew(path: &Path) -> Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new().create_new(true).write(true).open(path)
}

/// Reads a whole file. `ErrorKind::FileTooLarge` if it has more than `most` bytes.
pub fn read(file: File, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let most_kib = most / 1024;
        return Err(Error::new(
            ErrorKind::FileTooLarge,
            format!("it has more than {most_kib} KiB"),
        ));
    }
    Ok(bytes)
}

/// A finding of [`writable_by_others`], for a message to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritableByOthers {
    /// Which permission is too wide, as the end of a sentence about the file.
    pub what: String,
    /// The command that corrects it, as a sentence.
    pub remedy: String,
}

/// Whether other users than root and the process's own can change the file, by its owner or its mode. Permissions of
/// its folder, which would allow replacing it, are not checked.
pub fn writable_by_others(path: &Path, file: &Metadata) -> Option<WritableByOthers> {
    let (name, owner, user) = (path.display(), file.uid(), user());
    if owner != 0 && owner != user {
        return Some(WritableByOthers {
            what: format!("belongs to user {owner}, who can change it, and this is user {user}"),
            remedy: format!("Give it to root or to this user: chown {user} {name}"),
        });
    }
    let mode = file.mode() & 0o7777;
    (mode & 0o022 != 0).then(|| WritableByOthers {
        what: format!("can be changed by other users (mode {mode:04o})"),
        remedy: format!("Take that from them: chmod go-w {name}"),
    })
}

/// Returns an error that names the kind of file, unless it is a regular one.
pub fn must_be_regular(found: &Metadata) -> Result<()> {
    if found.is_file() {
        return Ok(());
    }
    Err(Error::other(NoFile(kind(found.file_type()))))
}

/// Whether `error` comes from [`must_be_regular`].
pub fn is_no_file(error: &Error) -> bool {
    error.get_ref().and_then(|error| error.downcast_ref::<NoFile>()).is_some()
}

/// The path leads to a file of this kind, for example a `FIFO`.
#[derive(Debug, thiserror::Error)]
#[error("it is no file, but a {0}")]
struct NoFile(&'static str);

/// The bytes that this file, or all files in and below this directory, have on the disk. Files that go meanwhile or can't be
/// read count as none, and links are not followed.
pub fn size(path: &Path) -> u64 {
    let Ok(found) = fs::symlink_metadata(path) else { return 0 };
    if !found.is_dir() {
        return found.blocks() * 512;
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path())).sum()
}

/// The bytes that this user can still write on the disk of this path.
pub fn free(path: &Path) -> Option<u64> {
    rustix::fs::statvfs(path).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The effective user id (`geteuid`) of the process.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn regular(options: &mut OpenOptions, path: &Path) -> Result<File> {
    // `O_NOCTTY`: opening a terminal must not make it the controlling terminal of this process.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    must_be_regular(&file.metadata()?)?;
    Ok(file)
}

fn kind(found: FileType) -> &'static str {
    if found.is_fifo() {
        "FIFO"
    } else if found.is_dir() {
        "directory"
    } else if found.is_socket() {
        "socket"
    } else {
        "device"
    }
}
