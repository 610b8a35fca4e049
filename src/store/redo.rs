//! A group of writes over several trees, whole or not at all.
//!
//! First all their changes go into the `redo` tree, then into their own trees, then the redo record goes. sled's log
//! keeps the order of inserts and recovery keeps a prefix of it. So after a crash either the redo record is not whole
//! (and nothing of the group is in the trees: it is dropped), or it is whole (and the group is carried out again), or
//! it is gone (and everything is in place). A change of one record needs none of this.
//!
//! A redo record is cut into chunks, because sled puts large values into files that nothing syncs. A chunk begins with the
//! version of the record's layout and a mark. The last chunk is marked as such; without it the record is not whole. The
//! chunks of version 1 begin with the mark, which is 0 or 1.

use super::database::Database;
use super::error::StoreError;
use super::overlay::Overlay;
use super::trees::Trees;

/// Version of the layout that this program writes.
const VERSION: u8 = 2;

/// Bytes of a chunk, its version and mark not counted.
const CHUNK: usize = 2048;

const MORE: u8 = 0;
const LAST: u8 = 1;

type Change = (u8, Vec<u8>, Option<Vec<u8>>);

/// Carries out the changes of group number `write` (its place in this process's life).
pub(super) fn apply(
    trees: &Trees,
    database: &Database,
    write: u64,
    overlay: Overlay,
) -> Result<(), StoreError> {
    if overlay.len() < 2 {
        return put_all(
            trees,
            database,
            overlay.into_iter().map(|((table, key), value)| (table, key, value)),
        );
    }
    let changes: Vec<Change> =
        overlay.into_iter().map(|((table, key), value)| (table, key, value)).collect();
    let chunks = announce(trees, database, write, &changes)?;
    put_all(trees, database, changes)?;
    for i in 0..chunks {
        database.change(&trees.redo(), &chunk_key(write, i), None)?;
    }
    Ok(())
}

/// Puts the redo record, and says how many chunks it has.
fn announce(
    trees: &Trees,
    database: &Database,
    write: u64,
    changes: &[Change],
) -> Result<u64, StoreError> {
    let record = bincode::encode_to_vec(changes, bincode::config::standard())
        .map_err(|error| StoreError::Failed(error.to_string()))?;
    let chunks = record.chunks(CHUNK).len() as u64;
    for (i, chunk) in (0..chunks).zip(record.chunks(CHUNK)) {
        let mark = if i + 1 == chunks { LAST } else { MORE };
        database.change(
            &trees.redo(),
            &chunk_key(write, i),
            Some(&[&[VERSION, mark], chunk].concat()),
        )?;
    }
    Ok(chunks)
}

/// Completes what a crash has cut short, and says how many writes that were.
pub(super) fn recover(trees: &Trees, database: &Database) -> Result<usize, StoreError> {
    let mut whole = 0;
    let mut record = Vec::new();
    let mut expected = None;
    let mut keys = Vec::new();
    for row in &trees.redo() {
        let (key, value) = row?;
        keys.push(key.clone());
        let (write, i) = parse_key(&key)?;
        if i == 0 {
            record.clear();
        } else if expected != Some((write, i)) {
            continue;
        }
        expected = Some((write, i + 1));
        let (mark, chunk) = open_chunk(&value)?;
        record.extend_from_slice(chunk);
        if mark == LAST {
            let (changes, _): (Vec<Change>, usize) =
                bincode::decode_from_slice(&record, bincode::config::standard())
                    .map_err(|error| damaged(&error.to_string()))?;
            put_all(trees, database, changes)?;
            whole += 1;
        }
    }
    for key in keys {
        database.change(&trees.redo(), &key, None)?;
    }
    Ok(whole)
}

fn put_all(
    trees: &Trees,
    database: &Database,
    changes: impl IntoIterator<Item = Change>,
) -> Result<(), StoreError> {
    for (table, key, value) in changes {
        trees.begin_change(table, &key);
        database.change(&trees.known(table)?, &key, value.as_deref())?;
        trees.end_change(table);
    }
    Ok(())
}

fn chunk_key(write: u64, chunk: u64) -> [u8; 16] {
    (u128::from(write) << 64 | u128::from(chunk)).to_be_bytes()
}

/// The mark of a chunk, and its bytes.
fn open_chunk(value: &[u8]) -> Result<(u8, &[u8]), StoreError> {
    match value {
        [mark @ (MORE | LAST), chunk @ ..] | [VERSION, mark @ (MORE | LAST), chunk @ ..] => {
            Ok((*mark, chunk))
        }
        [version, ..] if *version > VERSION => {
            Err(damaged(&format!("a write of version {version}, this program knows {VERSION}")))
        }
        _ => Err(damaged("a chunk has another shape")),
    }
}

fn parse_key(key: &[u8]) -> Result<(u64, u64), StoreError> {
    let wrong = || damaged("a key has another shape");
    let (write, chunk) = key.split_at_checked(8).ok_or_else(wrong)?;
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_be_bytes).map_err(|_| wrong());
    Ok((number(write)?, number(chunk)?))
}

fn damaged(why: &str) -> StoreError {
    StoreError::Damaged { tree: "redo", why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::StoreConfig;
    use crate::store::schema::{CLIENTS, USERS};

    /// The trees and the database, and the directory they are in.
    fn fresh() -> (Trees, Database, tempfile::TempDir) {
        let home = tempfile::tempdir().unwrap();
        let database =
            Database::open(home.path(), StoreConfig { cache_mib: 8, ..StoreConfig::default() })
                .unwrap();
        (Trees::open(&database).unwrap(), database, home)
    }

    /// Half of a write's changes are in one tree, half in another. With 5 000 bytes of value a record has some chunks.
    fn changes(count: u8, value: &[u8]) -> Vec<Change> {
        let table = |i| if i % 2 == 0 { CLIENTS.id } else { USERS.id };
        (0..count).map(|i| (table(i), vec![i], Some(value.to_vec()))).collect()
    }

    fn found(trees: &Trees, count: u8) -> Vec<Option<Vec<u8>>> {
        let all = changes(count, &[]).into_iter();
        all.map(|(table, key, _)| {
            trees.known(table).unwrap().get(key).unwrap().map(|value| value.to_vec())
        })
        .collect()
    }

    #[test]
    fn a_whole_record_is_carried_out_once_and_removals_with_it() {
        let (trees, database, _home) = fresh();
        put_all(&trees, &database, changes(4, b"old")).unwrap();
        let removal = (CLIENTS.id, vec![0], None);
        announce(&trees, &database, 7, &[changes(4, b"new"), vec![removal]].concat()).unwrap();
        assert_eq!(recover(&trees, &database).unwrap(), 1);
        let new = Some(b"new".to_vec());
        assert_eq!(found(&trees, 4), [None, new.clone(), new.clone(), new]);
        assert_eq!(recover(&trees, &database).unwrap(), 0);
        assert!(trees.redo().is_empty());
    }

    #[test]
    fn of_two_whole_records_the_later_write_wins() {
        let (trees, database, _home) = fresh();
        announce(&trees, &database, 255, &changes(4, b"one")).unwrap();
        announce(&trees, &database, 256, &changes(4, b"two")).unwrap();
        assert_eq!(recover(&trees, &database).unwrap(), 2);
        assert_eq!(found(&trees, 4), vec![Some(b"two".to_vec()); 4]);
    }

    /// As the release with data version 1 wrote them: a chunk begins with its mark.
    #[test]
    fn a_record_of_version_1_is_carried_out() {
        let (trees, database, _home) = fresh();
        let record = bincode::encode_to_vec(changes(4, &[7; 2500]), bincode::config::standard());
        let record = record.unwrap();
        let chunks: Vec<_> = record.chunks(CHUNK).collect();
        for (i, chunk) in (0..).zip(&chunks) {
            let mark = u8::from(i + 1 == chunks.len() as u64);
            trees.redo().insert(chunk_key(3, i), [&[mark], *chunk].concat()).unwrap();
        }
        assert_eq!(recover(&trees, &database).unwrap(), 1);
        assert_eq!(found(&trees, 4), vec![Some(vec![7; 2500]); 4]);
    }

    #[test]
    fn a_record_of_a_later_version_stops_the_start_and_stays() {
        for chunk in [&[VERSION + 1, LAST, 0][..], &[], &[VERSION], &[VERSION, 2]] {
            let (trees, database, _home) = fresh();
            trees.redo().insert(chunk_key(1, 0), chunk).unwrap();
            let refusal = recover(&trees, &database);
            assert!(matches!(refusal, Err(StoreError::Damaged { .. })), "{chunk:?}");
            assert_eq!(trees.redo().len(), 1);
        }
    }

    #[test]
    fn a_record_that_names_an_unknown_tree_stops_the_start() {
        let (trees, database, _home) = fresh();
        announce(&trees, &database, 1, &[(250, vec![1], None)]).unwrap();
        assert!(matches!(recover(&trees, &database), Err(StoreError::Damaged { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn a_write_is_completed_if_and_only_if_all_its_chunks_are_there(
            missing in prop::collection::vec(prop::option::of(0_u64..6), 1..5),
        ) {
            let (trees, database, _home) = fresh();
            let mut expected = Vec::new();
            for (write, missing) in (0..).zip(&missing) {
                let value = [write; 2500];
                let table = if write % 2 == 0 { CLIENTS.id } else { USERS.id };
                let changes: Vec<Change> =
                    (0..4).map(|i| (table, vec![write, i], Some(value.to_vec()))).collect();
                let chunks = announce(&trees, &database, write.into(), &changes).unwrap();
                prop_assert_eq!(chunks, 5);
                if let Some(i) = missing {
                    trees.redo().remove(chunk_key(write.into(), *i)).unwrap();
                }
                // A sixth chunk was never there to be missing.
                expected.push(missing.is_none_or(|i| i >= chunks));
            }
            let whole = expected.iter().filter(|whole| **whole).count();
            prop_assert_eq!(recover(&trees, &database).unwrap(), whole);
            prop_assert!(trees.redo().is_empty());
            for (write, whole) in (0..).zip(expected) {
                let table = if write % 2 == 0 { CLIENTS.id } else { USERS.id };
                let tree = trees.known(table).unwrap();
                let there = (0..4).filter(|i| tree.get([write, *i]).unwrap().is_some()).count();
                prop_assert_eq!(there, if whole { 4 } else { 0 });
            }
        }
    }
}
