use std::io::BufRead;
use std::path::Path;

use esoz_otp::config::StoreConfig;
use esoz_otp::domain::{Purpose, Timestamp};
use esoz_otp::store::schema::{
    CLIENTS, LIVE_CODES, PERSON_REQUESTS, SENDS, USERS, VERIFICATIONS, VERIFIED_PHONES,
};
use esoz_otp::store::{Record, Store, StoreError, Table, TableKey};

use crate::Outcome;
use crate::records::{self, Shape, Turn};

const PAGE: usize = 500;

/// Fails with the first thing that is not as it has to be.
pub(crate) fn verify(path: &Path, shape: Shape, sweep: bool) -> Outcome<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let acked = newest_acked(shape, std::io::stdin().lock())?;
    let store = Store::open(path, StoreConfig::default())?;
    let heads: Vec<u64> = (0..shape.callers)
        .map(|caller| records::head(&store, shape, caller))
        .collect::<Result<_, _>>()?;
    for (caller, (&head, &acked)) in (0..).zip(heads.iter().zip(&acked)) {
        if head < acked {
            return Err(format!(
                "LOST: caller {caller} was told of turn {acked}, the store knows {head}"
            )
            .into());
        }
        if head > acked + 1 {
            return Err(format!(
                "caller {caller}: turn {head} is there, only {acked} was answered"
            )
            .into());
        }
        latest(&store, shape, Turn { caller, turn: head })?;
    }
    history(&store, shape, &heads)?;
    large(&store, shape, shape.last_large(heads[0]))?;
    if sweep {
        sweep_all(&store)?;
    }
    println!("{} turns, all whole", heads.iter().sum::<u64>());
    Ok(())
}

/// The newest acknowledged turn of each caller. A line without its end is none.
fn newest_acked(shape: Shape, mut lines: impl BufRead) -> Outcome<Vec<u64>> {
    let mut newest = vec![0; usize::try_from(shape.callers)?];
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        if let Some(number) = line.strip_suffix('\n').and_then(|line| line.strip_prefix("acked ")) {
            let Turn { caller, turn } = shape.turn(number.parse()?);
            let newest = &mut newest[usize::try_from(caller)?];
            *newest = turn.max(*newest);
        }
        line.clear();
    }
    Ok(newest)
}

/// The records that each write replaces are all of the newest.
fn latest(store: &Store, shape: Shape, head: Turn) -> Outcome<()> {
    let phone = head.phone();
    let single = store.get(VERIFIED_PHONES, &phone)?.map(|it| records::number(it.verified_at));
    let sends = store.get(SENDS, &phone)?.map(|log| records::logged(&log));
    let live = store.get(LIVE_CODES, &(phone, Purpose::PhoneVerification))?;
    let live = live.map(|live| records::number(live.keep_until));
    for (tree, found, turn) in [
        ("verified_phones", single, head.last_single()),
        ("sends", sends, head.last_several()),
        ("live_codes", live, head.last_several()),
    ] {
        let expected = (turn.turn > 0).then_some(shape.number(turn));
        if found != expected {
            return Err(
                format!("MIXTURE at {head:?}: {tree} has {found:?}, not {expected:?}").into()
            );
        }
    }
    Ok(())
}

/// Of every turn that wrote several records those that stay are there, and no others.
fn history(store: &Store, shape: Shape, heads: &[u64]) -> Outcome<()> {
    let mut expected = Vec::new();
    let mut users = Vec::new();
    for (caller, &head) in (0..).zip(heads) {
        let turns = (1..=head).map(|turn| Turn { caller, turn }).filter(|turn| !turn.is_single());
        expected.extend(turns.map(|turn| shape.number(turn)));
        let last = Turn { caller, turn: head }.last_several();
        users.extend((last.turn > 0).then(|| shape.number(last)));
    }
    let requests = all(store, PERSON_REQUESTS)?
        .into_iter()
        .map(|(key, it)| (key.as_bytes().to_owned(), records::number(it.inserted_at)));
    same("person_requests", requests, &mut expected)?;
    let verifications = all(store, VERIFICATIONS)?
        .into_iter()
        .map(|(key, it)| (key.as_bytes().to_owned(), records::number(it.inserted_at)));
    same("verifications", verifications, &mut expected)?;

    let mut found: Vec<_> = all(store, USERS)?.into_iter().map(|(key, _)| key).collect();
    let mut users: Vec<_> = users.into_iter().map(records::id).collect();
    found.sort_unstable();
    users.sort_unstable();
    if found != users {
        return Err(
            format!("MIXTURE: users has {} records, not the {}", found.len(), users.len()).into()
        );
    }
    Ok(())
}

fn same(
    tree: &str,
    found: impl Iterator<Item = ([u8; 16], u64)>,
    expected: &mut [u64],
) -> Outcome<()> {
    let mut numbers = Vec::new();
    for (key, number) in found {
        if *records::id::<()>(number).as_bytes() != key {
            return Err(format!("{tree}: the record of {number} is under another key").into());
        }
        numbers.push(number);
    }
    numbers.sort_unstable();
    expected.sort_unstable();
    if numbers == expected {
        return Ok(());
    }
    let missing: Vec<_> =
        expected.iter().filter(|n| numbers.binary_search(n).is_err()).take(5).collect();
    let beyond: Vec<_> =
        numbers.iter().filter(|n| expected.binary_search(n).is_err()).take(5).collect();
    Err(format!("MIXTURE: {tree} lacks {missing:?} and has {beyond:?} beyond").into())
}

fn large(store: &Store, shape: Shape, turn: u64) -> Outcome<()> {
    let expected = (turn > 0).then_some(shape.number(Turn { caller: 0, turn }));
    let found: Vec<_> =
        all(store, CLIENTS)?.iter().map(|(_, client)| records::named(client)).collect();
    let count = if turn > 0 { shape.large } else { 0 };
    match found.iter().find(|number| **number != expected) {
        Some(other) => {
            Err(format!("MIXTURE: a large write {expected:?} with a record of {other:?}").into())
        }
        None if found.len() as u64 != count => {
            Err(format!("MIXTURE: {} records of a large write, not {count}", found.len()).into())
        }
        None => Ok(()),
    }
}

/// Whatever ends one day has an entry for it: swept for long enough, all of it is gone.
fn sweep_all(store: &Store) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let end = Timestamp::from_micros(i64::MAX);
    while runtime.block_on(store.sweep(end, 5000))? > 0 {}
    let left =
        all(store, VERIFICATIONS)?.len() + all(store, LIVE_CODES)?.len() + all(store, SENDS)?.len();
    if left > 0 {
        return Err(
            format!("MIXTURE: {left} records have no entry in the index for sweeping").into()
        );
    }
    Ok(())
}

fn all<K: TableKey, V: Record>(
    store: &Store,
    table: Table<K, V>,
) -> Result<Vec<(K, V)>, StoreError> {
    let mut rows: Vec<(K, V)> = Vec::new();
    loop {
        let page = store.page(table, rows.last().map(|(key, _)| key), PAGE)?;
        let is_last = page.len() < PAGE;
        rows.extend(page);
        if is_last {
            return Ok(rows);
        }
    }
}
