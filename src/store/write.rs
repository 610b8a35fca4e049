use super::codec::{self, BadRecord, Record};
use super::disk_space::DiskSpace;
use super::error::StoreError;
use super::indexing;
use super::key::{Order, Span, TableKey};
use super::overlay::{self, GroupOverlay, Overlay};
use super::schema::{ALL, DueKey};
use super::table::{self, AnyTable, Table, TableId};
use super::trees::Trees;
use crate::domain::Timestamp;

/// One write while it is being decided: reads see its own puts first, then those of the writes before it in its group,
/// then the trees.
///
/// Nothing reaches the group before the closure has returned `Ok`.
pub struct Write<'a> {
    trees: &'a Trees,
    space: &'a DiskSpace,
    group: &'a GroupOverlay,
    overlay: Overlay,
    due: Vec<DueKey>,
    effects: Vec<Effect>,
}

/// What is done once a write is on the device.
pub(super) type Effect = Box<dyn FnOnce() + Send>;

impl<'a> Write<'a> {
    /// A write that comes after those that have put `group`.
    pub(super) fn new(trees: &'a Trees, space: &'a DiskSpace, group: &'a GroupOverlay) -> Self {
        Self { trees, space, group, overlay: Overlay::new(), due: Vec::new(), effects: Vec::new() }
    }

    /// Reads one record.
    pub fn get<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
        key: &K,
    ) -> Result<Option<V>, StoreError> {
        match self.put_before(&(table.id, key.to_bytes())) {
            Some(Some(bytes)) => table::decode(table, bytes).map(Some),
            Some(None) => Ok(None),
            None => self.trees.get(table, key),
        }
    }

    /// The greatest key that there is a record of, found from the end of the tree.
    pub fn last<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
    ) -> Result<Option<K>, StoreError> {
        let is_kept =
            |place: &(TableId, Vec<u8>)| self.put_before(place).is_some_and(Option::is_some);
        let put = [&self.overlay, &self.group.changes].into_iter().filter_map(|overlay| {
            let mut places = overlay::of_table(overlay, table.id).map(|(place, _)| place).rev();
            places.find(|place| is_kept(place)).map(|(_, key)| key.clone())
        });
        let mut kept = self.trees.known(table.id)?.iter().keys().rev();
        let kept = loop {
            match kept.next().transpose()? {
                Some(key) if self.put_before(&(table.id, key.to_vec())) == Some(&None) => {}
                found => break found.map(|key| key.to_vec()),
            }
        };
        put.chain(kept).max().map(|key| table::key(table, &key)).transpose()
    }

    /// Reads up to `most` records of a span in the order of their keys, from behind `after` on. An index is as it was before
    /// this write.
    pub fn list<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
        span: Span<K>,
        after: Option<&K>,
        most: usize,
    ) -> Result<Vec<(K, V)>, StoreError> {
        let Some(bounds) = span.behind(after, Order::Ascending) else { return Ok(Vec::new()) };
        let mut put = overlay::within(&self.group.changes, table.id, &bounds);
        put.extend(overlay::within(&self.overlay, table.id, &bounds));
        let mut put = put.into_iter().peekable();
        let mut kept = self.trees.known(table.id)?.range::<Vec<u8>, _>(bounds);
        let mut next_kept = kept.next().transpose()?;
        let mut found = Vec::new();
        // The next record is the one with the lesser key; with equal keys, the one that was put.
        while found.len() < most {
            let is_put = match (put.peek(), &next_kept) {
                (Some((key, _)), Some((kept, _))) => **key <= kept[..],
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            let replaces = |(kept, _): &(sled::IVec, sled::IVec)| {
                put.peek().is_some_and(|(key, _)| **key == kept[..])
            };
            if is_put {
                if next_kept.as_ref().is_some_and(replaces) {
                    next_kept = kept.next().transpose()?;
                }
                if let Some((key, Some(value))) = put.next() {
                    found.push((table::key(table, key)?, table::decode(table, value)?));
                }
            } else if let Some((key, value)) = std::mem::take(&mut next_kept) {
                found.push((table::key(table, &key)?, table::decode(table, &value)?));
                next_kept = kept.next().transpose()?;
            }
        }
        Ok(found)
    }

    /// Puts a record in the place of the one before it, if there was one.
    pub fn put<K: TableKey, V: Record>(
        &mut self,
        table: Table<K, V>,
        key: &K,
        value: &V,
    ) -> Result<(), StoreError> {
        let bytes = codec::encode(value).map_err(|why| match why {
            BadRecord::TooLarge(_) => {
                StoreError::TooLarge { what: "a record", limit: "4096 bytes" }
            }
            BadRecord::Empty
            | BadRecord::Version { .. }
            | BadRecord::Layout(_)
            | BadRecord::Trailing(_) => {
                StoreError::Damaged { tree: table.name, why: why.to_string() }
            }
        })?;
        let place = (table.id, key.to_bytes());
        if let Some(at) = table.keep_until(value)
            && self.end_of(table, &place.1)?.is_none_or(|before| at < before)
        {
            self.sweep_at(DueKey { at, table: table.id, key: place.1.clone() });
        }
        self.overlay.insert(place, Some(bytes));
        Ok(())
    }

    /// Takes a record away.
    pub fn remove<K: TableKey, V: Record>(&mut self, table: Table<K, V>, key: &K) {
        self.overlay.insert((table.id, key.to_bytes()), None);
    }

    /// Takes away all there is of the world. For the demo's reset.
    pub fn remove_world(&mut self) -> Result<(), StoreError> {
        for table in ALL.iter().filter(|table| !table.survives_reset()) {
            for key in self.trees.known(table.id())?.iter().keys() {
                self.overlay.insert((table.id(), key?.to_vec()), None);
            }
            for (place, _) in overlay::of_table(&self.group.changes, table.id()) {
                self.overlay.insert(place.clone(), None);
            }
        }
        Ok(())
    }

    /// Has `effect` run when the write is on the device, before its caller is answered: in the order of the writes, and
    /// of the calls within one. A write that is refused, or whose sync fails, drops it.
    ///
    /// It runs on the thread that answers writes, which every later answer waits for: it sets a number, wakes a task or
    /// hands a line to the log, and waits for nothing.
    pub fn on_durable(&mut self, effect: impl FnOnce() + Send + 'static) {
        self.effects.push(Box::new(effect));
    }

    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether what has been put so far can be kept: it is asked again at the end, but not every closure can wait so long.
    pub fn check_room(&self) -> Result<(), StoreError> {
        let bytes = overlay::size(&self.overlay)? + self.group.bytes;
        if self.space.has_room_for(bytes) { Ok(()) } else { Err(StoreError::DiskFull) }
    }

    /// The same, using what is kept free on the disk.
    pub(super) fn check_size(&self) -> Result<(), StoreError> {
        overlay::size(&self.overlay).map(drop)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.overlay.is_empty() && self.due.is_empty()
    }

    pub(super) fn raw(&self, table: TableId, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.put_before(&(table, key.to_vec())) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.trees.known(table)?.get(key)?.map(|bytes| bytes.to_vec())),
        }
    }

    /// What this write or one before it in the group has put at a place: a record, or `None` where it removed one.
    fn put_before(&self, place: &(TableId, Vec<u8>)) -> Option<&Option<Vec<u8>>> {
        self.overlay.get(place).or_else(|| self.group.changes.get(place))
    }

    pub(super) fn remove_raw(&mut self, table: TableId, key: Vec<u8>) {
        self.overlay.insert((table, key), None);
    }

    /// Has the sweeper look at a record.
    pub(super) fn sweep_at(&mut self, due: DueKey) {
        self.due.push(due);
    }

    /// Everything that the write changes, indexes and counters included, and when the sweeper looks at its records.
    pub(super) fn into_parts(self) -> (Overlay, Vec<DueKey>) {
        (self.overlay, self.due)
    }

    /// Works out what changes in indexes and counters.
    pub(super) fn follow(&mut self) -> Result<(), StoreError> {
        indexing::follow(self.trees, &self.group.changes, &mut self.overlay)
    }

    /// When the record that is there now ends. One that has no end, or can't be read, has no entry for sweeping either.
    fn end_of<K: TableKey, V: Record>(
        &self,
        table: Table<K, V>,
        key: &[u8],
    ) -> Result<Option<Timestamp>, StoreError> {
        let bytes = self.raw(table.id, key)?;
        Ok(bytes.and_then(|bytes| table.end_of(&bytes).ok()).flatten())
    }
}
