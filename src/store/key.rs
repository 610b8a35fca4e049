use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::Bound::{self, Excluded, Included, Unbounded};

/// What keys a tree has; their bytes sort as the keys do.
pub trait TableKey: Clone + Eq + Hash + Send + Sync + 'static {
    /// The key as bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// The key that these bytes are.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// The first parts of a key.
pub trait KeyPrefix<K> {
    /// Their bytes.
    fn prefix(&self) -> Vec<u8>;
}

/// The order in which records are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the least key on.
    Ascending,
    /// From the greatest key back.
    Descending,
}

/// The keys from one on up to another.
pub struct Span<K> {
    start: Vec<u8>,
    /// Excluded. `None` is the end of the tree.
    end: Option<Vec<u8>>,
    key: PhantomData<fn() -> K>,
}

/// The first and the last of some keys, as bytes.
pub(super) type KeyBounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

impl<K: TableKey> Span<K> {
    /// Every key.
    pub fn all() -> Self {
        Self { start: Vec::new(), end: None, key: PhantomData }
    }

    /// The keys that begin with these parts.
    pub fn within(parts: &impl KeyPrefix<K>) -> Self {
        let start = parts.prefix();
        Self { end: behind(&start), start, key: PhantomData }
    }

    /// Those that do not come before these parts.
    #[must_use]
    pub fn from(self, parts: &impl KeyPrefix<K>) -> Self {
        Self { start: self.start.max(parts.prefix()), ..self }
    }

    /// Those that come before these parts.
    #[must_use]
    pub fn until(self, parts: &impl KeyPrefix<K>) -> Self {
        let end = parts.prefix();
        let end = self.end.map_or_else(|| end.clone(), |own| own.min(end.clone()));
        Self { end: Some(end), ..self }
    }

    /// The bounds of what comes behind `after` in this order; `None` if that is nothing.
    pub(super) fn behind(self, after: Option<&K>, order: Order) -> Option<KeyBounds> {
        let after = after.map(K::to_bytes);
        let (start, end) = match order {
            Order::Ascending => {
                let start = match after {
                    Some(after) if after >= self.start => Excluded(after),
                    Some(_) | None => Included(self.start),
                };
                (start, self.end.map_or(Unbounded, Excluded))
            }
            Order::Descending => {
                let end = match (after, self.end) {
                    (Some(after), Some(end)) => Some(after.min(end)),
                    (after, end) => after.or(end),
                };
                (Included(self.start), end.map_or(Unbounded, Excluded))
            }
        };
        let is_empty = match (&start, &end) {
            (Included(start) | Excluded(start), Excluded(end)) => start >= end,
            (_, _) => false,
        };
        (!is_empty).then_some((start, end))
    }
}

/// The least bytes that are greater than all that begin with these.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::{ClientId, Id, Timestamp, VerificationId};

    type Key = (ClientId, Timestamp, VerificationId);

    fn key((client, at, id): (u8, i64, u8)) -> Key {
        let at = Timestamp::from_micros(at);
        (Id::from_bytes([client; 16]), at, Id::from_bytes([id; 16]))
    }

    fn keys() -> impl Strategy<Value = Key> {
        let byte = prop::sample::select(vec![0_u8, 1, 254, 255]);
        (byte.clone(), -2_i64..3, byte).prop_map(key)
    }

    proptest! {
        #[test]
        fn pages_joined_are_what_a_plain_filter_finds(
            keys in prop::collection::btree_set(keys().prop_map(|key| key.to_bytes()), 0..30),
            client in prop::sample::select(vec![0_u8, 1, 255]),
            from in prop::option::of(-2_i64..3),
            until in prop::option::of(-2_i64..3),
            is_descending in any::<bool>(),
            size in 1_usize..5,
        ) {
            let client = ClientId::from_bytes([client; 16]);
            let time = Timestamp::from_micros;
            let span = || {
                let span = Span::within(&(client,));
                let span = from.map_or(span, |at| Span::within(&(client,)).from(&(client, time(at))));
                match until {
                    Some(at) => span.until(&(client, time(at))),
                    None => span,
                }
            };
            let fits = |key: &Key| {
                let (of, at, _) = key;
                *of == client
                    && from.is_none_or(|from| *at >= time(from))
                    && until.is_none_or(|until| *at < time(until))
            };
            let mut expected: Vec<Key> =
                keys.iter().filter_map(|bytes| Key::from_bytes(bytes)).filter(fits).collect();
            let order = if is_descending { Order::Descending } else { Order::Ascending };
            if is_descending {
                expected.reverse();
            }
            let tree: BTreeSet<Vec<u8>> = keys;
            let mut found: Vec<Key> = Vec::new();
            while let Some(bounds) = span().behind(found.last(), order) {
                let read = |bytes: &Vec<u8>| Key::from_bytes(bytes).unwrap();
                let page: Vec<Key> = match order {
                    Order::Ascending => tree.range(bounds).take(size).map(read).collect(),
                    Order::Descending => tree.range(bounds).rev().take(size).map(read).collect(),
                };
                if page.is_empty() {
                    break;
                }
                found.extend(page);
                prop_assert!(found.len() <= expected.len());
            }
            prop_assert_eq!(found, expected);
        }
    }
}
