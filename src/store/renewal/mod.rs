//! A new database in the place of one that has grown, while the store is open.
//!
//! sled never gives back what it knows of a page: a page that was freed stays a small entry in its log for ever, and such an
//! entry holds a whole segment. So the log grows far beyond what its records need. `compact` mends that in a closed
//! directory; this does so in an open one, on the writer thread, a few records at a time:
//!
//! 1. **Count.** After some thousand changes the thread counts all records and their bytes.
//! 2. **Copy.** If the log is much larger than a new one would be, the thread copies every record to a new database,
//!    `DIR/store.new`. A change of a record that is copied already is made in both.
//! 3. **Swap.** When both are on the device, they exchange their names, and the new one's trees take the place of the old
//!    ones. No write is under way at that time.
//!
//! `rule` says when a count and a copy are due. A crash before the swap leaves the old database, a crash behind it the new
//! one, and the next start removes the other ([`swap::put_right`]). An error in the copy ends the copy only.
//!
//! An open database may be renamed because sled, once it is open, uses its path for one thing: values too large for its log,
//! which nothing here is (`redo` and `codec` see to it).

mod rule;

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use super::database::{Database, DatabaseCopy};
use super::directory::{self, NEW, at};
use super::disk_space::DiskSpace;
use super::error::{OpenError, StoreError};
use super::open;
use super::pass::Pass;
use super::swap;
use super::trees::Trees;
use crate::config::StoreConfig;
pub use rule::RenewalRule;
use rule::{LastRenewal, RecordCount};

/// After a copy that failed, the next count is due as if there were so many records.
const AFTER_FAILURE: u64 = 500_000;

/// How far the renewal of the writer's database has come.
pub(super) struct Renewal {
    path: PathBuf,
    config: StoreConfig,
    rule: RenewalRule,
    stage: RenewalStage,
    /// Closes and removes the replaced database. That takes up to half a second, and no write should wait for it.
    removal: Option<JoinHandle<()>>,
}

/// What a step has left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RenewalStep {
    /// The next step.
    More,
    /// Nothing before the replaced database is removed. Then a count may be due.
    AfterRemoval,
    /// Nothing before the next change.
    Nothing,
}

enum RenewalStage {
    Rest(LastRenewal),
    /// A count, and the database when it began, with no records yet.
    Count(Pass, RecordCount, LastRenewal),
    Copy,
}

impl Renewal {
    pub(super) fn new(path: PathBuf, config: StoreConfig, rule: RenewalRule) -> Self {
        Self {
            path,
            config,
            rule,
            stage: RenewalStage::Rest(LastRenewal::default()),
            removal: None,
        }
    }

    /// Does the next part of the work, if there is one.
    pub(super) fn step(
        &mut self,
        database: &mut Database,
        trees: &Trees,
        space: &DiskSpace,
        is_idle: bool,
    ) -> Result<RenewalStep, StoreError> {
        // The next copy has the name of the database that is being removed.
        let is_removing = self.removal.as_ref().is_some_and(|removal| !removal.is_finished());
        match &mut self.stage {
            RenewalStage::Rest(_) if is_removing => return Ok(RenewalStep::AfterRemoval),
            // Rest until a count is due.
            RenewalStage::Rest(last) if !is_count_due(self.rule, last, database, is_idle)? => {
                return Ok(RenewalStep::Nothing);
            }
            RenewalStage::Rest(_) => {
                let begin = seen(database, 0)?;
                self.stage = RenewalStage::Count(database.pass()?, RecordCount::default(), begin);
            }
            // Count, then begin the copy if the log is too large.
            RenewalStage::Count(pass, count, begin) => {
                let is_done = pass.step(|key, value| {
                    count.add(key, value);
                    Ok(())
                })?;
                if is_done {
                    let RecordCount { records, bytes } = *count;
                    // Records that have gone since they were counted are changes since the count.
                    let counted = LastRenewal { records, ..*begin };
                    let is_due = self.rule.is_copy_due(count, database.log_bytes()?);
                    self.stage = if is_due && space.has_room_for(bytes) && self.begin(database) {
                        RenewalStage::Copy
                    } else {
                        RenewalStage::Rest(counted)
                    };
                }
            }
            // Copy, then swap.
            RenewalStage::Copy => match database.copy_on() {
                Some(false) => {}
                Some(true) => {
                    let is_swapped = self.swap(database, trees)?;
                    self.stage = RenewalStage::Rest(if is_swapped {
                        // Records may have gone after they were copied, so a large log is counted.
                        LastRenewal::default()
                    } else {
                        seen(database, AFTER_FAILURE)?
                    });
                }
                None => {
                    clear_away(&self.path);
                    self.stage = RenewalStage::Rest(seen(database, AFTER_FAILURE)?);
                }
            },
        }
        Ok(RenewalStep::More)
    }

    /// Ends a copy that is being made, and waits for a removal: the store is being closed.
    pub(super) fn end(self, database: &Database) {
        if let RenewalStage::Copy = self.stage {
            database.end_copy();
            clear_away(&self.path);
        }
        // A thread that panicked has removed nothing; the next start does.
        drop(self.removal.map(JoinHandle::join));
    }

    /// Makes the new database. Returns `false` if that has failed.
    fn begin(&self, database: &Database) -> bool {
        let new = self.path.join(NEW);
        let made = || -> Result<DatabaseCopy, OpenError> {
            swap::put_right(&self.path).map_err(at(&self.path))?;
            directory::make_folders(&new).map_err(at(&new))?;
            let explain = |error| open::explain(&self.path, error);
            let to = Database::open(&new, self.config).map_err(explain)?;
            let failed = |error: StoreError| open::failed(&self.path, &error);
            DatabaseCopy::of(database, to).map_err(failed)
        };
        match made() {
            Ok(copy) => database.begin_copy(copy),
            Err(error) => {
                tracing::warn!(%error, "the database has grown, and no new one can be made");
                clear_away(&self.path);
                return false;
            }
        }
        true
    }

    /// The copy takes the place of the database; `false` if it can't. After an error either of them may be there.
    fn swap(&mut self, database: &mut Database, trees: &Trees) -> Result<bool, StoreError> {
        let Some(DatabaseCopy { to, before, .. }) = database.end_copy() else { return Ok(false) };
        let new = self.path.join(NEW);
        let ready = || -> Result<_, StoreError> {
            to.sync()?;
            directory::close_to_others(&new)?;
            open::sync_names(&self.path, &new)?;
            Ok(trees.of(&to)?)
        };
        // Make the copy durable.
        let handles = match ready() {
            Ok(handles) => handles,
            Err(error) => {
                tracing::warn!(%error, "the database has grown, and the new one is not whole");
                drop(to);
                clear_away(&self.path);
                return Ok(false);
            }
        };
        // Exchange the names, then the trees.
        swap::swap(&self.path, swap::exchange, &mut |_| Ok(()))?;
        trees.replace(handles);
        let replaced = std::mem::replace(database, to);
        let after = database.log_bytes()?;
        tracing::info!(before, after, "the database had grown and was written anew");
        let path = self.path.clone();
        let remove = move || {
            drop(replaced);
            clear_away(&path);
        };
        // Without a thread it stays until the next start.
        self.removal = thread::Builder::new().name("store-removal".into()).spawn(remove).ok();
        Ok(true)
    }
}

fn is_count_due(
    rule: RenewalRule,
    last: &LastRenewal,
    database: &Database,
    is_idle: bool,
) -> Result<bool, StoreError> {
    let changes = database.changes() - last.changes;
    // The writer asks after every group of writes, and the size of the log costs a system call.
    Ok(changes >= rule.changes && rule.is_count_due(last, changes, database.log_bytes()?, is_idle))
}

/// The database as it is now, with this number of records.
fn seen(database: &Database, records: u64) -> Result<LastRenewal, StoreError> {
    let (changes, log_bytes) = (database.changes(), database.log_bytes()?);
    Ok(LastRenewal { changes, log_bytes, records })
}

/// The next start removes what can't be removed now.
fn clear_away(path: &Path) {
    if let Err(error) = swap::put_right(path) {
        tracing::warn!(%error, "a database that is not needed can't be removed");
    }
}

#[cfg(test)]
mod tests;
