use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};

use esoz_otp::domain::{AccessType, Client, Id};
use esoz_otp::store::schema::{CLIENTS, PERSONS, VERIFIED_PHONES};
use esoz_otp::store::{Priority, Store, StoreError};
use proptest::prelude::*;

use super::{open, phone, verified, write};

/// Writes that may wait for the writer thread.
const QUEUE: u32 = 1024;

fn client(name_bytes: usize) -> Client {
    Client {
        id: Id::from_bytes([1; 16]),
        name: "н".repeat(name_bytes / 2),
        access_type: AccessType::Direct,
        broker_scope: None,
        is_blocked: false,
        block_reason: None,
        inserted_at: None,
        updated_at: None,
    }
}

fn refused() -> StoreError {
    StoreError::Failed("refused by the closure".into())
}

#[test]
fn a_refused_write_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    write(&store, |write| write.put(VERIFIED_PHONES, &phone(1), &verified(1))).unwrap();
    let answer = write(&store, |write| {
        write.put(VERIFIED_PHONES, &phone(1), &verified(2))?;
        write.put(VERIFIED_PHONES, &phone(2), &verified(2))?;
        Err::<(), _>(refused())
    });
    assert_eq!(answer, Err(refused()));
    assert_eq!(store.page(VERIFIED_PHONES, None, 10).unwrap(), [(phone(1), verified(1))]);
    assert!(store.is_healthy());
}

#[test]
fn effects_of_a_write_come_in_order_before_its_answer_and_those_of_a_refused_one_never() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let (effects, seen) = channel();
    for number in 0..20_u32 {
        let effects = effects.clone();
        let answer = write(&store, move |write| {
            for place in 0..2 {
                let effects = effects.clone();
                write.on_durable(move || effects.send((number, place)).unwrap());
            }
            if number % 3 == 2 {
                return Err(refused());
            }
            // Every other one changes nothing: it is durable all the same.
            if number % 2 == 0 {
                write.put(VERIFIED_PHONES, &phone(1), &verified(1))
            } else {
                Ok(())
            }
        });
        let expected = if answer.is_ok() { vec![(number, 0), (number, 1)] } else { vec![] };
        assert_eq!(answer.is_ok(), number % 3 != 2);
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_write_reads_its_own_puts_and_those_of_writes_before() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    write(&store, |write| write.put(VERIFIED_PHONES, &phone(1), &verified(1))).unwrap();
    write(&store, |write| {
        assert_eq!(write.get(VERIFIED_PHONES, &phone(1))?, Some(verified(1)));
        write.put(VERIFIED_PHONES, &phone(1), &verified(2))?;
        assert_eq!(write.get(VERIFIED_PHONES, &phone(1))?, Some(verified(2)));
        write.remove(VERIFIED_PHONES, &phone(1));
        assert_eq!(write.get(VERIFIED_PHONES, &phone(1))?, None);
        write.put(VERIFIED_PHONES, &phone(1), &verified(3))
    })
    .unwrap();
    assert_eq!(store.get(VERIFIED_PHONES, &phone(1)).unwrap(), Some(verified(3)));
}

#[test]
fn a_record_of_more_than_4096_bytes_is_refused_and_the_store_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let answer = write(&store, |write| {
        write.put(VERIFIED_PHONES, &phone(1), &verified(1))?;
        write.put(CLIENTS, &Id::from_bytes([1; 16]), &client(4096))
    });
    assert!(matches!(answer, Err(StoreError::TooLarge { .. })), "{answer:?}");
    assert_eq!(store.get(VERIFIED_PHONES, &phone(1)).unwrap(), None);

    write(&store, |write| write.put(CLIENTS, &Id::from_bytes([1; 16]), &client(4000))).unwrap();
    drop(store);
    let store = open(home.path()).unwrap();
    let kept = store.get(CLIENTS, &Id::from_bytes([1; 16])).unwrap();
    assert_eq!(kept, Some(client(4000)));
}

#[test]
fn a_write_of_twenty_thousand_records_is_one_write() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    write(&store, |write| {
        (0..20_000).try_for_each(|n| write.put(VERIFIED_PHONES, &phone(n), &verified(1)))
    })
    .unwrap();
    drop(store);
    let store = open(home.path()).unwrap();
    assert_eq!(store.page(VERIFIED_PHONES, None, 30_000).unwrap().len(), 20_000);
}

/// Holds the writer thread inside a write until what is returned goes.
fn hold(store: &Store) -> Sender<()> {
    let (release, held) = channel::<()>();
    let (entered, inside) = channel();
    let store = store.clone();
    std::thread::spawn(move || {
        write(&store, move |_| {
            entered.send(()).unwrap();
            assert!(held.recv().is_err(), "only ever dropped");
            Ok(())
        })
    });
    inside.recv().unwrap();
    release
}

/// Writes that are queued, one for each number, and not waited for.
fn queue(store: &Store, numbers: std::ops::Range<u32>) -> Vec<impl Future + Send + use<>> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let queued = numbers.map(|n| {
        let store = store.clone();
        let mut queued = Box::pin(async move {
            store
                .write(Priority::Normal, move |write| {
                    write.put(VERIFIED_PHONES, &phone(n), &verified(1))
                })
                .await
        });
        assert!(queued.as_mut().poll(&mut context).is_pending());
        queued
    });
    queued.collect()
}

#[test]
fn a_full_queue_says_busy_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let held = hold(&store);
    let queued = queue(&store, 0..QUEUE);
    let beyond = write(&store, |write| write.put(VERIFIED_PHONES, &phone(QUEUE), &verified(1)));
    assert_eq!(beyond, Err(StoreError::Busy));

    drop((held, queued));
    // Behind all that was queued, in a queue that may still be full.
    while write(&store, |_| Ok(())) == Err(StoreError::Busy) {
        std::thread::yield_now();
    }
    assert_eq!(store.page(VERIFIED_PHONES, None, 2000).unwrap().len(), QUEUE as usize);
}

#[test]
fn what_is_queued_when_the_store_is_dropped_is_still_written() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let held = hold(&store);
    drop(queue(&store, 0..500));
    let closing = std::thread::spawn(move || drop(store));
    drop(held);
    closing.join().unwrap();
    let store = open(home.path()).unwrap();
    assert_eq!(store.page(VERIFIED_PHONES, None, 2000).unwrap().len(), 500);
}

#[test]
fn a_write_that_panics_ends_the_store_and_everybody_is_told() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path()).unwrap();
    let answer = write(&store, |_| -> Result<(), _> { panic!("on purpose") });
    assert!(matches!(answer, Err(StoreError::Failed(_))), "{answer:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(matches!(runtime.block_on(store.failed()), StoreError::Failed(_)));
    assert!(!store.is_healthy());
    assert!(matches!(write(&store, |_| Ok(())), Err(StoreError::Failed(_))));
}

#[derive(Clone, Debug)]
enum Step {
    Write { puts: Vec<(u32, Option<i64>)>, refused: bool },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let puts = prop::collection::vec((0_u32..20, prop::option::of(0_i64..1000)), 0..12);
    prop_oneof![
        9 => (puts, prop::bool::weighted(0.2)).prop_map(|(puts, refused)| Step::Write { puts, refused }),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn the_store_is_a_sorted_map_that_survives_reopening(steps in prop::collection::vec(step(), 1..40)) {
        let home = tempfile::tempdir().unwrap();
        let mut store = Some(open(home.path()).unwrap());
        let mut model = BTreeMap::new();
        for step in steps {
            match step {
                Step::Write { puts, refused: is_refused } => {
                    if !is_refused {
                        model.extend(puts.clone());
                    }
                    let answer = write(store.as_ref().unwrap(), move |write| {
                        for (n, value) in puts {
                            match value {
                                Some(value) => write.put(VERIFIED_PHONES, &phone(n), &verified(value))?,
                                None => write.remove(VERIFIED_PHONES, &phone(n)),
                            }
                        }
                        if is_refused { Err(refused()) } else { Ok(()) }
                    });
                    prop_assert_eq!(answer.is_err(), is_refused);
                }
                Step::Reopen => {
                    drop(store.take());
                    store = Some(open(home.path()).unwrap());
                }
            }
            let expected: Vec<_> =
                model.iter().filter_map(|(n, value)| Some((phone(*n), verified((*value)?)))).collect();
            let found = store.as_ref().unwrap().page(VERIFIED_PHONES, None, 100).unwrap();
            prop_assert_eq!(&found, &expected);
            for (n, after) in expected.iter().enumerate() {
                let rest = store.as_ref().unwrap().page(VERIFIED_PHONES, Some(&after.0), 3).unwrap();
                prop_assert_eq!(&rest[..], &expected[n + 1..(n + 4).min(expected.len())]);
            }
        }
        prop_assert!(store.unwrap().page(PERSONS, None, 1).unwrap().is_empty());
    }
}
