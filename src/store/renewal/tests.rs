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

/// An open directory. Its database is written anew step by step.
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

    fn step(&mut self) -> RenewalStep {
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
            assert_eq!(self.step(), RenewalStep::More);
        }
        while self.is_copying() {
            assert_eq!(self.step(), RenewalStep::More);
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
    assert_eq!(stand.step(), RenewalStep::Nothing);
    stand.fill(6000);
    assert_eq!(stand.step(), RenewalStep::Nothing);
    assert!(!home.path().join(NEW).exists());
}

#[test]
fn records_that_go_while_they_are_counted_are_counted_again() {
    let home = tempfile::tempdir().unwrap();
    let mut stand = Stand::open(home.path());
    stand.renewal.rule = RenewalRule { least_log: 1024 * 1024, times: 2, changes: 1000 };
    for number in 0..20_000_u32 {
        stand.change(CLIENTS.id, &number.to_be_bytes(), Some(vec![7; 60]));
    }
    let is_nearly_counted = |stage: &RenewalStage| matches!(stage, RenewalStage::Count(_, it, _) if it.records > 15_000);
    while !is_nearly_counted(&stand.renewal.stage) {
        assert_eq!(stand.step(), RenewalStep::More);
    }
    for number in 0..20_000_u32 {
        stand.change(CLIENTS.id, &number.to_be_bytes(), None);
    }
    let grown = stand.opened.database.log_bytes().unwrap();
    while stand.step() != RenewalStep::Nothing {}
    let after = stand.opened.database.log_bytes().unwrap();
    assert!(after < 1024 * 1024, "{grown} bytes became {after}");
    stand.assert_whole();
}

#[test]
fn a_count_that_a_removal_holds_up_is_due_when_that_has_ended() {
    let home = tempfile::tempdir().unwrap();
    let mut stand = Stand::open(home.path());
    stand.fill(1000);
    let (end, ended) = std::sync::mpsc::channel::<()>();
    stand.renewal.removal = Some(thread::spawn(move || ended.recv().unwrap_or_default()));
    assert_eq!(stand.step(), RenewalStep::AfterRemoval);
    drop(end);
    while stand.step() == RenewalStep::AfterRemoval {
        thread::yield_now();
    }
    stand.renew();
    stand.assert_whole();
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
                Act::Step => {
                    stand.step();
                }
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
