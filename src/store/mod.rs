//! What is kept, on sled, so that an acknowledged write is on the device.
//!
//! - [`schema`]: every tree, its keys and its records, in one table.
//! - [`Store`]: the handle. [`Store::get`], [`Store::page`] and [`Store::list`] read in place on any thread; [`Store::write`] hands a
//!   closure to the one writer thread.
//! - `table`: a tree as the schema has it; `trees`: those of an open database.
//! - [`Write`]: what the closure works on, an `overlay` over the trees. If it refuses, nothing has happened.
//! - `index`: rows of the schema for secondary indexes and counters; `indexing` keeps those trees.
//! - `redo`: how one write over several trees is there whole or not at all.
//! - `writer`: groups of writes, then a sync. `answers`: what hangs on each of them, and the answer to its caller.
//! - `database`: sled's `flush()` and our own `fdatasync`. (`flush()` alone is not durable on Linux: it calls
//!   `sync_file_range`.)
//! - `migrate`: how a directory of an earlier release becomes one of this release.
//! - `directory`, `open`: the owner of the directory, its lock, and what a crash has left.
//! - [`NewDirectory`]: a directory that is being made, whole or not at all.
//! - `snapshot`: a broken snapshot of sled's is set aside.
//! - `compact`: a new database in the place of one that has grown; `swap`: how it gets there.
//! - `renewal`: the same while the store is open, a few records at a time: a `pass` through all there are.
//! - `disk_space`: no write is begun on a disk that is nearly full.
//! - `reserve_file`: room on the disk for opening the database when the disk is full.
//! - `cache`: what nearly every request reads, in front of the trees.
//! - `checksums`: digests of the closed database (`DIR/seal`), so that a damaged one is not opened.
//! - `progress_marker`: a number beside the database (`DIR/mark`) and in it, so that one that has lost its end is not opened after a crash.
//! - `sweep`: takes away what has been kept long enough, found by a time-ordered index.
//!
//! No other module names sled.

mod answers;
mod cache;
mod checksums;
mod codec;
mod compact;
mod create;
mod database;
mod directory;
mod disk_space;
mod earlier;
mod error;
mod index;
mod indexing;
mod key;
mod migrate;
mod open;
mod overlay;
mod pass;
mod progress_marker;
mod redo;
mod renewal;
mod reserve_file;
pub mod schema;
mod snapshot;
mod swap;
mod sweep;
mod table;
mod trees;
mod write;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use codec::{BadRecord, MAX_RECORD_BYTES, Record, decode, decode_body, encode};
pub use compact::Compacted;
pub use create::{NewDirectory, remove_folders};
pub use directory::{audit_folder, make_folders};
pub use disk_space::is_full;
pub use error::{OpenError, StoreError};
pub use key::{KeyPrefix, Order, Span, TableKey};
use renewal::Renewal;
pub use renewal::RenewalRule;
pub use table::Table;
use trees::Trees;
pub use write::Write;
pub use writer::Priority;
use writer::Writer;

use crate::config::StoreConfig;
use crate::domain::Timestamp;

/// An open data directory. Clones are the same store; the last one to go closes it.
#[derive(Clone)]
pub struct Store {
    trees: Arc<Trees>,
    writer: Arc<Writer>,
    path: PathBuf,
}

impl Store {
    /// Opens the directory, making it if there is none, and completes what a crash has cut short.
    pub fn open(path: &Path, config: StoreConfig) -> Result<Self, OpenError> {
        Self::open_renewing(path, config, RenewalRule::default())
    }

    /// The same, with another rule for when the database is written anew.
    pub fn open_renewing(
        path: &Path,
        config: StoreConfig,
        rule: RenewalRule,
    ) -> Result<Self, OpenError> {
        let open::Opened { trees, database, lock, space } = open::open(path, config)?;
        let trees = Arc::new(trees);
        let renewal = Renewal::new(path.to_owned(), config, rule);
        let writer = Arc::new(Writer::start(Arc::clone(&trees), database, lock, space, renewal)?);
        Ok(Self { trees, writer, path: path.to_owned() })
    }

    /// The same after taking away all that was kept there before, unless another process has it open.
    pub fn open_emptied(path: &Path, config: StoreConfig) -> Result<Self, OpenError> {
        open::empty(path)?;
        Self::open(path, config)
    }

    /// Puts a new database with the same records in the place of one that has grown. No process may have the directory open.
    pub fn compact(path: &Path, config: StoreConfig) -> Result<Compacted, OpenError> {
        compact::compact(path, config)
    }

    /// Refuses a directory that does not exist, or that is not this user's alone. Changes nothing.
    pub fn check_made(path: &Path) -> Result<(), OpenError> {
        directory::check_made(path)
    }

    /// Refuses a database that is not what it was when it was closed in order; one that was not, or that is open, can't
    /// be judged so. Changes nothing.
    pub fn check_seal(path: &Path) -> Result<(), OpenError> {
        open::check_seal(path)
    }

    /// Where the files with the rows of audit are: a folder of the data directory, which lives and goes with it.
    pub fn audit_folder(&self) -> PathBuf {
        audit_folder(&self.path)
    }

    /// Reads one record. It may not be on the device yet: good for a view, never for a permission that counts.
    pub fn get<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, StoreError> {
        self.trees.get(table, key)
    }

    /// Reads up to `most` records in the order of their keys, from behind `after` on.
    pub fn page<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
        after: Option<&K>,
        most: usize,
    ) -> Result<Vec<(K, V)>, StoreError> {
        self.list(table, Span::all(), Order::Ascending, after, most)
    }

    /// Reads up to `most` records of a span in either order, from behind `after` on.
    pub fn list<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
        span: Span<K>,
        order: Order,
        after: Option<&K>,
        most: usize,
    ) -> Result<Vec<(K, V)>, StoreError> {
        self.trees.list(table, span, order, after, most)
    }

    /// The number of records of a table that is counted: see [`schema::RECORD_COUNTS`].
    pub fn count<K: TableKey, V: Record>(&self, table: Table<K, V>) -> Result<u64, StoreError> {
        let count = self.get(schema::RECORD_COUNTS, &table.name.to_owned())?;
        Ok(count.map_or(0, |count| count.number))
    }

    /// Runs `decide` on the writer thread and returns when what it put is on the device. If it refuses, nothing is put.
    ///
    /// [`StoreError::Busy`] and [`StoreError::DiskFull`] mean that nothing has happened; [`StoreError::Failed`] that
    /// the outcome is not known, and that the process has to be started again.
    pub async fn write<T, E, F>(&self, priority: Priority, decide: F) -> Result<T, E>
    where
        F: FnOnce(&mut Write<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let permit = match priority {
            Priority::FollowUp => self.writer.wait_for_permit().await?,
            Priority::Normal | Priority::MayUseReserve | Priority::Upkeep => {
                self.writer.permit()?
            }
        };
        let (answer, outcome) = tokio::sync::oneshot::channel();
        self.writer.submit(permit, priority, decide, move |result| drop(answer.send(result)))?;
        outcome.await.unwrap_or_else(|_| Err(self.writer.failure().into()))
    }

    /// As [`Store::write`], for a thread that may block, such as the one that starts the process. Never waits for room in
    /// the queue.
    pub fn write_blocking<T, E, F>(&self, priority: Priority, decide: F) -> Result<T, E>
    where
        F: FnOnce(&mut Write<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, outcome) = std::sync::mpsc::sync_channel(1);
        let permit = self.writer.permit()?;
        self.writer.submit(permit, priority, decide, move |result| drop(answer.send(result)))?;
        outcome.recv().unwrap_or_else(|_| Err(self.writer.failure().into()))
    }

    /// Until when may be swept at `now`; see the module `sweep`.
    pub async fn sweep_until(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        self.write(Priority::MayUseReserve, move |write| sweep::until(write, now)).await
    }

    /// Takes away up to about `most` records that need not be kept after `now`, and says how many it looked at: at least
    /// `most` if there may be more.
    pub async fn sweep(&self, now: Timestamp, most: usize) -> Result<usize, StoreError> {
        self.write(Priority::MayUseReserve, move |write| sweep::sweep(write, now, most)).await
    }

    /// Notes how far the database has come, so that it is not opened when it has lost what is in it now.
    pub async fn mark(&self) -> Result<(), StoreError> {
        let number = self.write(Priority::Normal, progress_marker::next).await?;
        let path = self.path.clone();
        let noted = tokio::task::spawn_blocking(move || progress_marker::note(&path, number)).await;
        noted.map_err(std::io::Error::other).flatten().map_err(StoreError::from)
    }

    /// The same for a thread that may wait.
    pub fn mark_blocking(&self) -> Result<(), StoreError> {
        let number = self.write_blocking(Priority::Normal, progress_marker::next)?;
        Ok(progress_marker::note(&self.path, number)?)
    }

    /// Ends when the store has failed and the process has to be started again; otherwise never.
    pub async fn failed(&self) -> StoreError {
        self.writer.failed().await
    }

    /// How many writes have changed something since it was opened, without upkeep.
    pub fn written(&self) -> u64 {
        self.writer.written()
    }

    /// Whether the database stays as it is until the next write: none is under way, and no renewal is due. For measurements.
    pub fn is_at_rest(&self) -> bool {
        self.writer.is_at_rest()
    }

    /// Whether the disk has room for writes. Asks it.
    pub fn has_room(&self) -> bool {
        self.writer.has_room()
    }

    /// Whether writes are still taken, as far as the database goes.
    pub fn is_healthy(&self) -> bool {
        !self.writer.has_failed()
    }
}
