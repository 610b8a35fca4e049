//! A tree with the types of its keys and records, and the macro that makes the table of all trees.

use std::any::Any;
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
    keep_until: Option<fn(&V) -> Option<Timestamp>>,
    is_cached: bool,
    survives_reset: bool,
    types: PhantomData<fn() -> (K, V)>,
}

/// The number of a tree in redo records and in the index for sweeping.
pub(super) type TableId = u8;

/// A row without its types, for code that goes over all trees.
pub(super) trait AnyTable: Sync {
    fn id(&self) -> TableId;
    fn name(&self) -> &'static str;
    /// Whether the demo's reset keeps the records: they are about the directory, not about the world in it.
    fn survives_reset(&self) -> bool;
    /// When the record with these bytes may be swept.
    fn end_of(&self, bytes: &[u8]) -> Result<Option<Timestamp>, BadRecord>;
    fn new_cache(&self) -> Option<Box<dyn Invalidate>>;
    /// The key and the record with these bytes, as one value.
    fn record(&self, key: &[u8], bytes: &[u8]) -> Result<Box<dyn Any>, BadRecord>;
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for Table<K, V> {}

impl<K: TableKey, V: Record> Table<K, V> {
    pub(super) const fn new(id: TableId, name: &'static str) -> Self {
        let types = PhantomData;
        Self { id, name, keep_until: None, is_cached: false, survives_reset: false, types }
    }

    /// Keeps its records decoded in memory: for what nearly every request reads.
    pub(super) const fn cached(self) -> Self {
        Self { is_cached: true, ..self }
    }

    /// See [`AnyTable::survives_reset`].
    pub(super) const fn surviving_reset(self) -> Self {
        Self { survives_reset: true, ..self }
    }

    /// A record may be swept at the time that `rule` returns. For `None` it is kept until it is removed.
    pub(super) const fn kept_until(self, rule: fn(&V) -> Option<Timestamp>) -> Self {
        Self { keep_until: Some(rule), ..self }
    }

    pub(super) fn keep_until(self, value: &V) -> Option<Timestamp> {
        self.keep_until.and_then(|rule| rule(value))
    }
}

impl<K: TableKey, V: Record> AnyTable for Table<K, V> {
    fn id(&self) -> TableId {
        self.id
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn survives_reset(&self) -> bool {
        self.survives_reset
    }

    fn end_of(&self, bytes: &[u8]) -> Result<Option<Timestamp>, BadRecord> {
        codec::decode(bytes).map(|value| self.keep_until(&value))
    }

    fn new_cache(&self) -> Option<Box<dyn Invalidate>> {
        self.is_cached.then(|| Box::new(Cache::<K, V>::empty()) as Box<dyn Invalidate>)
    }

    fn record(&self, key: &[u8], bytes: &[u8]) -> Result<Box<dyn Any>, BadRecord> {
        let key = K::from_bytes(key)
            .ok_or_else(|| BadRecord::Layout("a key has another shape".into()))?;
        let value: V = codec::decode(bytes)?;
        Ok(Box::new((key, value)))
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

/// Makes a constant of each row, the list `ALL` of them, and the [`Record`] of each type that comes with a version:
///
/// ```text
/// /// What it holds.
/// pub NAME = ID "name on disk": Key => Value { version: 2, earlier: [1 => ValueV1] }, OPTION, …;
/// ```
///
/// An option is a method of [`Table`] that changes the row. A layout in `earlier` is read with `From`. A type that several
/// trees hold has its version in the first row.
macro_rules! tables {
    ($(
        $(#[$doc:meta])*
        $visibility:vis $table:ident = $id:literal $name:literal: $key:ty => $value:ty
            $({ version: $version:literal $(, earlier: [$($old:literal => $layout:ty),+])? })?
            $(, $option:ident $(($argument:expr))?)*;
    )+) => {
        $(
            $(#[$doc])*
            $visibility const $table: Table<$key, $value> =
                Table::new($id, $name)$(.$option($($argument)?))*;
            $(
                impl Record for $value {
                    const VERSION: u8 = $version;
                    $(
                        fn upgrade(version: u8, body: &[u8]) -> Option<Result<Self, BadRecord>> {
                            match version {
                                $($old => Some(decode_body::<$layout>(body).map(Self::from)),)+
                                _ => None,
                            }
                        }
                    )?
                }
            )?
        )+

        /// Every row.
        pub(super) const ALL: &[&dyn AnyTable] = &[$(&$table),+];
    };
}
pub(super) use tables;
