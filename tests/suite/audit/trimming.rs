//! Old rows go, from the front, some at a time.

use std::time::Duration;

use esoz_otp::audit;
use esoz_otp::config::StoreConfig;
use esoz_otp::store::{Store, StoreError, Write};

use super::{all, at, open, refused_at, wait};

const KEEP: Duration = Duration::from_secs(100);

fn append(store: &Store, seconds: &[i64]) {
    for at in seconds.iter().copied() {
        store.write_blocking(move |write| audit::append(write, &refused_at(at, 1))).unwrap();
    }
}

fn trim(store: &Store, now: i64, most: usize) -> usize {
    wait(audit::trim(store, at(now), KEEP, most)).unwrap()
}

fn numbers(store: &Store) -> Vec<u64> {
    all(store).into_iter().map(|(number, _)| number).collect()
}

#[test]
fn what_has_been_kept_long_enough_goes_and_numbers_run_on() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    assert_eq!(trim(&store, 1000, 10), 0);
    append(&store, &[0, 1, 2, 3]);
    assert_eq!(trim(&store, 99, 10), 0);
    assert_eq!(trim(&store, 101, 10), 2);
    assert_eq!(numbers(&store), [3, 4]);
    append(&store, &[4]);
    assert_eq!(numbers(&store), [3, 4, 5]);
}

#[test]
fn the_last_row_stays_so_that_no_number_is_given_twice() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    append(&store, &[0, 1, 2]);
    assert_eq!(trim(&store, 1_000_000, 10), 2);
    assert_eq!(trim(&store, 1_000_000, 10), 0);
    assert_eq!(numbers(&store), [3]);
    append(&store, &[2_000_000]);
    assert_eq!(numbers(&store), [3, 4]);
}

#[test]
fn a_step_takes_no_more_than_it_was_told() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    append(&store, &[0; 10]);
    assert_eq!(trim(&store, 1000, 4), 4);
    assert_eq!(numbers(&store)[0], 5);
    assert_eq!(trim(&store, 1000, 4), 4);
    assert_eq!(trim(&store, 1000, 4), 1);
    assert_eq!(trim(&store, 1000, 4), 0);
}

#[test]
fn a_row_from_the_future_keeps_those_behind_it_and_loses_none() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    append(&store, &[0, 5000, 1, 2]);
    assert_eq!(trim(&store, 1000, 10), 1);
    assert_eq!(numbers(&store), [2, 3, 4]);
    assert_eq!(trim(&store, 5100, 10), 2);
}

#[test]
fn it_writes_only_when_something_is_old_and_makes_room_on_a_full_disk_too() {
    let home = tempfile::tempdir().unwrap();
    // More room is wanted than any disk has: nothing is written but what makes room.
    let store = open(home.path());
    append(&store, &[0, 1]);
    drop(store);
    let config = StoreConfig { reserve_mib: 1 << 40, ..StoreConfig::default() };
    let store = Store::open(home.path(), config).unwrap();
    assert_eq!(wait(audit::trim(&store, at(50), KEEP, 10)), Ok(0));
    let refused =
        store.write_blocking(|write: &mut Write<'_>| audit::append(write, &refused_at(1, 1)));
    assert_eq!(refused, Err(StoreError::DiskFull));
    assert_eq!((numbers(&store), store.written()), (vec![1, 2], 0));
    assert_eq!(wait(audit::trim(&store, at(100), KEEP, 10)), Ok(1));
    assert_eq!((numbers(&store), store.written()), (vec![2], 1));
}
