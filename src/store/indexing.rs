//! Keeps secondary indexes and counters.
//!
//! A write works them out once, when its closure has returned: from each record as the trees have it and as the write
//! leaves it. So no caller keeps an index, and none can forget one; sweeping and the reset of a demo keep them too. Within a
//! write, reads of an index see it as it was before the write.
//!
//! An index that is new, or has another version, is made anew when the directory is opened.

use std::collections::BTreeMap;

use super::codec::{self, BadRecord};
use super::database::Database;
use super::error::StoreError;
use super::index::{Changes, Count, Derived};
use super::overlay::Overlay;
use super::schema;
use super::table::{AnyTable, TableId};
use super::trees::Trees;

impl Changes {
    /// Notes what follows from one record. A record that can't be read has no entries.
    fn note(
        &mut self,
        table: &dyn AnyTable,
        key: &[u8],
        before: Option<&[u8]>,
        after: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let read = |bytes: Option<&[u8]>| bytes.and_then(|bytes| table.record(key, bytes).ok());
        let (before, after) = (read(before), read(after));
        for derived in derived_of(table.id()) {
            derived
                .follow(before.as_deref(), after.as_deref(), self)
                .map_err(|why| StoreError::Damaged { tree: table.name(), why: why.to_string() })?;
        }
        Ok(())
    }

    /// Every change as a record put, or `None` for one removed. `count` returns a count as it is now.
    fn into_records(
        self,
        count: impl Fn(TableId, &[u8]) -> Result<u64, StoreError>,
    ) -> Result<Overlay, StoreError> {
        let mut records = Overlay::new();
        // What is removed comes first: its key may be another record's from now on.
        records.extend(self.removed.into_iter().map(|place| (place, None)));
        records.extend(self.put.into_iter().map(|(id, key, value)| ((id, key), Some(value))));
        for ((id, key), added) in self.added.into_iter().filter(|(_, added)| *added != 0) {
            let number = count(id, &key)?.saturating_add_signed(added);
            let record = (number > 0).then(|| codec::encode(&Count { number })).transpose();
            let record = record.map_err(|why| damaged(id, &why))?;
            records.insert((id, key), record);
        }
        Ok(records)
    }
}

/// Adds to a write what follows from its records in indexes and counters. `group` is what was put before it.
pub(super) fn follow(
    trees: &Trees,
    group: &Overlay,
    overlay: &mut Overlay,
) -> Result<(), StoreError> {
    let before = |id: TableId, key: &[u8]| match group.get(&(id, key.to_vec())) {
        Some(put) => Ok(put.as_deref().map(sled::IVec::from)),
        None => Ok::<_, StoreError>(trees.known(id)?.get(key)?),
    };
    // What stands there was put for the write's own reads only.
    overlay.retain(|(id, _), _| !schema::DERIVED.iter().any(|derived| derived.to() == *id));
    let mut changes = Changes::default();
    for ((id, key), after) in &*overlay {
        if derived_of(*id).next().is_none() {
            continue;
        }
        let Some(table) = schema::table(*id) else { continue };
        changes.note(table, key, before(*id, key)?.as_deref(), after.as_deref())?;
    }
    let records = changes.into_records(|id, key| match before(id, key)? {
        Some(bytes) => codec::decode::<Count>(&bytes)
            .map(|count| count.number)
            .map_err(|why| damaged(id, &why)),
        None => Ok(0),
    })?;
    overlay.extend(records);
    Ok(())
}

/// Makes every index and counter anew that has another version than the directory's.
pub(super) fn make_anew(trees: &Trees, database: &Database) -> Result<(), StoreError> {
    let versions = versions();
    let found = database.index_versions()?;
    let found: Vec<_> = found.as_deref().unwrap_or_default().chunks(2).collect();
    let is_other =
        |derived: &&&dyn Derived| !found.contains(&&[derived.to(), derived.version()][..]);
    let others: Vec<_> =
        schema::DERIVED.iter().filter(is_other).map(|derived| derived.to()).collect();
    if others.is_empty() {
        return Ok(());
    }
    for id in &others {
        clear(trees, database, *id)?;
    }
    let mut records = 0_u64;
    for table in schema::ALL {
        let made = |derived: &&dyn Derived| others.contains(&derived.to());
        if derived_of(table.id()).any(|derived| made(&derived)) {
            records += fill(trees, database, *table, &others)?;
        }
    }
    database.sync()?;
    database.set_index_versions(&versions)?;
    if records > 0 {
        tracing::info!(indexes = others.len(), records, "indexes were made anew");
    }
    Ok(())
}

/// Puts the entries of every record of this table into these trees.
fn fill(
    trees: &Trees,
    database: &Database,
    table: &dyn AnyTable,
    into: &[TableId],
) -> Result<u64, StoreError> {
    let mut counts = BTreeMap::new();
    let mut records = 0;
    for row in &trees.known(table.id())? {
        let (key, value) = row?;
        let mut changes = Changes::default();
        changes.note(table, &key, None, Some(&value))?;
        for (id, key, value) in changes.put.iter().filter(|(id, ..)| into.contains(id)) {
            database.change(&trees.known(*id)?, key, Some(value))?;
        }
        for (place, added) in changes.added.into_iter().filter(|((id, _), _)| into.contains(id)) {
            *counts.entry(place).or_default() += added;
        }
        records += 1;
    }
    let counted = Changes { added: counts, ..Changes::default() };
    for ((id, key), value) in counted.into_records(|_, _| Ok(0))? {
        database.change(&trees.known(id)?, &key, value.as_deref())?;
    }
    Ok(records)
}

fn clear(trees: &Trees, database: &Database, id: TableId) -> Result<(), StoreError> {
    let tree = trees.known(id)?;
    for key in tree.iter().keys() {
        database.change(&tree, &key?, None)?;
    }
    Ok(())
}

/// The indexes and counters of this table.
fn derived_of(id: TableId) -> impl Iterator<Item = &'static dyn Derived> {
    schema::DERIVED.iter().copied().filter(move |derived| derived.of() == id)
}

/// The tree and the version of each, as the directory notes them.
fn versions() -> Vec<u8> {
    schema::DERIVED.iter().flat_map(|derived| [derived.to(), derived.version()]).collect()
}

fn damaged(id: TableId, why: &BadRecord) -> StoreError {
    let tree = schema::table(id).map_or("", |table| table.name());
    StoreError::Damaged { tree, why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::config::StoreConfig;
    use crate::domain::{
        AuthenticationMethod, ClientId, Connection, Id, PersonRequest, PersonRequestId,
        PersonRequestStatus, SecretDigest, Timestamp,
    };
    use crate::store::schema::{
        CONNECTIONS, CONNECTIONS_BY_SECRET, PERSON_REQUEST_COUNTS, PERSON_REQUESTS,
        PERSON_REQUESTS_BY_CLIENT, PERSON_REQUESTS_BY_STATUS,
    };
    use crate::store::{Order, Priority, Span, Store, Write};

    const CONFIG: StoreConfig = StoreConfig { cache_mib: 8, reserve_mib: 0 };

    const STATUSES: [PersonRequestStatus; 3] =
        [PersonRequestStatus::New, PersonRequestStatus::Approved, PersonRequestStatus::Cancelled];

    /// Puts a request, or removes it.
    type Change = (u8, Option<(u8, u8, i64)>);

    type Requests = BTreeMap<PersonRequestId, PersonRequest>;

    fn change() -> impl Strategy<Value = Change> {
        (0_u8..12, prop::option::weighted(0.8, (0_u8..3, 0_u8..3, 0_i64..4)))
    }

    fn request((id, put): Change) -> (PersonRequestId, Option<PersonRequest>) {
        let id = Id::from_bytes([id; 16]);
        let put = put.map(|(client, status, at)| PersonRequest {
            id,
            client_id: Id::from_bytes([client; 16]),
            person_id: None,
            status: STATUSES[usize::from(status)],
            authentication_method: AuthenticationMethod::Na,
            approved_by: None,
            inserted_at: Timestamp::from_micros(at),
            updated_at: Timestamp::from_micros(at),
        });
        (id, put)
    }

    /// Has the writer thread take all of them at once.
    fn carry_out(store: &Store, requests: &mut Requests, writes: Vec<Vec<Change>>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut queued = Vec::new();
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let first = store.clone();
        queued.push(runtime.spawn(async move {
            let wait = move |_: &mut Write<'_>| {
                held.recv().unwrap();
                Ok::<_, StoreError>(())
            };
            first.write(Priority::Normal, wait).await
        }));
        for changes in writes {
            for (id, request) in changes.iter().copied().map(request) {
                match request {
                    Some(request) => drop(requests.insert(id, request)),
                    None => drop(requests.remove(&id)),
                }
            }
            let store = store.clone();
            let put = move |write: &mut Write<'_>| {
                for (id, request) in changes.into_iter().map(request) {
                    match request {
                        Some(request) => write.put(PERSON_REQUESTS, &id, &request)?,
                        None => write.remove(PERSON_REQUESTS, &id),
                    }
                }
                Ok::<_, StoreError>(())
            };
            queued.push(runtime.spawn(async move { store.write(Priority::Normal, put).await }));
        }
        runtime.spawn(async move { let_go.send(()).unwrap() });
        for write in queued {
            runtime.block_on(write).unwrap().unwrap();
        }
    }

    /// The indexes and counts have each request once, under what it is now.
    fn follows(store: &Store, requests: &Requests) {
        for client in (0..3).map(|client| ClientId::from_bytes([client; 16])) {
            let of_client = || requests.values().filter(|request| request.client_id == client);
            let mut expected: Vec<_> =
                of_client().map(|it| (client, it.inserted_at, it.id)).collect();
            expected.sort_by_key(|(_, at, id)| (*at, *id.as_bytes()));
            let span = Span::within(&(client,));
            let found = store.list(PERSON_REQUESTS_BY_CLIENT, span, Order::Ascending, None, 99);
            let found: Vec<_> = found.unwrap().into_iter().map(|(key, _)| key).collect();
            assert_eq!(found, expected);
            for status in STATUSES {
                let number = of_client().filter(|it| it.status == status).count();
                let span = Span::within(&(client, status));
                let found =
                    store.list(PERSON_REQUESTS_BY_STATUS, span, Order::Descending, None, 99);
                assert_eq!(found.unwrap().len(), number);
                let count = store.get(PERSON_REQUEST_COUNTS, &(client, status)).unwrap();
                assert_eq!(count.map_or(0, |count| count.number), number as u64);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn indexes_and_counts_follow_every_write_and_come_back_when_they_are_made_anew(
            writes in prop::collection::vec(prop::collection::vec(change(), 1..9), 1..9),
            strays in prop::collection::vec(any::<[u8; 40]>(), 0..4),
        ) {
            let home = tempfile::tempdir().unwrap();
            let store = Store::open(home.path(), CONFIG).unwrap();
            let mut requests = Requests::new();
            carry_out(&store, &mut requests, writes);
            follows(&store, &requests);
            drop(store);
            // As a release with another index has left it.
            let database = Database::open(&home.path().join("store"), CONFIG).unwrap();
            let tree = database.tree(PERSON_REQUESTS_BY_CLIENT.name).unwrap();
            for stray in strays {
                tree.insert(stray, &[1]).unwrap();
            }
            database.tree(PERSON_REQUEST_COUNTS.name).unwrap().clear().unwrap();
            database.set_index_versions(&[]).unwrap();
            drop((tree, database));
            std::fs::remove_file(home.path().join("seal")).unwrap();
            follows(&Store::open(home.path(), CONFIG).unwrap(), &requests);
        }
    }

    #[test]
    fn an_api_key_that_one_connection_gives_up_and_another_gets_is_the_other_s() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), CONFIG).unwrap();
        let key = |byte: u8| SecretDigest::from_bytes([byte; 32]);
        let at = Timestamp::from_micros;
        let connection = |id: u8, (current, previous): (u8, Option<u8>)| {
            let (id, client) = (Id::from_bytes([id; 16]), Id::from_bytes([9; 16]));
            let new = |byte| Connection::new(id, client, key(byte), None, at(0));
            match previous {
                Some(previous) => new(previous).rotated(key(current), None, at(2), at(1)),
                None => new(current),
            }
        };
        let put = |connections: [Connection; 2]| {
            let put_all = move |write: &mut Write<'_>| {
                connections.iter().try_for_each(|it| write.put(CONNECTIONS, &it.id, it))
            };
            store.write_blocking(Priority::Normal, put_all).unwrap();
        };
        for (one, other) in [
            ((7, None), (8, None)),
            ((8, None), (7, None)),
            ((6, Some(8)), (7, None)),
            ((6, None), (8, Some(7))),
            ((8, Some(6)), (7, None)),
        ] {
            put([connection(1, one), connection(2, other)]);
            let mut expected = BTreeMap::new();
            for (id, (current, previous)) in [(1, one), (2, other)] {
                for byte in [Some(current), previous].into_iter().flatten() {
                    expected.insert(key(byte), Id::from_bytes([id; 16]));
                }
            }
            let found = store.page(CONNECTIONS_BY_SECRET, None, 9).unwrap();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{one:?} {other:?}");
        }
    }
}
