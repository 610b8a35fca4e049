//! A data directory that is being made: there whole, or not at all.
//!
//! The file `DIR/unfinished` is written first, and removed when everything is in place. A directory that has it is not
//! opened. The process that makes the directory holds a lock on it. Another process that finds an unfinished directory of
//! this release may remove its contents and begin again, unless a node has served from it since: then a backup was put over
//! what was left.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::directory::{self, AUDIT, HOME, UNFINISHED, at};
use super::error::OpenError;
use super::reserve_file;

/// What a data directory can hold beside the mark; all of it is taken away before another beginning.
const CONTENTS: [&str; 8] =
    [HOME, AUDIT, "lock", "seal", "seal.new", "mark", "mark.new", reserve_file::NAME];

/// A note is a line.
const MOST_NOTED: u64 = 4096;

/// How the mark begins once anything else is there.
const MADE_HERE: &str = "`esoz-otp init` has not finished here: run it again. ";

/// The one thing in a file system that has just been made.
const LOST_AND_FOUND: &str = "lost+found";

/// A data directory that is being made. One that is dropped before it is finished is taken away again.
pub struct NewDirectory {
    path: PathBuf,
    mark: File,
    left: String,
    made: Vec<PathBuf>,
    /// What is in it is ours.
    is_cleared: bool,
    is_finished: bool,
}

impl NewDirectory {
    /// Begins to make it, in an empty folder or a new one, or where this was interrupted before. Takes nothing away yet.
    pub fn begin(path: &Path) -> Result<Self, OpenError> {
        if path.exists() {
            directory::check_owner(path)?;
            if !path.join(UNFINISHED).exists() {
                check_empty(path)?;
            }
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

    /// Another process may have begun, or even finished, since the last look.
    fn mark(path: &Path, made: Vec<PathBuf>) -> Result<Self, OpenError> {
        let name = path.join(UNFINISHED);
        let (mut mark, is_new) = open_mark(&name).map_err(at(&name))?;
        match mark.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(at(&name)(error)),
        }
        if is_new {
            check_empty(path).inspect_err(|_| drop(fs::remove_file(&name)))?;
        } else if !is_still_there(&mark, &name) {
            return Err(OpenError::NotEmpty(path.to_owned()));
        }
        let left = left(path, &mut mark)?;
        let lock = path.join("lock");
        if lock.exists() {
            // A pipe of that name would keep us waiting.
            if !lock.is_file() {
                return Err(OpenError::NotEmpty(path.to_owned()));
            }
            // No process has it open.
            drop(directory::lock(path)?);
        }
        let path = path.to_owned();
        Ok(Self { path, mark, left, made, is_cleared: false, is_finished: false })
    }

    /// What an interrupted run had noted, nothing if there was none.
    pub fn left(&self) -> &str {
        &self.left
    }

    /// Takes away what an interrupted run has left.
    pub fn clear(&mut self) -> Result<(), OpenError> {
        let clear = || {
            remove_contents(&self.path)?;
            fs::set_permissions(&self.path, Permissions::from_mode(0o700))?;
            self.mark.sync_all()?;
            File::open(&self.path)?.sync_all()
        };
        clear().map_err(at(&self.path))?;
        self.is_cleared = true;
        Ok(())
    }

    /// Notes something for the next run, should this one be interrupted. It is on the device when this returns.
    pub fn note(&mut self, text: &str) -> Result<(), OpenError> {
        let note = |mark: &mut File| {
            mark.set_len(0)?;
            mark.rewind()?;
            mark.write_all([MADE_HERE, text, "\n"].concat().as_bytes())?;
            mark.sync_all()
        };
        note(&mut self.mark).map_err(at(&self.path.join(UNFINISHED)))
    }

    /// Everything is in place. The store in it has to be closed.
    pub fn finish(mut self) -> Result<(), OpenError> {
        fs::remove_file(self.path.join(UNFINISHED)).map_err(at(&self.path))?;
        self.is_finished = true;
        // If the mark comes back after a power cut, it is made once more; nothing has been kept in it yet.
        if let Err(error) = File::open(&self.path).and_then(|folder| folder.sync_all()) {
            tracing::warn!(%error, "the removal of the file unfinished may not be on the disk yet");
        }
        Ok(())
    }
}

impl Drop for NewDirectory {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        // What was there before is not ours to take away. What can't be taken away now is by the next run: the mark goes last.
        let is_gone = if self.is_cleared {
            remove_contents(&self.path).is_ok()
        } else {
            check_empty(&self.path).is_ok()
        };
        if is_gone {
            drop(fs::remove_file(self.path.join(UNFINISHED)));
            remove_folders(&self.made);
        }
    }
}

/// The mark, and whether it was not there before.
fn open_mark(name: &Path) -> io::Result<(File, bool)> {
    let mut options = File::options();
    let no_link = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.read(true).write(true).mode(0o600).custom_flags(no_link.bits().cast_signed());
    match options.clone().create_new(true).open(name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok((options.open(name)?, false))
        }
        opened => Ok((opened?, true)),
    }
}

/// What an interrupted run has noted. A mark with nothing in it is all that there is; any other was not made here.
fn left(path: &Path, mark: &mut File) -> Result<String, OpenError> {
    let mut text = Vec::new();
    if !mark.metadata().map_err(at(path))?.is_file() {
        return Err(OpenError::NotEmpty(path.to_owned()));
    }
    mark.take(MOST_NOTED).read_to_end(&mut text).map_err(at(path))?;
    if text.is_empty() {
        return check_empty(path).map(|()| String::new());
    }
    let text = String::from_utf8_lossy(&text);
    let Some(noted) = text.strip_prefix(MADE_HERE) else {
        return Err(OpenError::NotEmpty(path.to_owned()));
    };
    if path.join(super::progress_marker::FILE).exists() {
        return Err(OpenError::Restored(path.to_owned()));
    }
    Ok(noted.trim_end().to_owned())
}

/// Whether the file that is open is the one of this name.
fn is_still_there(file: &File, name: &Path) -> bool {
    let inode = |found: io::Result<fs::Metadata>| found.map(|it| (it.dev(), it.ino())).ok();
    inode(file.metadata()) == inode(fs::metadata(name))
}

/// Refuses a folder that holds anything beside the mark.
fn check_empty(path: &Path) -> Result<(), OpenError> {
    for entry in fs::read_dir(path).map_err(at(path))? {
        let name = entry.map_err(at(path))?.file_name();
        if name != UNFINISHED && name != LOST_AND_FOUND {
            return Err(OpenError::NotEmpty(path.to_owned()));
        }
    }
    Ok(())
}

fn remove_contents(path: &Path) -> io::Result<()> {
    for name in CONTENTS {
        let place = path.join(name);
        let removed = if [HOME, AUDIT].contains(&name) {
            fs::remove_dir_all(&place)
        } else {
            fs::remove_file(&place)
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Removes folders that were made on the way, unless they have contents by now.
pub fn remove_folders(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        drop(fs::remove_dir(folder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that another process finishes between our first look and our mark.
    #[test]
    fn what_others_have_finished_meanwhile_is_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let theirs = NewDirectory::begin(home.path()).unwrap();
        let database = home.path().join(HOME).join("db");
        fs::create_dir(database.parent().unwrap()).unwrap();
        fs::write(&database, "theirs").unwrap();
        let locked = NewDirectory::mark(home.path(), Vec::new()).err().unwrap();
        assert!(matches!(locked, OpenError::Locked(_)), "{locked}");
        theirs.finish().unwrap();
        let refusal = NewDirectory::mark(home.path(), Vec::new()).err().unwrap();
        assert!(matches!(refusal, OpenError::NotEmpty(_)), "{refusal}");
        assert_eq!(fs::read(&database).unwrap(), b"theirs");
        assert!(!home.path().join(UNFINISHED).exists());
    }

    #[test]
    fn a_mark_that_was_taken_away_while_we_waited_for_it_is_not_ours() {
        let home = tempfile::tempdir().unwrap();
        let name = home.path().join(UNFINISHED);
        fs::write(&name, "").unwrap();
        let (mark, is_new) = open_mark(&name).unwrap();
        assert!(!is_new && is_still_there(&mark, &name));
        fs::remove_file(&name).unwrap();
        assert!(!is_still_there(&mark, &name));
        fs::write(&name, "another").unwrap();
        assert!(!is_still_there(&mark, &name));
    }
}
