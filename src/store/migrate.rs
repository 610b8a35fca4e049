//! Directories of earlier releases.
//!
//! A step turns a directory of one version into a directory of the next. The version in the database is raised when
//! everything that the step changed is on the device. A step that a crash interrupts is carried out again from its
//! beginning, so each step has to give the same result when parts of it are done already.

use super::codec::{self, BadRecord, Record};
use super::database::Database;
use super::earlier::ClientV1;
use super::error::StoreError;
use super::key::TableKey;
use super::schema::{
    CLIENTS, CLIENTS_BY_API_KEY, CONNECTIONS, DATA_VERSION, DUE, DueKey, DueRecords, GUESSES,
    TOKENS, USERS, VERIFIED_PHONES,
};
use super::table::{self, Table};
use super::trees::Trees;
use crate::domain::{Connection, Timestamp, Token};

/// What a step works on: the open trees, with every redo record of the last run carried out.
pub(super) struct Directory<'a> {
    pub(super) trees: &'a Trees,
    pub(super) database: &'a Database,
}

type MigrationStep = fn(&Directory<'_>) -> Result<(), StoreError>;

/// The step at place n leads from version n + 1 to the one after it.
const STEPS: [MigrationStep; DATA_VERSION as usize - 1] =
    [to_version_2, to_version_3, to_version_4, to_version_5];

/// Carries out every step that a directory of this version needs; one without a version is new.
pub(super) fn migrate(directory: &Directory<'_>, version: Option<u32>) -> Result<(), StoreError> {
    match version {
        Some(from) => run(directory, from, &STEPS),
        None => directory.database.set_version(DATA_VERSION),
    }
}

fn run(directory: &Directory<'_>, from: u32, steps: &[MigrationStep]) -> Result<(), StoreError> {
    for (step, version) in steps.iter().zip(1..).filter(|(_, version)| *version >= from) {
        step(directory)?;
        directory.database.sync()?;
        directory.database.set_version(version + 1)?;
        tracing::info!(from = version, to = version + 1, "the data directory was migrated");
    }
    Ok(())
}

/// Version 2: redo records have a version of their own, and those of version 1 are carried out by now. Records that had no end
/// have one, so they have to be found when it comes.
fn to_version_2(directory: &Directory<'_>) -> Result<(), StoreError> {
    if directory.trees.redo().first()?.is_some() {
        return Err(StoreError::Damaged { tree: "redo", why: "it is not empty".into() });
    }
    put_ends(directory, VERIFIED_PHONES)?;
    put_ends(directory, GUESSES)
}

/// Version 3: there are indexes, which an earlier release would not keep. They are made when the directory is opened.
#[expect(clippy::unnecessary_wraps, reason = "the type of every step")]
fn to_version_3(_: &Directory<'_>) -> Result<(), StoreError> {
    Ok(())
}

/// Version 4: an entry of the index for sweeping may have several records, which an earlier release can't read.
#[expect(clippy::unnecessary_wraps, reason = "the type of every step")]
fn to_version_4(_: &Directory<'_>) -> Result<(), StoreError> {
    Ok(())
}

/// Version 5: an api-key is a connection, and tokens have ids. A client's connection has the client's id, and a token's id
/// follows from its digest, so that both are the same when the step begins anew.
fn to_version_5(directory: &Directory<'_>) -> Result<(), StoreError> {
    put_connections(directory)?;
    // No client loses its key before the connection with it is on the device.
    directory.database.sync()?;
    rewrite(directory, CLIENTS, |_, _| {})?;
    rewrite(directory, USERS, |_, _| {})?;
    rewrite(directory, TOKENS, |digest, token| token.id = Token::id_for(digest))?;
    let old_index = directory.trees.known(CLIENTS_BY_API_KEY.id)?;
    for key in old_index.iter().keys() {
        directory.database.change(&old_index, &key?, None)?;
    }
    Ok(())
}

/// Puts a connection for every client that still has its key.
fn put_connections(directory: &Directory<'_>) -> Result<(), StoreError> {
    let connections = directory.trees.known(CONNECTIONS.id)?;
    for row in &directory.trees.known(CLIENTS.id)? {
        let (_, value) = row?;
        let Some((1, body)) = value.split_first() else { continue };
        let client: ClientV1 = codec::decode_body(body).map_err(|why| damaged(CLIENTS, &why))?;
        let Some(digest) = client.api_key_digest else { continue };
        let connection = Connection {
            inserted_at: None,
            updated_at: None,
            ..Connection::new(
                Connection::id_for(client.id),
                client.id,
                digest,
                None,
                Timestamp::from_micros(0),
            )
        };
        let bytes = codec::encode(&connection).map_err(|why| damaged(CONNECTIONS, &why))?;
        directory.database.change(&connections, &connection.id.to_bytes(), Some(&bytes))?;
    }
    Ok(())
}

/// Puts every record of an earlier layout in the present one, after `change`.
fn rewrite<K: TableKey, V: Record>(
    directory: &Directory<'_>,
    table: Table<K, V>,
    change: impl Fn(&K, &mut V),
) -> Result<(), StoreError> {
    let tree = directory.trees.known(table.id)?;
    for row in &tree {
        let (key, value) = row?;
        if value.first() == Some(&V::VERSION) {
            continue;
        }
        let mut record = table::decode(table, &value)?;
        change(&table::key(table, &key)?, &mut record);
        let bytes = codec::encode(&record).map_err(|why| damaged(table, &why))?;
        directory.database.change(&tree, &key, Some(&bytes))?;
    }
    Ok(())
}

fn damaged<K, V>(table: Table<K, V>, why: &BadRecord) -> StoreError {
    StoreError::Damaged { tree: table.name, why: why.to_string() }
}

/// Notes for every record of this table when it ends. What is noted already is noted in the same place.
fn put_ends<K: TableKey, V: Record>(
    directory: &Directory<'_>,
    table: Table<K, V>,
) -> Result<(), StoreError> {
    let due_tree = directory.trees.known(DUE.id)?;
    for row in &directory.trees.known(table.id)? {
        let (key, value) = row?;
        if let Some(at) = table.keep_until(&table::decode(table, &value)?) {
            let due = DueKey { at, table: table.id, key: key.to_vec() };
            directory.database.change(&due_tree, &due.to_bytes(), Some(&no_others()?))?;
        }
    }
    Ok(())
}

/// The value of an entry for one record.
fn no_others() -> Result<Vec<u8>, StoreError> {
    codec::encode(&DueRecords::default())
        .map_err(|why| StoreError::Damaged { tree: DUE.name, why: why.to_string() })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::config::StoreConfig;
    use crate::domain::SecretDigest;
    use crate::store::table::TableId;

    fn version(database: &Database) -> u32 {
        let found = database.version().unwrap().unwrap();
        u32::from_be_bytes(found.as_ref().try_into().unwrap())
    }

    #[test]
    fn each_step_is_carried_out_once_and_again_if_it_was_interrupted() {
        static RUN: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
        fn note(step: usize, is_interrupted_once: bool) -> Result<(), StoreError> {
            let before = RUN[step].fetch_add(1, Ordering::SeqCst);
            if is_interrupted_once && before == 0 {
                return Err(StoreError::Failed("a crash".into()));
            }
            Ok(())
        }
        let steps: [MigrationStep; 3] = [|_| note(0, false), |_| note(1, true), |_| note(2, false)];
        let home = tempfile::tempdir().unwrap();
        let config = StoreConfig { cache_mib: 8, ..StoreConfig::default() };
        let database = Database::open(home.path(), config).unwrap();
        let trees = Trees::open(&database).unwrap();
        let directory = Directory { trees: &trees, database: &database };
        database.set_version(1).unwrap();
        assert!(run(&directory, 1, &steps).is_err());
        assert_eq!(version(&database), 2, "the first step is done");
        run(&directory, 2, &steps).unwrap();
        assert_eq!(version(&database), 4);
        run(&directory, 4, &steps).unwrap();
        assert_eq!(RUN.each_ref().map(|count| count.load(Ordering::SeqCst)), [1, 2, 1]);
    }

    /// The records of a client with a key, a user and a token as data version 4 had them.
    const OLD: [(TableId, &[u8]); 3] = [
        (CLIENTS.id, include_bytes!("../../fixtures/records/v1/clients-vendor.bin")),
        (USERS.id, include_bytes!("../../fixtures/records/v1/users-patient.bin")),
        (TOKENS.id, include_bytes!("../../fixtures/records/v1/tokens.bin")),
    ];

    /// The keys of these records.
    fn old_key(table: TableId) -> Vec<u8> {
        match table {
            id if id == CLIENTS.id => vec![1; 16],
            id if id == USERS.id => vec![3; 16],
            _ => SecretDigest::of(b"a token").to_bytes(),
        }
    }

    #[test]
    fn a_key_becomes_the_same_connection_when_a_crash_has_lost_a_part_of_the_migration() {
        let home = tempfile::tempdir().unwrap();
        let config = StoreConfig { cache_mib: 8, ..StoreConfig::default() };
        let database = Database::open(home.path(), config).unwrap();
        let trees = Trees::open(&database).unwrap();
        let directory = Directory { trees: &trees, database: &database };
        let put_old = |tables: &[TableId]| {
            for (table, bytes) in OLD.iter().filter(|(table, _)| tables.contains(table)) {
                trees.tree(*table).unwrap().insert(old_key(*table), *bytes).unwrap();
            }
        };
        let all = |table: TableId| -> Vec<(Vec<u8>, Vec<u8>)> {
            let rows = trees.tree(table).unwrap().iter().map(Result::unwrap);
            rows.map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
        };
        let records = || [CLIENTS.id, CONNECTIONS.id, USERS.id, TOKENS.id].map(all);
        put_old(&[CLIENTS.id, USERS.id, TOKENS.id]);
        to_version_5(&directory).unwrap();
        let first = records();
        let [clients, connections, users, tokens] = &first;
        assert_eq!([clients.len(), connections.len(), users.len(), tokens.len()], [1; 4]);
        assert!([clients, users, tokens].iter().all(|rows| rows[0].1[0] == 2));
        let connection: Connection = codec::decode(&connections[0].1).unwrap();
        assert_eq!(connection.id.to_bytes(), [1; 16]);
        assert!(connection.accepts(&SecretDigest::of(b"an api-key"), Timestamp::from_micros(0)));
        // What is lost of the step is done again, and the rest stays.
        for lost in [&[CLIENTS.id][..], &[USERS.id, TOKENS.id], &[CLIENTS.id, TOKENS.id]] {
            put_old(lost);
            to_version_5(&directory).unwrap();
            assert_eq!(records(), first);
        }
        to_version_5(&directory).unwrap();
        assert_eq!(records(), first);
    }
}
