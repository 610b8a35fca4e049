use std::sync::Arc;

use esoz_otp::store::Store;
use esoz_otp::store::schema::VERIFIED_PHONES;

use super::{open, phone, verified, write};

/// Counts to 3200 on sixteen threads; returns what the counter says then.
fn count(add_one: impl Fn(&Store) + Send + Sync + 'static) -> i64 {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let add_one = Arc::new(add_one);
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let (store, add_one) = (store.clone(), Arc::clone(&add_one));
            std::thread::spawn(move || (0..200).for_each(|_| add_one(&store)))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let counter = store.get(VERIFIED_PHONES, &phone(0)).unwrap().unwrap();
    counter.verified_at.as_micros()
}

#[test]
fn no_update_is_lost_between_sixteen_threads() {
    let counted = count(|store| {
        write(store, |write| {
            let before = write.get(VERIFIED_PHONES, &phone(0))?;
            let before = before.map_or(0, |it| it.verified_at.as_micros());
            write.put(VERIFIED_PHONES, &phone(0), &verified(before + 1))
        })
        .unwrap();
    });
    assert_eq!(counted, 3200);
}

#[test]
fn the_proof_of_no_lost_update_notices_reading_outside_the_write() {
    let counted = count(|store| {
        let before = store.get(VERIFIED_PHONES, &phone(0)).unwrap();
        let before = before.map_or(0, |it| it.verified_at.as_micros());
        write(store, move |write| write.put(VERIFIED_PHONES, &phone(0), &verified(before + 1)))
            .unwrap();
    });
    assert!(counted < 3200);
}
