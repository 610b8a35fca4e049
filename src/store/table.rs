//! A tree with the types of its keys and records.

use std::marker::PhantomData;

use super::cache::{Cache, Invalidate};
use super::codec::{self, BadRecord, Record};
use super::error::StoreError;
use super::key::TableKey;
use crate::domain::Timestamp;

/// A row of the schema.
pub struct Table<K, V> {
    pub(super) id: TableId,
    pub(super) name: &'static str,
    is_cached: bool,
    types: PhantomData<fn() -> (K, V)>,
}

/// What redo records and the sweeping index call a tree. Never given to another tree.
pub(super) type TableId = u8;

/// A row without its types, for code that goes over all trees.
#[derive(Clone, Copy)]
pub(super) struct TableInfo {
    pub(super) id: TableId,
    pub(super) name: &'static str,
    pub(super) keep_until: fn(&[u8]) -> Result<Option<Timestamp>, BadRecord>,
    pub(super) cache: Option<fn() -> Box<dyn Invalidate>>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Table<K, V> {}

impl<K: TableKey, V: Record> Table<K, V> {
    pub(super) const fn new(id: TableId, name: &'static str) -> Self {
        Self { id, name, is_cached: false, types: PhantomData }
    }

    /// The same table with its records kept at hand: for what nearly every request reads.
    pub(super) const fn cached(self) -> Self {
        Self { is_cached: true, ..self }
    }

    pub(super) const fn info(self) -> TableInfo {
        TableInfo {
            id: self.id,
            name: self.name,
            keep_until: |bytes| codec::decode::<V>(bytes).map(|value| value.keep_until()),
            cache: if self.is_cached { Some(|| Box::new(Cache::<K, V>::empty())) } else { None },
        }
    }
}

pub(super) fn key<K: TableKey, V>(table: Table<K, V>, bytes: &[u8]) -> Result<K, StoreError> {
    K::from_bytes(bytes).ok_or_else(|| damaged(table, "a key has another shape"))
}

pub(super) fn decode<K, V: Record>(table: Table<K, V>, bytes: &[u8]) -> Result<V, StoreError> {
    codec::decode(bytes).map_err(|why| damaged(table, &why.to_string()))
}

fn damaged<K, V>(table: Table<K, V>, why: &str) -> StoreError {
    StoreError::Damaged { tree: table.name, why: why.to_owned() }
}
