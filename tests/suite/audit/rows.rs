//! Rows have running numbers, and are there with what they belong to or not at all.

use esoz_otp::audit;
use esoz_otp::store::schema::AUDIT;
use esoz_otp::store::{Priority, StoreError, Write};

use super::{all, open, refused_at};

fn numbers(store: &esoz_otp::store::Store) -> Vec<u64> {
    all(store).into_iter().map(|(number, _)| number).collect()
}

#[test]
fn numbers_run_on_within_a_write_over_writes_and_over_restarts() {
    let home = tempfile::tempdir().unwrap();
    let append_two = |write: &mut Write<'_>| {
        audit::append(write, &refused_at(1, 1))?;
        audit::append(write, &refused_at(1, 2))
    };
    let store = open(home.path());
    store.write_blocking(Priority::Normal, append_two).unwrap();
    store.write_blocking(Priority::Normal, append_two).unwrap();
    assert_eq!(numbers(&store), [1, 2, 3, 4]);
    drop(store);
    let store = open(home.path());
    store.write_blocking(Priority::Normal, append_two).unwrap();
    assert_eq!(numbers(&store), [1, 2, 3, 4, 5, 6]);
    assert_eq!(all(&store)[4].1, refused_at(1, 1));
}

#[test]
fn a_write_that_is_refused_leaves_no_row_and_no_gap() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let refused = store.write_blocking(Priority::Normal, |write: &mut Write<'_>| {
        audit::append(write, &refused_at(1, 1))?;
        Err::<(), _>(StoreError::Busy)
    });
    assert_eq!(refused, Err(StoreError::Busy));
    assert_eq!(numbers(&store), [0; 0]);
    store
        .write_blocking(Priority::Normal, |write| audit::append(write, &refused_at(1, 1)))
        .unwrap();
    assert_eq!(numbers(&store), [1]);
}

/// 256 and more: a number's bytes sort as the number does.
#[test]
fn many_rows_are_read_in_the_order_they_were_written_in() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    for _ in 0..6 {
        store
            .write_blocking(Priority::Normal, |write| {
                (0..100).try_for_each(|who| audit::append(write, &refused_at(1, who)))
            })
            .unwrap();
    }
    assert_eq!(numbers(&store), (1..=600).collect::<Vec<_>>());
    let some = store.page(AUDIT, Some(&250), 10).unwrap();
    assert_eq!(
        some.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        (251..=260).collect::<Vec<_>>()
    );
}

#[test]
fn the_last_one_is_found_whatever_the_write_itself_has_done() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    store
        .write_blocking(Priority::Normal, |write: &mut Write<'_>| {
            assert_eq!(write.last(AUDIT)?, None);
            for number in [3, 300, 7] {
                write.put(AUDIT, &number, &refused_at(1, 1))?;
            }
            assert_eq!(write.last(AUDIT)?, Some(300));
            write.remove(AUDIT, &300);
            assert_eq!(write.last(AUDIT)?, Some(7));
            write.put(AUDIT, &300, &refused_at(1, 1))
        })
        .unwrap();
    store
        .write_blocking(Priority::Normal, |write: &mut Write<'_>| {
            assert_eq!(write.last(AUDIT)?, Some(300));
            write.put(AUDIT, &5, &refused_at(1, 1))?;
            assert_eq!(write.last(AUDIT)?, Some(300));
            write.remove(AUDIT, &300);
            assert_eq!(write.last(AUDIT)?, Some(7));
            write.remove(AUDIT, &7);
            assert_eq!(write.last(AUDIT)?, Some(5));
            write.remove(AUDIT, &5);
            write.remove(AUDIT, &3);
            assert_eq!(write.last(AUDIT)?, None);
            Err::<(), _>(StoreError::Busy)
        })
        .unwrap_err();
    assert_eq!(numbers(&store), [3, 7, 300]);
}
