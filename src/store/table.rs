//! A tree with the types of its keys and records, and the trees of an open database.

use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{PoisonError, RwLock};

use super::cache::{Cache, Forget, Look};
use super::codec::{self, BadRecord, Record};
use super::database::Database;
use super::error::StoreError;
use super::schema;
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

/// What keys a tree has; their bytes sort as the keys do.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {
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
    cache: Option<fn() -> Box<dyn Forget>>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Table<K, V> {}

impl<K: Key, V: Record> Table<K, V> {
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

/// The tree with the redo records.
const REDO: &str = "redo";

/// The open trees, found by their id.
pub(super) struct Trees {
    by_id: Vec<Option<Open>>,
    redo: RwLock<sled::Tree>,
}

struct Open {
    name: &'static str,
    /// Another one when the database is written anew.
    tree: RwLock<sled::Tree>,
    cache: Option<Box<dyn Forget>>,
}

impl Trees {
    pub(super) fn open(database: &Database) -> Result<Self, sled::Error> {
        let mut by_id: Vec<_> = (0..=TableId::MAX).map(|_| None).collect();
        for table in schema::ALL {
            let tree = RwLock::new(database.tree(table.name)?);
            let cache = table.cache.map(|new| new());
            by_id[usize::from(table.id)] = Some(Open { name: table.name, tree, cache });
        }
        Ok(Self { by_id, redo: RwLock::new(database.tree(REDO)?) })
    }

    pub(super) fn tree(&self, id: TableId) -> Option<sled::Tree> {
        self.by_id[usize::from(id)].as_ref().map(|open| current(&open.tree))
    }

    pub(super) fn known(&self, id: TableId) -> Result<sled::Tree, StoreError> {
        self.tree(id).ok_or_else(|| StoreError::Damaged {
            tree: REDO,
            why: format!("it names a tree {id} that there is not"),
        })
    }

    /// The tree with the redo records.
    pub(super) fn redo(&self) -> sled::Tree {
        current(&self.redo)
    }

    /// The same trees of another database, to take the place of these.
    pub(super) fn of(&self, database: &Database) -> Result<Vec<sled::Tree>, sled::Error> {
        let names = self.by_id.iter().flatten().map(|open| open.name);
        names.chain([REDO]).map(|name| database.tree(name)).collect()
    }

    /// Puts these trees, with the same records, in the place of those so far. Nothing is written meanwhile.
    pub(super) fn replace(&self, trees: Vec<sled::Tree>) {
        let places = self.by_id.iter().flatten().map(|open| &open.tree);
        for (place, tree) in places.chain([&self.redo]).zip(trees) {
            *place.write().unwrap_or_else(PoisonError::into_inner) = tree;
        }
    }

    pub(super) fn get<K: Key, V: Record>(
        &self,
        table: Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, StoreError> {
        let cache = self.cache(table);
        let missed = match cache.map(|cache| cache.look(key)) {
            Some(Look::Found(value)) => return Ok(Some(value)),
            Some(Look::Missed(missed)) => Some(missed),
            None => None,
        };
        let Some(bytes) = self.known(table.id)?.get(key.to_bytes())? else { return Ok(None) };
        let value = decode(table, &bytes)?;
        if let (Some(cache), Some(missed)) = (cache, missed) {
            cache.keep(key, &value, missed);
        }
        Ok(Some(value))
    }

    /// A record is about to be changed in its tree: it is not to be found in front of it any more.
    pub(super) fn begin_change(&self, id: TableId, key: &[u8]) {
        if let Some(cache) = self.forgetful(id) {
            cache.begin(key);
        }
    }

    /// It has been changed.
    pub(super) fn end_change(&self, id: TableId) {
        if let Some(cache) = self.forgetful(id) {
            cache.end();
        }
    }

    fn forgetful(&self, id: TableId) -> Option<&dyn Forget> {
        self.by_id[usize::from(id)].as_ref()?.cache.as_deref()
    }

    fn cache<K: Key, V: Record>(&self, table: Table<K, V>) -> Option<&Cache<K, V>> {
        let open = self.by_id[usize::from(table.id)].as_ref()?;
        open.cache.as_ref()?.as_any().downcast_ref()
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
            Ok((self::key(table, &key)?, decode(table, &value)?))
        })
        .collect()
    }
}

fn current(tree: &RwLock<sled::Tree>) -> sled::Tree {
    tree.read().unwrap_or_else(PoisonError::into_inner).clone()
}

pub(super) fn key<K: Key, V>(table: Table<K, V>, bytes: &[u8]) -> Result<K, StoreError> {
    K::from_bytes(bytes).ok_or_else(|| damaged(table, "a key has another shape"))
}

pub(super) fn decode<K, V: Record>(table: Table<K, V>, bytes: &[u8]) -> Result<V, StoreError> {
    codec::decode(bytes).map_err(|why| damaged(table, &why.to_string()))
}

fn damaged<K, V>(table: Table<K, V>, why: &str) -> StoreError {
    StoreError::Damaged { tree: table.name, why: why.to_owned() }
}
