//! One write over several trees, whole or not at all.
//!
//! First all its changes go into the `redo` tree, then into their own trees, then the redo record goes. sled's log
//! keeps the order of inserts and recovery keeps a prefix of it. So after a crash either the redo record is not whole
//! (and nothing of the write is in the trees: it is dropped), or it is whole (and the write is carried out again), or
//! it is gone (and everything is in place). A change of one record needs none of this.
//!
//! A redo record is cut into chunks, because sled puts large values into files that nothing syncs. The last chunk is
//! marked; without it the record is not whole.

use super::error::StoreError;
use super::table::Trees;
use super::write::Overlay;

/// Bytes of a chunk, its mark not counted.
const CHUNK: usize = 2048;

/// Largest redo record: what one write may change at most.
const MAX_WRITE_BYTES: usize = 64 * 1024 * 1024;

const MORE: u8 = 0;
const LAST: u8 = 1;

type Change = (u8, Vec<u8>, Option<Vec<u8>>);

/// Carries out the changes of write number `write` (its place in this process's life).
pub(super) fn apply(trees: &Trees, write: u64, overlay: Overlay) -> Result<(), StoreError> {
    if overlay.len() < 2 {
        return put_all(
            trees,
            overlay.into_iter().map(|((table, key), value)| (table, key, value)),
        );
    }
    let changes: Vec<Change> =
        overlay.into_iter().map(|((table, key), value)| (table, key, value)).collect();
    let record = bincode::encode_to_vec(&changes, bincode::config::standard())
        .map_err(|error| StoreError::Failed(error.to_string()))?;
    let chunks = record.chunks(CHUNK).len() as u64;
    for (i, chunk) in (0..chunks).zip(record.chunks(CHUNK)) {
        let mark = if i + 1 == chunks { LAST } else { MORE };
        trees.redo.insert(chunk_key(write, i), [&[mark], chunk].concat())?;
    }
    put_all(trees, changes)?;
    for i in 0..chunks {
        trees.redo.remove(chunk_key(write, i))?;
    }
    Ok(())
}

/// Whether a write is small enough to be carried out; asked before anything of it is.
pub(super) fn check_size(overlay: &Overlay) -> Result<(), StoreError> {
    let bytes: usize = overlay
        .iter()
        .map(|((_, key), value)| 16 + key.len() + value.as_ref().map_or(0, Vec::len))
        .sum();
    if bytes > MAX_WRITE_BYTES {
        return Err(StoreError::TooLarge { what: "one write", limit: "64 MiB" });
    }
    Ok(())
}

/// Completes what a crash has cut short, and says how many writes that were.
pub(super) fn recover(trees: &Trees) -> Result<usize, StoreError> {
    let mut whole = 0;
    let mut record = Vec::new();
    let mut expected = None;
    let mut keys = Vec::new();
    for row in &trees.redo {
        let (key, value) = row?;
        keys.push(key.clone());
        let (write, i) = parse_key(&key)?;
        if i == 0 {
            record.clear();
        } else if expected != Some((write, i)) {
            continue;
        }
        expected = Some((write, i + 1));
        let (mark, chunk) = value.split_first().ok_or_else(|| damaged("an empty chunk"))?;
        record.extend_from_slice(chunk);
        if *mark == LAST {
            let (changes, _): (Vec<Change>, usize) =
                bincode::decode_from_slice(&record, bincode::config::standard())
                    .map_err(|error| damaged(&error.to_string()))?;
            put_all(trees, changes)?;
            whole += 1;
        }
    }
    for key in keys {
        trees.redo.remove(key)?;
    }
    Ok(whole)
}

fn put_all(trees: &Trees, changes: impl IntoIterator<Item = Change>) -> Result<(), StoreError> {
    for (table, key, value) in changes {
        let tree = trees.known(table)?;
        match value {
            Some(value) => tree.insert(key, value)?,
            None => tree.remove(key)?,
        };
    }
    Ok(())
}

fn chunk_key(write: u64, chunk: u64) -> [u8; 16] {
    (u128::from(write) << 64 | u128::from(chunk)).to_be_bytes()
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
