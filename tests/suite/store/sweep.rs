use esoz_otp::domain::{Id, Phone, Purpose, Timestamp};
use esoz_otp::store::Store;
use esoz_otp::store::schema::{LIVE_CODES, LiveCode};

use super::{open, phone, time, write};

fn key(number: u32) -> (Phone, Purpose) {
    (phone(number), Purpose::PhoneVerification)
}

fn second(number: i64) -> Timestamp {
    time(number.saturating_mul(1_000_000))
}

fn put(store: &Store, number: u32, keep_until: i64) {
    let live =
        LiveCode { verification_id: Id::from_bytes([1; 16]), keep_until: second(keep_until) };
    write(store, move |write| write.put(LIVE_CODES, &key(number), &live)).unwrap();
}

fn remove(store: &Store, number: u32) {
    write(store, move |write| {
        write.remove(LIVE_CODES, &key(number));
        Ok(())
    })
    .unwrap();
}

fn sweep(store: &Store, now: i64, most: usize) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.sweep(second(now), most)).unwrap()
}

fn left(store: &Store) -> usize {
    store.page(LIVE_CODES, None, 1000).unwrap().len()
}

#[test]
fn what_is_over_goes_and_what_is_not_stays() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    put(&store, 1, -10);
    put(&store, 2, 10);
    put(&store, 3, 11);
    assert_eq!(sweep(&store, 10, 100), 2);
    assert_eq!(store.page(LIVE_CODES, None, 10).unwrap()[0].0, key(3));
    assert_eq!((sweep(&store, 10, 100), left(&store)), (0, 1));
    drop(store);
    let store = open(home.path()).unwrap();
    assert_eq!((sweep(&store, 11, 100), left(&store)), (1, 0));
}

#[test]
fn what_lives_on_is_looked_at_again_when_it_ends() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    put(&store, 1, 10);
    put(&store, 1, 100);
    assert_eq!((sweep(&store, 50, 100), left(&store)), (1, 1));
    assert_eq!((sweep(&store, 99, 100), left(&store)), (0, 1));
    assert_eq!((sweep(&store, 100, 100), left(&store)), (1, 0));
}

#[test]
fn a_clock_that_is_days_ahead_for_a_moment_sweeps_nothing_that_is_not_over() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let until = |store: &Store, now| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.sweep_until(time(now))).unwrap()
    };
    let (minute, day) = (60_000_000, 86_400_000_000);
    assert_eq!(until(&store, 0), time(-day));
    assert_eq!(until(&store, minute), time(minute - day));
    drop(store);
    let store = open(home.path()).unwrap();
    assert_eq!(until(&store, 3 * day), time(11 * minute - day));
    assert_eq!(until(&store, 3 * day), time(21 * minute - day));
    drop(store);
    let store = open(home.path()).unwrap();
    assert_eq!(until(&store, 2 * minute), time(2 * minute - day), "right again");
    let catches_up = (0..30 * 144).any(|_| until(&store, 30 * day) == time(29 * day));
    assert!(catches_up, "a node that was off for a month");
}

#[test]
fn one_sweep_does_no_more_than_it_was_told() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    (0..10).for_each(|number| put(&store, number, 5));
    for (swept, remaining) in [(4, 6), (4, 2), (2, 0), (0, 0)] {
        assert_eq!((sweep(&store, 5, 4), left(&store)), (swept, remaining));
    }
}

/// They share an entry of the index.
#[test]
fn of_records_that_one_write_puts_each_goes_when_it_ends() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let put_all = |ends: Vec<(u32, i64)>| {
        write(&store, move |write| {
            ends.iter().try_for_each(|(number, keep_until)| {
                let (verification_id, keep_until) = (Id::from_bytes([1; 16]), second(*keep_until));
                write.put(LIVE_CODES, &key(*number), &LiveCode { verification_id, keep_until })
            })
        })
        .unwrap();
    };
    // Several hundred bytes of them fit an entry, so these are some entries.
    put_all((0..600).map(|number| (number, 10 + i64::from(number % 2) * 10)).collect());
    // Of these one lives on, one goes, one goes and comes back.
    put_all(vec![(0, 30)]);
    remove(&store, 2);
    remove(&store, 4);
    put(&store, 4, 10);
    assert_eq!(left(&store), 599);
    while sweep(&store, 10, 100) > 0 {}
    assert_eq!(left(&store), 301, "those that end at 20, and the one that lives on");
    while sweep(&store, 20, 100) > 0 {}
    assert_eq!(store.page(LIVE_CODES, None, 10).unwrap()[0].0, key(0));
    assert_eq!(left(&store), 1);
    while sweep(&store, 30, 100) > 0 {}
    assert_eq!(left(&store), 0);
}

#[test]
fn what_was_removed_meanwhile_is_no_matter() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    put(&store, 1, 10);
    remove(&store, 1);
    assert_eq!(sweep(&store, 10, 100), 1);
    assert_eq!(sweep(&store, i64::MAX, 100), 0);
}

#[test]
fn what_was_removed_and_put_again_goes_when_the_new_one_ends() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    put(&store, 1, 10);
    remove(&store, 1);
    put(&store, 1, 20);
    assert_eq!((sweep(&store, 10, 100), left(&store)), (1, 1));
    assert_eq!((sweep(&store, 20, 100), left(&store)), (1, 0));
    assert_eq!(sweep(&store, i64::MAX, 100), 0);
}
