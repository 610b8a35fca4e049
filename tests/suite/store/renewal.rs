//! The database is written anew while it is read and written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use esoz_otp::config::StoreConfig;
use esoz_otp::store::schema::VERIFIED_PHONES;
use esoz_otp::store::{RenewalRule, Store};

use super::{open, phone, verified, write};

#[test]
fn who_reads_meanwhile_never_misses_a_record_and_never_sees_an_earlier_one_again() {
    let home = tempfile::tempdir().unwrap();
    let config = StoreConfig { cache_mib: 8, ..StoreConfig::default() };
    let store = Store::open_renewing(home.path(), config, RenewalRule::ALWAYS).unwrap();
    write(&store, |write| {
        (0..2000).try_for_each(|number| write.put(VERIFIED_PHONES, &phone(number), &verified(0)))
    })
    .unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (store, is_over) = (store.clone(), Arc::clone(&is_over));
            std::thread::spawn(move || {
                let mut last = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let found = store.get(VERIFIED_PHONES, &phone(7)).unwrap().unwrap();
                    let found = found.verified_at.as_micros();
                    assert!(found >= last, "{last} was there, and then {found}");
                    last = found;
                    let page = store.page(VERIFIED_PHONES, Some(&phone(9)), 50).unwrap();
                    assert_eq!(page.len(), 50);
                }
                last
            })
        })
        .collect();
    for turn in 1..=1500 {
        write(&store, move |write| write.put(VERIFIED_PHONES, &phone(7), &verified(turn))).unwrap();
        let found = store.get(VERIFIED_PHONES, &phone(7)).unwrap().unwrap();
        assert_eq!(found, verified(turn));
    }
    is_over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
    drop(store);
    let again = open(home.path()).unwrap();
    assert_eq!(again.get(VERIFIED_PHONES, &phone(7)).unwrap().unwrap(), verified(1500));
    assert_eq!(again.page(VERIFIED_PHONES, None, 3000).unwrap().len(), 2000);
}
