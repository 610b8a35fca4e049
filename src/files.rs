//! Files that settings and commands name, and those of the data directory: opened here, so that each is a file and none is waited for.
//!
//! A FIFO keeps whoever opens it waiting until somebody opens its other end, a device may do anything, and a directory can
//! be opened but not read. So what is no regular file is refused, and before it is opened. It is opened without waiting all
//! the same: between the two looks another one can take its place.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file for reading.
pub fn open(path: &Path) -> Result<File> {
    must_be_regular(&fs::metadata(path)?)?;
    regular(OpenOptions::new().read(true), path)
}

/// Opens a regular file to append to it. If there is none, it is made, and is its owner's alone.
pub fn open_to_append(path: &Path) -> Result<File> {
    match fs::metadata(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Err(_) => {}
        Ok(found) => must_be_regular(&found)?,
    }
    regular(OpenOptions::new().create(true).append(true).mode(0o600), path)
}

/// Opens a regular file to write to it, as it is. If there is none, it is made.
pub fn open_or_make(path: &Path) -> Result<File> {
    match fs::metadata(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Err(_) => {}
        Ok(found) => must_be_regular(&found)?,
    }
    regular(OpenOptions::new().create(true).write(true).truncate(false), path)
}

/// Makes a file anew. Whatever else has its name goes, and is not written through.
pub fn make_anew(path: &Path) -> Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    OpenOptions::new().create_new(true).write(true).open(path)
}

/// The whole of a file, or why not: such as that it has more bytes than these.
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

/// What lets others change a file, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritableByOthers {
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub remedy: String,
}

/// Whether anybody but root and this user can change a file: its owner, its group or everybody. (Who can change the folder
/// that it is in can put another one in its place; that is not looked at.)
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

/// Refuses what is no regular file, and says what it is.
pub fn must_be_regular(found: &Metadata) -> Result<()> {
    if found.is_file() {
        return Ok(());
    }
    Err(Error::other(NoFile(kind(found.file_type()))))
}

/// Whether this says that something is no file.
pub fn is_no_file(error: &Error) -> bool {
    error.get_ref().and_then(|error| error.downcast_ref::<NoFile>()).is_some()
}

/// It is something else, of this kind.
#[derive(Debug, thiserror::Error)]
#[error("it is no file, but a {0}")]
struct NoFile(&'static str);

/// The number of the user who runs this process.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn regular(options: &mut OpenOptions, path: &Path) -> Result<File> {
    // A terminal that is opened may become the one whose end ends this process.
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
