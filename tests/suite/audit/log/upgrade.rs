//! Rows of a release that kept them in the database are rows that have not moved yet.

use std::path::Path;
use std::process::Command;

use esoz_otp::audit::append;
use esoz_otp::store::schema::AUDIT;
use esoz_otp::store::{Priority, StoreError, Write};

use super::super::open;
use super::{Stand, day, log_of, names, row, verified};
use crate::support::keyring;

#[test]
fn the_rows_of_version_1_move_with_their_numbers() {
    let archive = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/directories/v1.tar.gz");
    let home = tempfile::tempdir().unwrap();
    let mut unpack = Command::new("tar");
    let unpack =
        unpack.args(["-x", "-z", "--strip-components=1", "--no-same-owner", "-f", archive]);
    assert!(unpack.arg("v1").current_dir(home.path()).status().unwrap().success());
    let store = open(home.path());
    let before = store.page(AUDIT, None, 1000).unwrap();
    assert!(before.len() > 5);
    let log = log_of(&store, &keyring(), 100);
    assert_eq!(log.page(0, 1000).unwrap(), before);
    while log.move_rows(day(100)).unwrap() {}
    assert_eq!(log.page(0, 1000).unwrap(), before);
    assert_eq!(store.page(AUDIT, None, 1000).unwrap().len(), 1);
    drop((log, store));
    let stand = Stand::on(home, 100);
    assert_eq!(stand.rows(), before);
    assert_eq!(verified(&stand), "");
    stand.append(100, 1);
    stand.move_all(100);
    let numbers: Vec<_> = (1..=before.last().unwrap().0 + 1).collect();
    assert_eq!(stand.numbers(), numbers);
}

/// A directory whose first rows were trimmed before, with a year of rows.
fn old_directory(home: &Path) {
    let store = open(home);
    for days in 0..30 {
        let put =
            move |write: &mut Write<'_>| (0..50).try_for_each(|who| append(write, &row(days, who)));
        store.write_blocking(Priority::Normal, put).unwrap();
    }
    let trim = |write: &mut Write<'_>| {
        (1..=700).for_each(|number| write.remove(AUDIT, &number));
        Ok::<_, StoreError>(())
    };
    store.write_blocking(Priority::Normal, trim).unwrap();
}

#[test]
fn old_rows_move_to_files_of_their_own_days_so_that_they_go_when_they_are_old() {
    let home = tempfile::tempdir().unwrap();
    old_directory(home.path());
    let stand = Stand::on(home, 40);
    let expected: Vec<_> = (701..=1500).collect();
    assert_eq!(stand.numbers(), expected);
    assert!(stand.log.move_rows(day(40)).unwrap(), "there is more");
    assert_eq!(stand.numbers(), expected);
    let stand = stand.reopened(40);
    stand.move_all(40);
    assert_eq!(stand.numbers(), expected);
    assert_eq!(
        (names(stand.path()).len(), names(stand.path())[0].as_str()),
        (16, "2026-12-05.log")
    );
    assert_eq!(verified(&stand), "");
    assert_eq!(stand.trim(40, std::time::Duration::from_hours(15 * 24)), 11);
    assert_eq!(stand.numbers()[0], 701 + 11 * 50);
    assert_eq!(verified(&stand), "");
}
