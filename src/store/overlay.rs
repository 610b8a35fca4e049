use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::ops::RangeBounds;

use super::error::StoreError;
use super::key::KeyBounds;
use super::schema::DueKey;
use super::table::TableId;

/// Largest redo record: what one write may change at most. An entry of a file that is imported has at least 43 bytes (a user's
/// id alone), and comes to 51 here: what a file may have, 64 MiB, is reached before this.
const MAX_WRITE_BYTES: usize = 96 * 1024 * 1024;

/// What a write changes: a record put, or `None` for one removed.
pub(super) type Overlay = BTreeMap<(TableId, Vec<u8>), Option<Vec<u8>>>;

/// What the writes of a group change together.
#[derive(Default)]
pub(super) struct GroupOverlay {
    pub(super) changes: Overlay,
    /// When the sweeper looks at records, in whole seconds.
    pub(super) due: BTreeSet<DueKey>,
    /// At least the bytes of the changes.
    pub(super) bytes: u64,
}

impl GroupOverlay {
    /// Adds what one write more changes.
    pub(super) fn add(&mut self, changes: Overlay, due: Vec<DueKey>) -> Result<(), StoreError> {
        self.bytes += size(&changes)?;
        self.changes.extend(changes);
        self.due.extend(due.into_iter().map(|due| DueKey { at: due.at.rounded_up(), ..due }));
        Ok(())
    }
}

/// The changes of one tree.
pub(super) fn of_table(
    overlay: &Overlay,
    id: TableId,
) -> impl DoubleEndedIterator<Item = (&(TableId, Vec<u8>), &Option<Vec<u8>>)> {
    let end = id.checked_add(1).map_or(Unbounded, |next| Excluded((next, Vec::new())));
    overlay.range((Included((id, Vec::new())), end))
}

/// The changes of one tree within these bounds, by key.
pub(super) fn within<'o>(
    overlay: &'o Overlay,
    id: TableId,
    bounds: &KeyBounds,
) -> BTreeMap<&'o [u8], Option<&'o [u8]>> {
    let changes = of_table(overlay, id).map(|((_, key), value)| (&key[..], value.as_deref()));
    let bounds = (bounds.0.as_ref().map(Vec::as_slice), bounds.1.as_ref().map(Vec::as_slice));
    changes.filter(|(key, _)| RangeBounds::<&[u8]>::contains(&bounds, key)).collect()
}

/// How many bytes a write changes; refused when they are too many.
pub(super) fn size(overlay: &Overlay) -> Result<u64, StoreError> {
    let bytes: usize = overlay
        .iter()
        .map(|((_, key), value)| 16 + key.len() + value.as_ref().map_or(0, Vec::len))
        .sum();
    if bytes > MAX_WRITE_BYTES {
        return Err(StoreError::TooLarge { what: "one write", limit: "96 MiB" });
    }
    Ok(bytes as u64)
}
