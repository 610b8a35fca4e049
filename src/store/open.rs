//! Opening a data directory: what a crash has left in it, and what has to be durable before anything is written.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::database::Database;
use super::directory::{self, HOME, LOCK_PAUSE, LOCK_TRIES, Lock, at};
use super::error::{OpenError, StoreError};
use super::mark;
use super::migrate;
use super::redo;
use super::schema::DATA_VERSION;
use super::seal;
use super::space::{self, Space};
use super::table::Trees;
use crate::config::StoreConfig;

/// Less than this is a full disk.
const NOTHING: u64 = 64 * 1024;

pub(super) struct Opened {
    pub(super) trees: Trees,
    pub(super) database: Database,
    pub(super) lock: Lock,
    pub(super) space: Space,
}

pub(super) fn open(path: &Path, config: StoreConfig) -> Result<Opened, OpenError> {
    directory::make_folders(path).map_err(at(path))?;
    let lock = directory::lock(path)?;
    let home = lock.home();
    directory::make_folders(&home).map_err(at(&home))?;
    check_seal(path)?;
    let space = Space::new(path, config);
    space.before_opening().map_err(at(path))?;
    let was_sealed = seal::break_seal(path).map_err(at(path))?;
    remove_unfinished_snapshots(&home).map_err(at(&home))?;

    let database = open_database(&home, config).map_err(|error| explain(path, error))?;
    // First of all: a newer release may have other trees.
    let version = match read_version(path, &database) {
        Ok(version) => version,
        Err(error) => {
            drop(database);
            // It was opened in order and is closed in order: the newer release finds it as it left it.
            seal::seal(path, &home).map_err(at(&home))?;
            return Err(error);
        }
    };
    let trees = Trees::open(&database).map_err(|error| explain(path, error))?;
    let redone = redo::recover(&trees, &database).map_err(|error| failed(path, &error))?;
    if redone > 0 {
        tracing::info!(writes = redone, "completed what the last run was writing when it ended");
    }
    database.sync().map_err(|error| failed(path, &error))?;
    if let Err(why) = mark::check(path, &trees).map_err(|error| failed(path, &error))? {
        drop((trees, database));
        if was_sealed {
            seal::seal(path, &home).map_err(at(&home))?;
        }
        return Err(OpenError::Damaged { path: path.to_owned(), why });
    }
    let migrated = match version {
        None => database.set_version(DATA_VERSION),
        Some(from) => {
            migrate::migrate(&migrate::Directory { trees: &trees, database: &database }, from)
        }
    };
    migrated.map_err(|error| failed(path, &error))?;
    sync_names(path, &home).map_err(at(path))?;
    space.after_opening();
    Ok(Opened { trees, database, lock, space })
}

pub(super) fn check_seal(path: &Path) -> Result<(), OpenError> {
    let home = path.join(HOME);
    seal::check(path, &home)
        .map_err(at(&home))?
        .map_err(|why| OpenError::Damaged { path: path.to_owned(), why })
}

/// sled has a lock of its own, and lets go of it some time after it was closed.
fn open_database(home: &Path, config: StoreConfig) -> sled::Result<Database> {
    for _ in 0..LOCK_TRIES {
        match Database::open(home, config) {
            Err(sled::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                std::thread::sleep(LOCK_PAUSE);
            }
            opened => return opened,
        }
    }
    Database::open(home, config)
}

/// Takes the database and its rows of audit away, under its lock.
pub(super) fn empty(path: &Path) -> Result<(), OpenError> {
    let home = path.join(HOME);
    directory::make_folders(path).map_err(at(path))?;
    let _lock = directory::lock(path)?;
    seal::break_seal(path).map_err(at(path))?;
    mark::forget(path).map_err(at(path))?;
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

/// A kill can leave `snap.….generating`, after which sled refuses to open. It was never renamed, so the database does
/// not depend on it. Done under our own lock, so that no living process is making it.
fn remove_unfinished_snapshots(home: &Path) -> io::Result<()> {
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
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
fn sync_names(path: &Path, home: &Path) -> io::Result<()> {
    for entry in fs::read_dir(home)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(home)?.sync_all()?;
    File::open(path)?.sync_all()?;
    directory::sync_folder_above(path)
}

fn explain(path: &Path, error: sled::Error) -> OpenError {
    let path = path.to_owned();
    match error {
        sled::Error::Io(source) if source.kind() == io::ErrorKind::WouldBlock => {
            OpenError::Locked(path)
        }
        sled::Error::Io(source) => OpenError::Io { path, source },
        sled::Error::Corruption { .. }
        | sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_) => OpenError::Damaged { path, why: error.to_string() },
    }
}

/// A disk that is full or broken is no reason to fetch a backup.
fn failed(path: &Path, error: &StoreError) -> OpenError {
    let is_full = space::free(path).is_some_and(|free| free < NOTHING);
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
