//! A new database takes the place of the old one.
//!
//! ```text
//! DIR/store.new/   the new database while it is filled; after the swap the old one, until it is removed
//! DIR/store.old/   the old one, where the file system cannot exchange two names at once
//! ```
//!
//! The swap exchanges two names in one step (`renameat2`). Where the file system has no such step, the old database gets
//! another name first, and is looked for under it at the next start if there is none under its own: [`put_right`]. So
//! after any interruption the old database or the new one is there, whole.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::directory::{HOME, NEW, OLD};

/// What has been done when a crash comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SwapStep {
    Opened,
    Copied,
    Compared,
    Moved,
    Swapped,
    Sealed,
}

/// Called after each step; an error is a crash.
pub(super) type Observer<'a> = &'a mut dyn FnMut(SwapStep) -> io::Result<()>;

/// Exchanges two names in a directory, in one step.
pub(super) type Exchange = fn(&Path, &Path) -> Result<(), Errno>;

/// The new database takes the place of the old one.
pub(super) fn swap(path: &Path, exchange: Exchange, observer: Observer<'_>) -> io::Result<()> {
    let (home, new, old) = (path.join(HOME), path.join(NEW), path.join(OLD));
    match exchange(&new, &home) {
        Ok(()) => {}
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => {
            fs::rename(&home, &old)?;
            observer(SwapStep::Moved)?;
            fs::rename(&new, &home)?;
        }
        Err(error) => return Err(error.into()),
    }
    File::open(path)?.sync_all()?;
    observer(SwapStep::Swapped)
}

pub(super) fn exchange(one: &Path, other: &Path) -> Result<(), Errno> {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
}

/// Takes away what an interrupted swap has left, under the directory's lock. The database is there afterwards if there is one.
pub(super) fn put_right(path: &Path) -> io::Result<()> {
    let (home, new, old) = (path.join(HOME), path.join(NEW), path.join(OLD));
    if !home.exists() && old.exists() {
        fs::rename(&old, &home)?;
        File::open(path)?.sync_all()?;
    }
    for left in [new, old] {
        match fs::remove_dir_all(&left) {
            Ok(()) => File::open(path)?.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
