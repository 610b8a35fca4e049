//! Rows of the schema for indexes and counters: trees that follow from the records of another tree.

use std::any::Any;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::codec::{self, BadRecord, Record};
use super::key::TableKey;
use super::table::{Table, TableId};

/// How many records are counted under a key. There is no record for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// At least 1.
    pub number: u64,
}

/// A tree that has an entry for the records of another one.
pub(super) struct Index<K: 'static, V: 'static, IK: 'static, IV: 'static> {
    /// Raised when entries become others for the same records.
    pub(super) version: u8,
    pub(super) of: Table<K, V>,
    pub(super) to: Table<IK, IV>,
    /// The entry of a record, if it has one. Two records never have the same key.
    pub(super) entry: fn(&K, &V) -> Option<(IK, IV)>,
}

/// A tree that counts the records of another one.
pub(super) struct Counter<K: 'static, V: 'static, CK: 'static> {
    /// Raised when records are counted under other keys.
    pub(super) version: u8,
    pub(super) of: Table<K, V>,
    pub(super) to: Table<CK, Count>,
    /// The key that a record is counted under, if it is counted.
    pub(super) key: fn(&K, &V) -> Option<CK>,
}

/// An index or a counter, without its types.
pub(super) trait Derived: Sync {
    fn version(&self) -> u8;
    fn of(&self) -> TableId;
    fn to(&self) -> TableId;
    /// Notes what a change of one record changes here. A record is a key and a value, in a box.
    fn follow(
        &self,
        before: Option<&dyn Any>,
        after: Option<&dyn Any>,
        changes: &mut Changes,
    ) -> Result<(), BadRecord>;
}

/// What changes in indexes and counters.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) removed: Vec<(TableId, Vec<u8>)>,
    pub(super) put: Vec<(TableId, Vec<u8>, Vec<u8>)>,
    /// How much is added to a count, which may be less than nothing.
    pub(super) added: BTreeMap<(TableId, Vec<u8>), i64>,
}

impl<K: TableKey, V: Record, IK: TableKey, IV: Record> Derived for Index<K, V, IK, IV> {
    fn version(&self) -> u8 {
        self.version
    }

    fn of(&self) -> TableId {
        self.of.id
    }

    fn to(&self) -> TableId {
        self.to.id
    }

    fn follow(
        &self,
        before: Option<&dyn Any>,
        after: Option<&dyn Any>,
        changes: &mut Changes,
    ) -> Result<(), BadRecord> {
        let entry = |record: Option<&dyn Any>| {
            let (key, value) = record?.downcast_ref::<(K, V)>()?;
            (self.entry)(key, value)
        };
        let bytes = |(key, value): (IK, IV)| Ok((key.to_bytes(), codec::encode(&value)?));
        let before = entry(before).map(bytes).transpose()?;
        let after = entry(after).map(bytes).transpose()?;
        if before == after {
            return Ok(());
        }
        if let Some((key, _)) = before {
            changes.removed.push((self.to.id, key));
        }
        if let Some((key, value)) = after {
            changes.put.push((self.to.id, key, value));
        }
        Ok(())
    }
}

impl<K: TableKey, V: Record, CK: TableKey> Derived for Counter<K, V, CK> {
    fn version(&self) -> u8 {
        self.version
    }

    fn of(&self) -> TableId {
        self.of.id
    }

    fn to(&self) -> TableId {
        self.to.id
    }

    fn follow(
        &self,
        before: Option<&dyn Any>,
        after: Option<&dyn Any>,
        changes: &mut Changes,
    ) -> Result<(), BadRecord> {
        for (record, one) in [(before, -1), (after, 1)] {
            let record = record.and_then(|record| record.downcast_ref::<(K, V)>());
            if let Some(key) = record.and_then(|(key, value)| (self.key)(key, value)) {
                *changes.added.entry((self.to.id, key.to_bytes())).or_default() += one;
            }
        }
        Ok(())
    }
}
