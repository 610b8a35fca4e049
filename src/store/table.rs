//! A tree with the types of its keys and records, and the trees of an open database.

use std::marker::PhantomData;

use super::codec::{self, BadRecord, Record};
use super::database::Database;
use super::error::StoreError;
use super::schema;
use crate::domain::Timestamp;

/// A row of the schema.
pub struct Table<K, V> {
    pub(super) id: TableId,
    pub(super) name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

/// What redo records and the sweeping index call a tree. Never given to another tree.
pub(super) type TableId = u8;

/// What keys a tree has; their bytes sort as the keys do.
pub trait Key: Sized {
    /// The key as bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// The key that these bytes are.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// A row without its types: for whatever goes over all trees.
#[derive(Clone, Copy)]
pub(super) struct TableInfo {
    pub(super) id: TableId,
    pub(super) name: &'static str,
    pub(super) keep_until: fn(&[u8]) -> Result<Option<Timestamp>, BadRecord>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Table<K, V> {}

impl<K: Key, V: Record> Table<K, V> {
    pub(super) const fn new(id: TableId, name: &'static str) -> Self {
        Self { id, name, types: PhantomData }
    }

    pub(super) const fn info(self) -> TableInfo {
        TableInfo {
            id: self.id,
            name: self.name,
            keep_until: |bytes| codec::decode::<V>(bytes).map(|value| value.keep_until()),
        }
    }
}

/// The open trees, found by their id.
pub(super) struct Trees {
    by_id: Vec<Option<sled::Tree>>,
    pub(super) redo: sled::Tree,
}

impl Trees {
    pub(super) fn open(database: &Database) -> Result<Self, sled::Error> {
        let mut by_id = vec![None; usize::from(TableId::MAX) + 1];
        for table in schema::ALL {
            by_id[usize::from(table.id)] = Some(database.tree(table.name)?);
        }
        Ok(Self { by_id, redo: database.tree("redo")? })
    }

    pub(super) fn tree(&self, id: TableId) -> Option<&sled::Tree> {
        self.by_id[usize::from(id)].as_ref()
    }

    pub(super) fn known(&self, id: TableId) -> Result<&sled::Tree, StoreError> {
        self.tree(id).ok_or_else(|| StoreError::Damaged {
            tree: "redo",
            why: format!("it names a tree {id} that there is not"),
        })
    }

    pub(super) fn get<K: Key, V: Record>(
        &self,
        table: Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, StoreError> {
        match self.known(table.id)?.get(key.to_bytes())? {
            Some(bytes) => decode(table, &bytes).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn page<K: Key, V: Record>(
        &self,
        table: Table<K, V>,
        after: Option<&K>,
        most: usize,
    ) -> Result<Vec<(K, V)>, StoreError> {
        use std::ops::Bound::{Excluded, Unbounded};
        let start = after.map_or(Unbounded, |key| Excluded(key.to_bytes()));
        let rows = self.known(table.id)?.range::<Vec<u8>, _>((start, Unbounded)).take(most);
        rows.map(|row| {
            let (key, value) = row?;
            let key =
                K::from_bytes(&key).ok_or_else(|| damaged(table, "a key has another shape"))?;
            Ok((key, decode(table, &value)?))
        })
        .collect()
    }
}

pub(super) fn decode<K, V: Record>(table: Table<K, V>, bytes: &[u8]) -> Result<V, StoreError> {
    codec::decode(bytes).map_err(|why| damaged(table, &why.to_string()))
}

fn damaged<K, V>(table: Table<K, V>, why: &str) -> StoreError {
    StoreError::Damaged { tree: table.name, why: why.to_owned() }
}
