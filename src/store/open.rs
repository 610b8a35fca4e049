//! Opening a data directory: what a crash has left in it, and what has to be durable before anything is written.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::checksums::{self, BrokenSeal};
use super::database::Database;
use super::directory::{self, HOME, LOCK_PAUSE, LOCK_TRIES, Lock, at};
use super::disk_space::{self, DiskSpace};
use super::error::{OpenError, StoreError};
use super::indexing;
use super::migrate;
use super::progress_marker;
use super::redo;
use super::schema::DATA_VERSION;
use super::snapshot;
use super::swap;
use super::trees::Trees;
use crate::config::StoreConfig;

/// How sled begins to say that another process has its log locked.
const LOCK_CONFLICT: &str = "could not acquire lock on";

/// Less than this is a full disk.
const NOTHING: u64 = 64 * 1024;

pub(super) struct Opened {
    pub(super) trees: Trees,
    pub(super) database: Database,
    pub(super) lock: Lock,
    pub(super) space: DiskSpace,
}

pub(super) fn open(path: &Path, config: StoreConfig) -> Result<Opened, OpenError> {
    directory::make_folders(path).map_err(at(path))?;
    directory::check_files(path)?;
    let lock = directory::lock(path)?;
    let home = lock.home();
    swap::put_right(path).map_err(at(path))?;
    directory::make_folders(&home).map_err(at(&home))?;
    check_seal(path)?;
    let space = DiskSpace::new(path, config);
    space.before_opening().map_err(at(path))?;
    let was_sealed = checksums::break_seal(path).map_err(at(path))?;
    snapshot::prepare(&home).map_err(at(&home))?;

    let database = open_database(&home, config).map_err(|error| explain(path, error))?;
    // First of all: a newer release may have other trees.
    let version = match read_version(path, &database) {
        Ok(version) => version,
        Err(error) => {
            drop(database);
            // It was opened in order and is closed in order: the newer release finds it as it left it.
            checksums::seal(path, &home).map_err(at(&home))?;
            return Err(error);
        }
    };
    let trees = Trees::open(&database).map_err(|error| explain(path, error))?;
    let redone = redo::recover(&trees, &database).map_err(|error| failed(path, &error))?;
    if redone > 0 {
        tracing::info!(writes = redone, "completed the interrupted write of the last run");
    }
    database.sync().map_err(|error| failed(path, &error))?;
    if let Err(why) = progress_marker::check(path, &trees).map_err(|error| failed(path, &error))? {
        drop((trees, database));
        if was_sealed {
            checksums::seal(path, &home).map_err(at(&home))?;
        }
        return Err(OpenError::Damaged { path: path.to_owned(), why });
    }
    let directory = migrate::Directory { trees: &trees, database: &database };
    migrate::migrate(&directory, version).map_err(|error| failed(path, &error))?;
    indexing::make_anew(&trees, &database).map_err(|error| failed(path, &error))?;
    sync_names(path, &home).map_err(at(path))?;
    space.after_opening();
    Ok(Opened { trees, database, lock, space })
}

pub(super) fn check_seal(path: &Path) -> Result<(), OpenError> {
    let home = path.join(HOME);
    directory::check_files(path)?;
    if let Some(name) = snapshot::stray(&home).map_err(at(&home))? {
        return Err(OpenError::Stray(home.join(name)));
    }
    checksums::check(path, &home).map_err(at(&home))?.map_err(|broken| match broken {
        BrokenSeal::Stray(name) => OpenError::Stray(home.join(name)),
        BrokenSeal::Other(why) => OpenError::Damaged { path: path.to_owned(), why },
    })
}

/// sled has a lock of its own, and lets go of it some time after it was closed.
fn open_database(home: &Path, config: StoreConfig) -> sled::Result<Database> {
    for _ in 0..LOCK_TRIES {
        match Database::open(home, config) {
            Err(error) if is_lock_conflict(&error) => std::thread::sleep(LOCK_PAUSE),
            opened => return opened,
        }
    }
    Database::open(home, config)
}

/// sled hands the system's `WouldBlock` on as the text of an error of another kind.
fn is_lock_conflict(error: &sled::Error) -> bool {
    let sled::Error::Io(error) = error else { return false };
    error.kind() == io::ErrorKind::Other && error.to_string().starts_with(LOCK_CONFLICT)
}

/// Takes the database and its rows of audit away, under its lock.
pub(super) fn empty(path: &Path) -> Result<(), OpenError> {
    let home = path.join(HOME);
    directory::make_folders(path).map_err(at(path))?;
    let _lock = directory::lock(path)?;
    checksums::break_seal(path).map_err(at(path))?;
    progress_marker::forget(path).map_err(at(path))?;
    swap::put_right(path).map_err(at(path))?;
    for folder in [home, directory::audit_folder(path)] {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at(&folder)(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// The version of a directory that has one; a new one has none yet.
fn read_version(path: &Path, database: &Database) -> Result<Option<u32>, OpenError> {
    let found = database.version().map_err(|error| explain(path, error))?;
    let Some(found) = found else { return Ok(None) };
    let found: [u8; 4] = found.as_ref().try_into().map_err(|_| OpenError::Damaged {
        path: path.to_owned(),
        why: "its version is not readable".into(),
    })?;
    match u32::from_be_bytes(found) {
        found if found > DATA_VERSION => {
            Err(OpenError::Newer { path: path.to_owned(), found, known: DATA_VERSION })
        }
        0 => Err(OpenError::Damaged {
            path: path.to_owned(),
            why: "it has version 0, which no release has written".into(),
        }),
        found => Ok(Some(found)),
    }
}

/// The flush of a new database does not make its names durable. Done at every start: the first may have been cut short.
pub(super) fn sync_names(path: &Path, home: &Path) -> io::Result<()> {
    for entry in fs::read_dir(home)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(home)?.sync_all()?;
    File::open(path)?.sync_all()?;
    directory::sync_folder_above(path)
}

pub(super) fn explain(path: &Path, error: sled::Error) -> OpenError {
    let path = path.to_owned();
    if is_lock_conflict(&error) {
        return OpenError::Locked(path);
    }
    match error {
        sled::Error::Io(source) => OpenError::Io { path, source },
        sled::Error::Corruption { .. }
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_) => OpenError::Damaged { path, why: error.to_string() },
    }
}

/// A disk that is full or broken is no reason to fetch a backup.
pub(super) fn failed(path: &Path, error: &StoreError) -> OpenError {
    let is_full = disk_space::free(path).is_some_and(|free| free < NOTHING);
    let path = path.to_owned();
    match error {
        StoreError::Failed(_) | StoreError::DiskFull if is_full => {
            OpenError::Io { path, source: io::ErrorKind::StorageFull.into() }
        }
        StoreError::Failed(_) | StoreError::DiskFull => {
            OpenError::Io { path, source: io::Error::other(error.to_string()) }
        }
        StoreError::Damaged { .. } | StoreError::Busy | StoreError::TooLarge { .. } => {
            OpenError::Damaged { path, why: error.to_string() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> StoreConfig {
        StoreConfig { cache_mib: 8, ..StoreConfig::default() }
    }

    /// Another process holds the lock of sled's log, but not our `DIR/lock`.
    #[test]
    fn sled_s_lock_is_recognized() {
        let home = tempfile::tempdir().unwrap();
        drop(open(home.path(), config()).unwrap());
        let store = home.path().join("store");
        let held = Database::open(&store, config()).unwrap();
        let conflict = Database::open(&store, config()).err().unwrap();
        assert!(is_lock_conflict(&conflict), "{conflict:?}");
        let refusal = explain(home.path(), conflict);
        assert!(matches!(refusal, OpenError::Locked(_)), "{refusal}");
        drop(held);
        assert!(!is_lock_conflict(&sled::Error::Io(io::ErrorKind::NotFound.into())));
    }

    #[test]
    fn a_database_of_a_newer_release_is_refused_and_gets_no_trees_of_ours() {
        let home = tempfile::tempdir().unwrap();
        let store = home.path().join("store");
        let newer = Database::open(&store, config()).unwrap();
        newer.tree("meta").unwrap().insert("version", &9_u32.to_be_bytes()).unwrap();
        drop(newer);
        let refusal = open(home.path(), config()).err().unwrap();
        assert!(matches!(refusal, OpenError::Newer { found: 9, known: DATA_VERSION, .. }));
        let names = open_database(&store, config()).unwrap().tree_names();
        assert!(!names.iter().any(|name| *name == "clients"), "{names:?}");
    }
}
