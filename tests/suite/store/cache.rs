//! Some trees have their records at hand in memory. Nobody may notice but by the speed.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use esoz_otp::domain::{Id, MethodType, Person, PersonId, PersonStatus, Timestamp};
use esoz_otp::store::schema::PERSONS;
use esoz_otp::store::{Priority, Store, StoreError};

use super::open;

const CHANGES: i64 = 300;

fn person(id: PersonId, change: i64) -> Person {
    Person {
        id,
        status: PersonStatus::Active,
        authentication_method: MethodType::Otp,
        updated_at: Timestamp::from_micros(change),
    }
}

fn change_of(store: &Store, id: PersonId) -> i64 {
    store.get(PERSONS, &id).unwrap().unwrap().updated_at.as_micros()
}

fn put(store: &Store, id: PersonId, change: i64) {
    store
        .write_blocking(Priority::Normal, move |write| write.put(PERSONS, &id, &person(id, change)))
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
}

#[test]
fn nobody_reads_what_an_acknowledged_write_has_replaced() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let id = Id::from_bytes([7; 16]);
    put(&store, id, 0);
    let acknowledged = AtomicI64::new(0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::SeqCst) {
                    let at_least = acknowledged.load(Ordering::SeqCst);
                    let seen = change_of(&store, id);
                    assert!(seen >= at_least, "{seen} was read after {at_least} was acknowledged");
                    assert!(seen >= last, "{seen} was read after {last}");
                    last = seen;
                }
            });
        }
        for change in 1..=CHANGES {
            put(&store, id, change);
            acknowledged.store(change, Ordering::SeqCst);
        }
        done.store(true, Ordering::SeqCst);
    });
}

#[test]
fn what_is_removed_is_gone_at_once() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let id = Id::from_bytes([7; 16]);
    put(&store, id, 1);
    assert_eq!(change_of(&store, id), 1);
    store
        .write_blocking(Priority::Normal, move |write| {
            write.remove(PERSONS, &id);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert_eq!(store.get(PERSONS, &id).unwrap(), None);
}
