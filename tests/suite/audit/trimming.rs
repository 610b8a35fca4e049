//! Old rows go with the file of their day, from the front.

use std::time::Duration;

use esoz_otp::audit;
use esoz_otp::config::StoreConfig;
use esoz_otp::store::{Priority, Store, StoreError, Write};

use super::log::{Stand, day, files, log_of, verified};
use super::refused_at;
use crate::support::keyring;

const KEEP: Duration = Duration::from_hours(48);

#[test]
fn what_has_been_kept_long_enough_goes_and_numbers_run_on() {
    let stand = Stand::new();
    for at in 0..4 {
        stand.append(at, 3);
        stand.move_all(at);
    }
    assert_eq!(stand.trim(2, KEEP), 0);
    assert_eq!(stand.numbers(), (1..=12).collect::<Vec<_>>());
    // The first day ended two days before the third began.
    assert_eq!(stand.trim(3, KEEP), 1);
    assert_eq!(stand.numbers(), (4..=12).collect::<Vec<_>>());
    assert_eq!(stand.trim(3, KEEP), 0);
    stand.append(4, 1);
    assert_eq!(stand.numbers(), (4..=13).collect::<Vec<_>>());
    stand.move_all(4);
    assert_eq!(stand.numbers(), (4..=13).collect::<Vec<_>>());
    assert_eq!(verified(&stand), "");
}

#[test]
fn the_newest_file_stays_so_that_no_number_is_given_twice() {
    let stand = Stand::new();
    stand.append(0, 2);
    stand.move_all(0);
    stand.append(1, 2);
    stand.move_all(1);
    assert_eq!(stand.trim(1000, KEEP), 1);
    assert_eq!(stand.trim(1000, KEEP), 0);
    assert_eq!(stand.numbers(), [3, 4]);
    let stand = stand.reopened(1000);
    stand.append(1000, 1);
    stand.move_all(1000);
    assert_eq!(stand.trim(1000, KEEP), 1);
    assert_eq!(stand.numbers(), [5]);
    assert_eq!(verified(&stand), "");
}

#[test]
fn a_row_from_the_future_keeps_those_behind_it_and_loses_none() {
    let stand = Stand::new();
    stand.append(0, 1);
    stand.move_all(0);
    // A clock that is ahead for a moment, and goes back.
    stand.append(50, 1);
    stand.move_all(50);
    for at in 1..10 {
        stand.append(at, 1);
        stand.move_all(at);
    }
    assert_eq!(stand.trim(10, KEEP), 1);
    assert_eq!(stand.numbers(), (2..=11).collect::<Vec<_>>());
    assert_eq!(stand.trim(49, KEEP), 0);
    assert_eq!(verified(&stand), "");
}

#[test]
fn what_a_crash_left_behind_of_an_old_file_goes_at_the_next_start() {
    let stand = Stand::new();
    for at in 0..3 {
        stand.append(at, 2);
        stand.move_all(at);
    }
    let old = files(stand.path())[0].clone();
    let bytes = std::fs::read(&old).unwrap();
    assert_eq!(stand.trim(3, KEEP), 1);
    // The database knew it already, the file was not gone yet.
    std::fs::write(&old, bytes).unwrap();
    assert_eq!((verified(&stand).as_str(), stand.verify().too_old), ("", 1));
    let stand = stand.reopened(3);
    assert!(!old.exists());
    assert_eq!(stand.numbers(), [3, 4, 5, 6]);
    assert_eq!(verified(&stand), "");
}

#[test]
fn an_old_file_that_does_not_join_on_to_those_that_are_kept_is_found() {
    let stand = Stand::new();
    for at in 0..4 {
        stand.append(at, 2);
        stand.move_all(at);
    }
    let old = files(stand.path());
    let bytes = [&old[0], &old[1]].map(|file| std::fs::read(file).unwrap());
    assert_eq!(stand.trim(4, KEEP), 2);
    std::fs::write(&old[0], &bytes[0]).unwrap();
    assert!(verified(&stand).contains("rows 3 to 4 are missing before it"), "{}", verified(&stand));
    std::fs::write(&old[1], &bytes[1]).unwrap();
    assert_eq!((verified(&stand).as_str(), stand.verify().too_old), ("", 2));
    let mut changed = bytes[1].clone();
    changed[150] ^= 1;
    std::fs::write(&old[1], changed).unwrap();
    assert!(verified(&stand).contains("audit/2026-11-22.log, row "), "{}", verified(&stand));
}

#[test]
fn on_a_full_disk_rows_stay_where_they_are_and_old_files_go_all_the_same() {
    let stand = Stand::new();
    for at in 0..3 {
        stand.append(at, 2);
        stand.move_all(at);
    }
    stand.append(3, 2);
    let home = stand.close();
    // More room is wanted than any disk has: nothing is written but what makes room.
    let config = StoreConfig { reserve_mib: 1 << 40, ..StoreConfig::default() };
    let store = Store::open(home.path(), config).unwrap();
    let log = log_of(&store, &keyring(), 3);
    let refused = store.write_blocking(Priority::Normal, |write: &mut Write<'_>| {
        audit::append(write, &refused_at(1, 1))
    });
    assert_eq!(refused, Err(StoreError::DiskFull));
    assert!(!log.move_rows(day(3)).unwrap());
    assert_eq!(files(home.path()).len(), 3);
    assert_eq!(log.page(0, 100).unwrap().len(), 8);
    assert_eq!(log.trim(day(3), day(3), KEEP).unwrap(), 1);
    assert_eq!(files(home.path()).len(), 2);
    assert_eq!(log.page(0, 100).unwrap().len(), 6);
}
