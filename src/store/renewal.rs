//! A new database in the place of one that has grown, while the store is open.
//!
//! sled never gives back what it knows of a page: a page that was freed stays a small entry in its log for ever, and such an
//! entry holds a whole segment. So the log grows far beyond what its records need. `compact` mends that in a closed
//! directory; this does so in an open one, on the writer thread, a few records at a time:
//!
//! 1. **Count.** After some thousand changes, and more the more records there are, all of them are counted, with their
//!    bytes.
//! 2. **Copy.** If the log is much larger than that, every record is copied to a new database, `DIR/store.new`. A record
//!    that is changed after it was copied is changed in both.
//! 3. **Swap.** When both are on the device, they exchange their names, and the new one's trees take the place of the old
//!    ones. No write is under way at that time.
//!
//! A crash before the swap leaves the old database, a crash behind it the new one, and the next start removes the other
//! ([`swap::put_right`]). What goes wrong with the copy ends the copy only.
//!
//! An open database may be renamed because sled, once it is open, uses its path for one thing: values too large for its log,
//! which nothing here is (`redo` and `codec` see to it).

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

/// When a database is written anew.
#[derive(Clone, Copy, Debug)]
pub struct RenewalRule {
    /// A log of so many bytes is left alone.
    pub least_log: u64,
    /// How many times the bytes of a new log with the same records it may have beyond that.
    pub times: u64,
    /// Changes between two counts of the records, at least.
    pub changes: u64,
}

impl RenewalRule {
    /// The database is written anew all the time: for tests.
    pub const ALWAYS: Self = Self { least_log: 0, times: 0, changes: 0 };
}

impl Default for RenewalRule {
    fn default() -> Self {
        Self { least_log: 16 * 1024 * 1024, times: 2, changes: 5000 }
    }
}

/// After a copy that failed, the next is made as if there were so many records.
const AFTER_FAILURE: u64 = 500_000;

/// What the writer does for the size of its database, beside writing.
pub(super) struct Renewal {
    path: PathBuf,
    config: StoreConfig,
    rule: RenewalRule,
    stage: RenewalStage,
    /// Closes and removes the database that was replaced: that takes up to half a second, and no write should wait for it.
    removal: Option<JoinHandle<()>>,
}

enum RenewalStage {
    Rest(Last),
    Count(Pass, Count),
    Copy,
}

/// What was found when the records were counted, or the database written anew.
#[derive(Default)]
struct Last {
    /// How many changes there had been.
    changes: u64,
    log_bytes: u64,
    records: u64,
}

/// The records that were there, roughly: some are changed while they are counted.
#[derive(Default)]
struct Count {
    records: u64,
    bytes: u64,
}

impl Renewal {
    pub(super) fn new(path: PathBuf, config: StoreConfig, rule: RenewalRule) -> Self {
        Self { path, config, rule, stage: RenewalStage::Rest(Last::default()), removal: None }
    }

    /// Does a little of what is due, and says whether there is more.
    pub(super) fn step(
        &mut self,
        database: &mut Database,
        trees: &Trees,
        space: &DiskSpace,
        is_idle: bool,
    ) -> Result<bool, StoreError> {
        // The next copy has the name of the database that is being removed.
        let is_removing = self.removal.as_ref().is_some_and(|removal| !removal.is_finished());
        match &mut self.stage {
            RenewalStage::Rest(_) if is_removing => return Ok(false),
            // Rest until a count is due.
            RenewalStage::Rest(last) if !self.rule.wants_count(last, database, is_idle)? => {
                return Ok(false);
            }
            RenewalStage::Rest(_) => {
                self.stage = RenewalStage::Count(database.pass()?, Count::default());
            }
            // Count, and begin the copy if the log is too large.
            RenewalStage::Count(pass, count) => {
                let is_done = pass.step(|key, value| {
                    count.records += 1;
                    count.bytes += (key.len() + value.len()) as u64;
                    Ok(())
                })?;
                if is_done {
                    let Count { records, bytes } = *count;
                    let most = self.rule.least_log + self.rule.times * count.new_log_bytes();
                    let is_large = database.log_bytes()? > most;
                    self.stage = if is_large && space.has_room_for(bytes) && self.begin(database) {
                        RenewalStage::Copy
                    } else {
                        RenewalStage::Rest(Last::now(database, records)?)
                    };
                }
            }
            // Copy, then swap.
            RenewalStage::Copy => match database.copy_on() {
                Some(false) => {}
                Some(true) => {
                    self.swap(database, trees)?;
                    self.stage = RenewalStage::Rest(Last::now(database, 0)?);
                }
                None => {
                    clear_away(&self.path);
                    self.stage = RenewalStage::Rest(Last::now(database, AFTER_FAILURE)?);
                }
            },
        }
        Ok(true)
    }

    /// Ends what is under way, when the store is closed.
    pub(super) fn end(self, database: &Database) {
        if let RenewalStage::Copy = self.stage {
            database.end_copy();
            clear_away(&self.path);
        }
        // A thread that panicked has removed nothing; the next start does.
        drop(self.removal.map(JoinHandle::join));
    }

    /// Makes the new database, and says whether that went well.
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

    /// The copy takes the place of the database. An error means that nothing is known of the directory.
    fn swap(&mut self, database: &mut Database, trees: &Trees) -> Result<(), StoreError> {
        let Some(DatabaseCopy { to, before, .. }) = database.end_copy() else { return Ok(()) };
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
                return Ok(());
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
        Ok(())
    }
}

/// What can't be removed now is at the next start.
fn clear_away(path: &Path) {
    if let Err(error) = swap::put_right(path) {
        tracing::warn!(%error, "a database that is not needed can't be removed");
    }
}

impl Count {
    /// What a new log with these records has, roughly. Measured with 100 000 records of 46, 116 and 316 bytes: 251, 377 and
    /// 671 for each of them.
    fn new_log_bytes(&self) -> u64 {
        200 * self.records + 8 * self.bytes / 5
    }
}

impl RenewalRule {
    /// Counting takes its time, so it has to be worth it: the log has grown by a quarter, or so much was changed that much of it
    /// may be dead. A writer that has nothing else to do counts sooner.
    fn wants_count(
        self,
        last: &Last,
        database: &Database,
        is_idle: bool,
    ) -> Result<bool, StoreError> {
        let changes = database.changes() - last.changes;
        if changes < self.changes {
            return Ok(false);
        }
        let log_bytes = database.log_bytes()?;
        let worth = if is_idle { last.records / 20 } else { last.records };
        let has_grown = log_bytes / 5 > last.log_bytes / 4;
        Ok(log_bytes > self.least_log && (has_grown || changes >= worth))
    }
}

impl Last {
    fn now(database: &Database, records: u64) -> Result<Self, StoreError> {
        let (changes, log_bytes) = (database.changes(), database.log_bytes()?);
        Ok(Self { changes, log_bytes, records })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::store::directory::names;
    use crate::store::open::Opened;
    use crate::store::schema::{CLIENTS, USERS};

    /// A value of a record, or `None` for one that is not there.
    type RecordValue = Option<Vec<u8>>;

    fn config() -> StoreConfig {
        StoreConfig { cache_mib: 8, reserve_mib: 0 }
    }

    /// An open directory whose database is written anew step by step.
    struct Stand {
        opened: Opened,
        renewal: Renewal,
        model: BTreeMap<(u8, Vec<u8>), Vec<u8>>,
    }

    impl Stand {
        fn open(path: &Path) -> Self {
            let opened = open::open(path, config()).unwrap();
            let renewal = Renewal::new(path.to_owned(), config(), RenewalRule::ALWAYS);
            Self { opened, renewal, model: BTreeMap::new() }
        }

        fn change(&mut self, table: u8, key: &[u8], value: RecordValue) {
            let tree = self.opened.trees.known(table).unwrap();
            self.opened.database.change(&tree, key, value.as_deref()).unwrap();
            match value {
                Some(value) => self.model.insert((table, key.to_vec()), value),
                None => self.model.remove(&(table, key.to_vec())),
            };
        }

        /// Some thousand records in two trees.
        fn fill(&mut self, records: u16) {
            for number in 0..records {
                let table = if number % 2 == 0 { CLIENTS.id } else { USERS.id };
                self.change(table, &number.to_be_bytes(), Some(vec![7; 20]));
            }
        }

        fn step(&mut self) -> bool {
            let Opened { trees, database, space, .. } = &mut self.opened;
            self.renewal.step(database, trees, space, true).unwrap()
        }

        fn is_copying(&self) -> bool {
            matches!(self.renewal.stage, RenewalStage::Copy)
        }

        /// Steps until a whole renewal is done.
        fn renew(&mut self) {
            drop(self.renewal.removal.take().map(JoinHandle::join));
            while !self.is_copying() {
                assert!(self.step());
            }
            while self.is_copying() {
                assert!(self.step());
            }
            drop(self.renewal.removal.take().map(JoinHandle::join));
        }

        fn records(&self) -> BTreeMap<(u8, Vec<u8>), Vec<u8>> {
            let mut found = BTreeMap::new();
            for table in [CLIENTS.id, USERS.id] {
                for row in &self.opened.trees.known(table).unwrap() {
                    let (key, value) = row.unwrap();
                    found.insert((table, key.to_vec()), value.to_vec());
                }
            }
            found
        }

        fn assert_whole(&self) {
            assert!(self.records() == self.model, "the records are not those of the model");
        }

        /// Closed in order, or as a crash would leave it: what is in the database is on the device.
        fn close(self, in_order: bool) -> BTreeMap<(u8, Vec<u8>), Vec<u8>> {
            let Self { opened: Opened { trees, database, lock, .. }, renewal, model } = self;
            database.sync().unwrap();
            if in_order {
                renewal.end(&database);
            }
            drop((trees, database, lock));
            model
        }
    }

    #[test]
    fn a_log_that_has_grown_becomes_small_and_nothing_else_is_left() {
        let home = tempfile::tempdir().unwrap();
        let mut stand = Stand::open(home.path());
        let before = names(home.path());
        for round in 0..40_u8 {
            for number in 0..2000_u16 {
                stand.change(CLIENTS.id, &number.to_be_bytes(), Some(vec![round; 60]));
            }
        }
        let grown = stand.opened.database.log_bytes().unwrap();
        stand.renew();
        stand.opened.database.sync().unwrap();
        let after = stand.opened.database.log_bytes().unwrap();
        assert!(after * 3 < grown, "{grown} bytes became {after}");
        stand.assert_whole();
        assert_eq!(names(home.path()), before);
        let model = stand.close(true);
        let again = Stand::open(home.path());
        assert!(again.records() == model);
    }

    #[test]
    fn a_log_within_the_rule_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let mut stand = Stand::open(home.path());
        stand.renewal.rule = RenewalRule::default();
        stand.fill(6000);
        assert!(!stand.step());
        stand.fill(6000);
        assert!(!stand.step());
        assert!(!home.path().join(NEW).exists());
    }

    #[test]
    fn a_crash_in_the_middle_of_copying_leaves_the_old_database() {
        for in_order in [true, false] {
            let home = tempfile::tempdir().unwrap();
            let mut stand = Stand::open(home.path());
            stand.fill(3000);
            while !stand.is_copying() {
                stand.step();
            }
            stand.step();
            stand.fill(200);
            let model = stand.close(in_order);
            assert_eq!(home.path().join(NEW).exists(), !in_order);
            let again = Stand::open(home.path());
            assert!(again.records() == model);
            assert!(!home.path().join(NEW).exists());
        }
    }

    #[test]
    fn what_goes_wrong_with_the_copy_is_no_harm_to_the_store() {
        let home = tempfile::tempdir().unwrap();
        let mut stand = Stand::open(home.path());
        stand.fill(3000);
        // A file of this name can't be removed as a folder.
        fs::write(home.path().join(NEW), "").unwrap();
        for _ in 0..100 {
            stand.step();
        }
        stand.assert_whole();
        fs::remove_file(home.path().join(NEW)).unwrap();
        stand.fill(3000);
        stand.renew();
        stand.assert_whole();
    }

    /// What is done between two steps.
    #[derive(Clone, Debug)]
    enum Act {
        Change(u8, u16, RecordValue),
        Step,
    }

    fn act() -> impl Strategy<Value = Act> {
        let table = prop_oneof![Just(CLIENTS.id), Just(USERS.id)];
        let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
        prop_oneof![
            3 => (table, 0..2000_u16, value).prop_map(|(t, k, v)| Act::Change(t, k, v)),
            1 => Just(Act::Step),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn changes_between_the_steps_are_in_the_new_database_too(
            acts in prop::collection::vec(act(), 1..300),
        ) {
            let home = tempfile::tempdir().unwrap();
            let mut stand = Stand::open(home.path());
            stand.fill(2000);
            for act in acts {
                match act {
                    Act::Change(table, key, value) => stand.change(table, &key.to_be_bytes(), value),
                    Act::Step => drop(stand.step()),
                }
            }
            stand.assert_whole();
            stand.renew();
            stand.assert_whole();
            let model = stand.close(false);
            let again = Stand::open(home.path());
            prop_assert!(again.records() == model);
        }
    }
}
