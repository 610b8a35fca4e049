//! The trees of an open database.

use std::sync::{PoisonError, RwLock};

use super::cache::{Cache, Invalidate, Lookup};
use super::codec::Record;
use super::database::Database;
use super::error::StoreError;
use super::key::{Order, Span, TableKey};
use super::schema;
use super::table::{self, Table, TableId};

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
    cache: Option<Box<dyn Invalidate>>,
}

impl Trees {
    pub(super) fn open(database: &Database) -> Result<Self, sled::Error> {
        let mut by_id: Vec<_> = (0..=TableId::MAX).map(|_| None).collect();
        for table in schema::ALL {
            let tree = RwLock::new(database.tree(table.name())?);
            let cache = table.new_cache();
            by_id[usize::from(table.id())] = Some(Open { name: table.name(), tree, cache });
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

    pub(super) fn get<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, StoreError> {
        let cache = self.cache(table);
        let missed = match cache.map(|cache| cache.look(key)) {
            Some(Lookup::Found(value)) => return Ok(Some(value)),
            Some(Lookup::Missed(missed)) => Some(missed),
            None => None,
        };
        let Some(bytes) = self.known(table.id)?.get(key.to_bytes())? else { return Ok(None) };
        let value = table::decode(table, &bytes)?;
        if let (Some(cache), Some(missed)) = (cache, missed) {
            cache.keep(key, &value, missed);
        }
        Ok(Some(value))
    }

    /// A record is about to be changed in its tree: it is not to be found in front of it any more.
    pub(super) fn begin_change(&self, id: TableId, key: &[u8]) {
        if let Some(cache) = self.cache_of(id) {
            cache.begin(key);
        }
    }

    /// It has been changed.
    pub(super) fn end_change(&self, id: TableId) {
        if let Some(cache) = self.cache_of(id) {
            cache.end();
        }
    }

    fn cache_of(&self, id: TableId) -> Option<&dyn Invalidate> {
        self.by_id[usize::from(id)].as_ref()?.cache.as_deref()
    }

    fn cache<K: TableKey, V: Record>(&self, table: Table<K, V>) -> Option<&Cache<K, V>> {
        let open = self.by_id[usize::from(table.id)].as_ref()?;
        open.cache.as_ref()?.as_any().downcast_ref()
    }

    /// Reads up to `most` records of a span, from behind `after` on.
    pub(super) fn list<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
        span: Span<K>,
        order: Order,
        after: Option<&K>,
        most: usize,
    ) -> Result<Vec<(K, V)>, StoreError> {
        let Some(bounds) = span.behind(after, order) else { return Ok(Vec::new()) };
        let rows = self.known(table.id)?.range::<Vec<u8>, _>(bounds);
        let read = |row: sled::Result<(sled::IVec, sled::IVec)>| {
            let (key, value) = row?;
            Ok((table::key(table, &key)?, table::decode(table, &value)?))
        };
        match order {
            Order::Ascending => rows.take(most).map(read).collect(),
            Order::Descending => rows.rev().take(most).map(read).collect(),
        }
    }
}

fn current(tree: &RwLock<sled::Tree>) -> sled::Tree {
    tree.read().unwrap_or_else(PoisonError::into_inner).clone()
}
