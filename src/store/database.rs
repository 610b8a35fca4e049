//! sled, and how what it writes gets onto the device.
//!
//! sled takes a segment of its log into use again once all that it held has been written anew elsewhere. It does not
//! see to it that the new place is on the device, and a power cut can then take both: one in three large writes that
//! were cut short cost the whole database. Between the last of the new places and the first byte over the old ones
//! sled always fills one segment more. So no segment's worth of log may go by without a sync: every change goes
//! through [`Database::change`], which counts.
//!
//! sled moves what still lives out of a segment that is mostly dead, one page whenever it writes another page anew. That
//! is too slow: with one page in ten changes the log grows for ever, though most of it is dead. sled's own thread for it
//! writes as fast as it can, uncounted. So every change adds some more of these occasions, each a small record of our own
//! that is changed until sled writes its page anew: [`Database::tidy`]. They wait until the writer has nothing else to
//! do. Without writes nothing is moved.
//!
//! That ends the growth without bound, and no more: after four rounds of 50 000 sends the database was half as large again
//! as after the first (`tests/bench/growth`).

use std::cell::Cell;
use std::fs::File;
use std::path::Path;

use super::error::StoreError;
use crate::config::StoreConfig;

/// A segment of sled's log. Eight times sled's own choice, for a wide berth.
const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of keys and values that may be in the log without a sync. The log grows by some four times as much, because
/// sled writes pages of up to 17 records anew; by 34 at worst, should every change split a page too.
const UNSYNCED_BYTES: usize = 96 * 1024;

/// What a change counts beside its key and value.
const CHANGE_BYTES: usize = 64;

/// Changes of our own record that follow each change of another; sled writes its page anew, and moves another, at every
/// tenth (`PAGE_CONSOLIDATION_THRESHOLD`). Two are too few where a tenth of the data lives for long, and four let the log
/// become half as large again before it keeps its size.
const TIDYING: u32 = 8;

/// What such a change counts. Ten of them move a page, of at most 17 records of 4 KiB, and the log may grow by some forty
/// times what is counted.
const TIDYING_BYTES: usize = 192;

/// As many wait for a time without writes, after some five hundred of them. Ten times as many let the log of a node that is
/// never idle become half as large again.
const MOST_OWED: u32 = 60_000;

/// More than these are not made up for. A large write is mostly new, and leaves nothing behind that could be moved.
const MOST_LATE: u32 = 20_000;

/// So many at a time, so that a write that comes meanwhile does not wait.
const TIDYING_AT_ONCE: u32 = 128;

/// An open database. Only one thread changes it.
pub(super) struct Database {
    sled: sled::Db,
    log: File,
    unsynced: Cell<usize>,
    /// Holds one record, which is there to be changed.
    tidying: sled::Tree,
    /// Changes of it that are due, and the last.
    owed: Cell<u32>,
    turn: Cell<u32>,
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
        let tidying = sled.open_tree("tidying")?;
        let log = File::open(log)?;
        let (unsynced, owed, turn) = (Cell::new(0), Cell::new(0), Cell::new(0));
        Ok(Self { sled, log, unsynced, tidying, owed, turn })
    }

    pub(super) fn tree(&self, name: &str) -> sled::Result<sled::Tree> {
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

    /// The names of all trees that are there.
    pub(super) fn tree_names(&self) -> Vec<sled::IVec> {
        self.sled.tree_names()
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
        self.owed.set((self.owed.get() + TIDYING).min(MOST_OWED + MOST_LATE));
        Ok(())
    }

    /// Has sled move some of what still lives out of segments that are mostly dead, if the changes so far owe that, and says
    /// whether they did. Nothing that anybody reads changes, so it need not be synced; what it writes counts for the next sync.
    pub(super) fn tidy(&self) -> Result<bool, StoreError> {
        self.tidy_by(self.owed.get().min(TIDYING_AT_ONCE))
    }

    /// The same for what cannot wait any longer.
    pub(super) fn tidy_what_is_late(&self) -> Result<bool, StoreError> {
        self.tidy_by(self.owed.get().saturating_sub(MOST_OWED))
    }

    fn tidy_by(&self, changes: u32) -> Result<bool, StoreError> {
        for _ in 0..changes {
            self.count(TIDYING_BYTES)?;
            // What is put in its own place is not written.
            self.turn.set(self.turn.get().wrapping_add(1));
            self.tidying.insert("turn", &self.turn.get().to_be_bytes())?;
        }
        self.owed.set(self.owed.get() - changes);
        Ok(changes > 0)
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
