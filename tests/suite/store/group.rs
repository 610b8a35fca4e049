//! Writes that become durable together: each sees those before it, and a refused one leaves nothing.

use std::collections::BTreeMap;
use std::sync::mpsc::channel;

use esoz_otp::store::schema::VERIFIED_PHONES;
use esoz_otp::store::{Priority, Span, Store, StoreError, Write};
use proptest::prelude::*;

use super::{open, phone, verified};

/// What a write does in its turn.
#[derive(Clone, Debug)]
enum Step {
    Put(u32, i64),
    Remove(u32),
    Read(u32),
    Last,
    /// Up to so many records behind a key.
    List(Option<u32>, usize),
}

/// The steps, and whether it is accepted.
type Planned = (Vec<Step>, bool);

type Records = BTreeMap<u32, i64>;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_u32..6, 0_i64..100).prop_map(|(key, value)| Step::Put(key, value)),
        2 => (0_u32..6).prop_map(Step::Remove),
        2 => (0_u32..6).prop_map(Step::Read),
        1 => Just(Step::Last),
        2 => (prop::option::of(0_u32..6), 0_usize..5).prop_map(|(after, most)| Step::List(after, most)),
    ]
}

/// What the write reads, if it is accepted.
fn expect(records: &mut Records, (steps, is_accepted): &Planned) -> Option<Vec<Option<i64>>> {
    let mut own = records.clone();
    let mut read = Vec::new();
    for step in steps {
        match *step {
            Step::Put(key, value) => drop(own.insert(key, value)),
            Step::Remove(key) => drop(own.remove(&key)),
            Step::Read(key) => read.push(own.get(&key).copied()),
            Step::Last => read.push(own.keys().last().copied().map(i64::from)),
            Step::List(after, most) => {
                let behind = own.iter().filter(|(key, _)| after.is_none_or(|after| **key > after));
                for (key, value) in behind.take(most) {
                    read.extend([Some(i64::from(*key)), Some(*value)]);
                }
            }
        }
    }
    is_accepted.then(|| {
        *records = own;
        read
    })
}

/// Queues all of them while the writer thread is held up, so that it takes them as one group.
fn carry_out(store: &Store, writes: Vec<Planned>) -> Vec<Option<Vec<Option<i64>>>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (let_go, held) = channel::<()>();
        let first = store.clone();
        let holding = tokio::spawn(async move {
            let wait = move |_: &mut Write<'_>| {
                held.recv().unwrap();
                Ok::<_, StoreError>(())
            };
            first.write(Priority::Normal, wait).await
        });
        let queued: Vec<_> = writes
            .into_iter()
            .map(|(steps, is_accepted)| {
                let store = store.clone();
                let decide = move |write: &mut Write<'_>| {
                    let mut read = Vec::new();
                    for step in steps {
                        match step {
                            Step::Put(key, value) => {
                                write.put(VERIFIED_PHONES, &phone(key), &verified(value))?;
                            }
                            Step::Remove(key) => write.remove(VERIFIED_PHONES, &phone(key)),
                            Step::Read(key) => {
                                let found = write.get(VERIFIED_PHONES, &phone(key))?;
                                read.push(found.map(|found| found.verified_at.as_micros()));
                            }
                            Step::List(after, most) => {
                                let after = after.map(phone);
                                let all = Span::all();
                                for (key, value) in
                                    write.list(VERIFIED_PHONES, all, after.as_ref(), most)?
                                {
                                    let number = (0_u32..6).find(|it| phone(*it) == key);
                                    read.push(number.map(i64::from));
                                    read.push(Some(value.verified_at.as_micros()));
                                }
                            }
                            Step::Last => {
                                let last = write.last(VERIFIED_PHONES)?;
                                let number = |key| (0_u32..6).find(|it| phone(*it) == key);
                                read.push(last.and_then(number).map(i64::from));
                            }
                        }
                    }
                    if is_accepted { Ok(read) } else { Err(StoreError::Busy) }
                };
                tokio::spawn(async move { store.write(Priority::Normal, decide).await.ok() })
            })
            .collect();
        // Spawned tasks run in their order: this one when all are queued.
        tokio::spawn(async move { let_go.send(()).unwrap() });
        holding.await.unwrap().unwrap();
        let mut outcomes = Vec::new();
        for outcome in queued {
            outcomes.push(outcome.await.unwrap());
        }
        outcomes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn writes_of_one_group_are_what_they_would_be_one_by_one(
        groups in prop::collection::vec(
            prop::collection::vec((prop::collection::vec(step(), 0..5), prop::bool::weighted(0.7)), 1..20),
            1..4,
        ),
    ) {
        let home = tempfile::tempdir().unwrap();
        let mut store = open(home.path()).unwrap();
        let mut records = Records::new();
        for writes in groups {
            let expected: Vec<_> = writes.iter().map(|write| expect(&mut records, write)).collect();
            prop_assert_eq!(carry_out(&store, writes), expected);
            drop(store);
            store = open(home.path()).unwrap();
            for key in 0..6 {
                let found = store.get(VERIFIED_PHONES, &phone(key)).unwrap();
                prop_assert_eq!(
                    found.map(|found| found.verified_at.as_micros()),
                    records.get(&key).copied()
                );
            }
        }
    }
}
