//! sled, and how what it writes gets onto the device.
//!
//! sled takes a segment of its log into use again once all that it held has been written anew elsewhere. It does not
//! see to it that the new place is on the device, and a power cut can then take both: one in three large writes that
//! were cut short cost the whole database. Between the last of the new places and the first byte over the old ones
//! sled always fills one segment more. So no segment's worth of log may go by without a sync: every change goes
//! through [`Database::change`], which counts.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::path::Path;

use super::error::StoreError;
use super::pass::Pass;
use crate::config::StoreConfig;

/// A segment of sled's log. Eight times sled's own choice, for a wide berth.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of keys and values that may be in the log without a sync. The log grows by some four times as much, because
/// sled writes pages of up to 17 records anew; by 34 at worst, should every change split a page too.
const UNSYNCED_BYTES: usize = 96 * 1024;

/// What a change counts beside its key and value.
const CHANGE_BYTES: usize = 64;

/// An open database. Only one thread changes it.
pub(super) struct Database {
    sled: sled::Db,
    log: File,
    unsynced: Cell<usize>,
    changes: Cell<u64>,
    /// The copy of it that is being made.
    copy: RefCell<Option<Box<DatabaseCopy>>>,
}

/// A copy of a database that is being made.
pub(super) struct DatabaseCopy {
    pass: Pass,
    pub(super) to: Database,
    /// The old log's bytes.
    pub(super) before: u64,
}

impl Database {
    /// Opens what is in `home`, or makes it.
    pub(super) fn open(home: &Path, config: StoreConfig) -> sled::Result<Self> {
        let log = home.join("db");
        if log.exists() {
            // sled frees segments while it opens, too, and the last process may have been killed before its sync.
            File::open(&log)?.sync_all()?;
        }
        let sled = sled::Config::new()
            .path(home)
            .segment_size(SEGMENT_BYTES)
            .cache_capacity(config.cache_mib * 1024 * 1024)
            .mode(sled::Mode::LowSpace)
            .flush_every_ms(None)
            .open()?;
        let log = File::open(log)?;
        let (unsynced, changes) = (Cell::new(0), Cell::new(0));
        Ok(Self { sled, log, unsynced, changes, copy: RefCell::new(None) })
    }

    pub(super) fn tree(&self, name: impl AsRef<[u8]>) -> sled::Result<sled::Tree> {
        self.sled.open_tree(name)
    }

    /// The bytes that say which version the data directory has, if there are any.
    pub(super) fn version(&self) -> sled::Result<Option<sled::IVec>> {
        self.tree("meta")?.get("version")
    }

    /// Notes the version of the data directory. It is on the device when this returns.
    pub(super) fn set_version(&self, version: u32) -> Result<(), StoreError> {
        self.tree("meta")?.insert("version", &version.to_be_bytes())?;
        self.sync()
    }

    /// The indexes that are whole, as [`Database::set_index_versions`] noted them.
    pub(super) fn index_versions(&self) -> sled::Result<Option<sled::IVec>> {
        self.tree("meta")?.get("indexes")
    }

    /// Notes which indexes are whole. It is on the device when this returns.
    pub(super) fn set_index_versions(&self, versions: &[u8]) -> Result<(), StoreError> {
        self.tree("meta")?.insert("indexes", versions)?;
        self.sync()
    }

    /// The names of all trees that are there.
    pub(super) fn tree_names(&self) -> Vec<sled::IVec> {
        self.sled.tree_names()
    }

    /// A way through all that is there.
    pub(super) fn pass(&self) -> Result<Pass, StoreError> {
        let names = self.tree_names();
        let trees = names.iter().map(|name| self.tree(name));
        Ok(Pass::over(trees.collect::<sled::Result<_>>()?))
    }

    /// Puts a record, or removes it. It is on the device at the next [`Database::sync`], if not before.
    pub(super) fn change(
        &self,
        tree: &sled::Tree,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.count(CHANGE_BYTES + key.len() + value.map_or(0, <[u8]>::len))?;
        match value {
            Some(value) => tree.insert(key, value)?,
            None => tree.remove(key)?,
        };
        self.changes.set(self.changes.get() + 1);
        self.repeat(tree, key, value);
        Ok(())
    }

    /// How many changes there were since it was opened.
    pub(super) fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// Bytes of its log.
    pub(super) fn log_bytes(&self) -> Result<u64, StoreError> {
        Ok(self.log.metadata()?.len())
    }

    /// From now on what is changed here is changed in the copy too, as far as it has come.
    pub(super) fn begin_copy(&self, copy: DatabaseCopy) {
        self.copy.replace(Some(Box::new(copy)));
    }

    /// Copies some records, and returns whether all are copied; `None` if the copy has failed.
    pub(super) fn copy_on(&self) -> Option<bool> {
        let step = self.copy.borrow_mut().as_mut().map(|copy| copy.step());
        step?.inspect_err(|error| self.give_copy_up(error)).ok()
    }

    /// The copy, which is kept up no more.
    pub(super) fn end_copy(&self) -> Option<DatabaseCopy> {
        self.copy.take().map(|copy| *copy)
    }

    fn repeat(&self, tree: &sled::Tree, key: &[u8], value: Option<&[u8]>) {
        let repeated = match &*self.copy.borrow() {
            Some(copy) => copy.repeat(tree, key, value),
            None => Ok(()),
        };
        if let Err(error) = repeated {
            self.give_copy_up(&error);
        }
    }

    /// What fails in the copy ends the copy, and nothing else.
    fn give_copy_up(&self, error: &StoreError) {
        tracing::warn!(%error, "the database has grown, and its copy has failed");
        self.end_copy();
    }

    /// Counts what is about to be written, and syncs before it becomes too much.
    fn count(&self, bytes: usize) -> Result<(), StoreError> {
        if self.unsynced.get() + bytes > UNSYNCED_BYTES {
            self.sync()?;
        }
        self.unsynced.set(self.unsynced.get() + bytes);
        Ok(())
    }

    /// Everything changed so far is on the device when this returns.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.sled.flush()?;
        self.log.sync_data()?;
        self.unsynced.set(0);
        Ok(())
    }
}

impl DatabaseCopy {
    /// A copy with nothing in it yet.
    pub(super) fn of(original: &Database, to: Database) -> Result<Self, StoreError> {
        let before = original.log_bytes()?;
        Ok(Self { pass: original.pass()?, to, before })
    }

    /// Copies some records, and says whether all are copied.
    pub(super) fn step(&mut self) -> Result<bool, StoreError> {
        let Some(tree) = self.pass.tree() else { return Ok(true) };
        let (to, copied) = (&self.to, self.to.tree(tree.name())?);
        self.pass.step(|key, value| to.change(&copied, key, Some(value)))
    }

    /// Makes a change of the old database in the new one, if the record has been copied by now.
    pub(super) fn repeat(
        &self,
        tree: &sled::Tree,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let name = tree.name();
        if self.pass.has_passed(&name, key) {
            self.to.change(&self.to.tree(&name)?, key, value)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;

    fn open(home: &Path) -> Database {
        Database::open(home, StoreConfig { cache_mib: 8, reserve_mib: 0 }).unwrap()
    }

    #[test]
    fn a_copy_that_fails_while_it_is_filled_is_no_harm_to_the_database() {
        let (home, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (database, mut to) = (open(home.path()), open(new.path()));
        let tree = database.tree("clients").unwrap();
        for key in 0..5000_u16 {
            database.change(&tree, &key.to_be_bytes(), Some(&[7; 40])).unwrap();
        }
        // A pipe can't be synced.
        let (reader, _writer) = std::io::pipe().unwrap();
        to.log = OwnedFd::from(reader).into();
        database.begin_copy(DatabaseCopy::of(&database, to).unwrap());
        while database.copy_on() == Some(false) {}
        assert_eq!(database.copy_on(), None);
        database.change(&tree, b"after", Some(b"it")).unwrap();
        database.sync().unwrap();
        assert_eq!(tree.len(), 5001);
    }
}
