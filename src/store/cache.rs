//! Records that nearly every request reads, decoded and at hand.
//!
//! No reader gets a record that it knows to be replaced. The writer thread invalidates a record before it changes it, and
//! nothing is cached until the change is done. A reader that missed reads the tree, and caches what it read only if
//! nothing has changed since the miss: otherwise it might cache a record that has just been replaced.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::codec::Record;
use super::key::TableKey;

/// Most records kept of one tree; beyond that it starts anew.
const MOST: usize = 8192;

pub(super) struct Cache<K, V>(RwLock<Records<K, V>>);

struct Records<K, V> {
    kept: HashMap<K, V>,
    /// Beginnings and ends of changes: odd while one is under way.
    turns: u64,
}

/// The result of a lookup.
pub(super) enum Lookup<V> {
    Found(V),
    /// Nothing. Pass the token to [`Cache::keep`] with the record from the tree.
    Missed(MissToken),
}

/// The number of turns at the time of the miss.
#[derive(Clone, Copy)]
pub(super) struct MissToken(u64);

/// A cache without its types, as the writer knows it.
pub(super) trait Invalidate: Send + Sync {
    /// The record with this key is about to change.
    fn begin(&self, key: &[u8]);
    /// It has changed.
    fn end(&self);
    /// The cache itself.
    fn as_any(&self) -> &dyn Any;
}

impl<K: TableKey, V: Record> Cache<K, V> {
    pub(super) fn empty() -> Self {
        Self(RwLock::new(Records { kept: HashMap::new(), turns: 0 }))
    }

    pub(super) fn look(&self, key: &K) -> Lookup<V> {
        let records = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match records.kept.get(key) {
            Some(value) => Lookup::Found(value.clone()),
            None => Lookup::Missed(MissToken(records.turns)),
        }
    }

    pub(super) fn keep(&self, key: &K, value: &V, missed: MissToken) {
        let mut records = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if records.turns == missed.0 && missed.0.is_multiple_of(2) {
            if records.kept.len() >= MOST {
                records.kept.clear();
            }
            records.kept.insert(key.clone(), value.clone());
        }
    }
}

impl<K: TableKey, V: Record> Invalidate for Cache<K, V> {
    fn begin(&self, key: &[u8]) {
        let mut records = self.0.write().unwrap_or_else(PoisonError::into_inner);
        records.turns += 1;
        if let Some(key) = K::from_bytes(key) {
            records.kept.remove(&key);
        }
    }

    fn end(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).turns += 1;
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::{Id, Phone};
    use crate::store::schema::VerifiedPhone;

    fn record(micros: i64) -> VerifiedPhone {
        VerifiedPhone { verified_at: Timestamp::from_micros(micros) }
    }

    fn missed(look: &Lookup<VerifiedPhone>) -> MissToken {
        match look {
            Lookup::Missed(missed) => *missed,
            Lookup::Found(found) => panic!("{found:?}"),
        }
    }

    #[test]
    fn what_was_read_before_a_change_is_not_put_down_after_it() {
        let cache: Cache<Phone, VerifiedPhone> = Cache::empty();
        let phone = Phone::from_national(1).unwrap();
        let before = missed(&cache.look(&phone));
        // The reader has the old record in hand; the writer replaces it.
        cache.begin(&phone.to_bytes());
        cache.keep(&phone, &record(1), before);
        let meanwhile = missed(&cache.look(&phone));
        // This reader may have the old record or the new one.
        cache.keep(&phone, &record(1), meanwhile);
        missed(&cache.look(&phone));
        cache.end();
        cache.keep(&phone, &record(1), meanwhile);
        let after = missed(&cache.look(&phone));
        cache.keep(&phone, &record(2), after);
        assert!(matches!(cache.look(&phone), Lookup::Found(found) if found == record(2)));
        cache.begin(&phone.to_bytes());
        missed(&cache.look(&phone));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let cache: Cache<Id<()>, VerifiedPhone> = Cache::empty();
        for number in 0..3 * MOST as u128 {
            let id = Id::from_bytes(number.to_be_bytes());
            cache.keep(&id, &record(1), missed(&cache.look(&id)));
        }
        assert!(cache.0.read().unwrap().kept.len() <= MOST);
    }
}
