//! The lines of a chunk, put within one write.

use std::collections::{HashMap, HashSet};

use super::line::{LineFault, NewEntry, NewRecord, ReadLine};
use super::merge::{Difference, Merge};
use crate::audit;
use crate::contract::{Place, RecordKey};
use crate::domain::audit::{AuditEvent, AuditRow, RecordKind};
use crate::domain::{
    Client, ClientId, Connection, FactorId, RequestOrigin, SecretDigest, Timestamp, UserId,
};
use crate::store::schema::{
    CLIENTS, CONNECTIONS, CONNECTIONS_BY_CLIENT, CONNECTIONS_BY_SECRET, FACTORS, FACTORS_BY_ID,
    PERSON_REQUESTS, PERSONS, TOKENS, USERS,
};
use crate::store::{Record, Span, StoreError, Table, TableKey, Write, encode};

/// The outcome of a line without faults.
#[derive(Debug, PartialEq, Eq)]
pub struct AppliedLine {
    /// The kind of record.
    pub kind: RecordKind,
    /// What became of the record.
    pub action: Action,
    /// The fields that took the value of the line. Empty for a new record.
    pub changed: Vec<&'static str>,
    /// The fields in which the line differs, and that stay as the store has them.
    pub kept: Vec<&'static str>,
}

/// What became of the record of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Added,
    /// It was there, and is another one now.
    Changed,
    /// It was there, and stays as it was.
    Unchanged,
}

impl AppliedLine {
    /// Notes that the `api_key` of a client was added.
    fn note_api_key(&mut self) {
        match self.action {
            Action::Added => {}
            Action::Changed | Action::Unchanged => {
                self.action = Action::Changed;
                self.changed.push("api_key");
                in_order(&mut self.changed);
            }
        }
    }
}

/// Puts the field `api_key` of a client, the last one of the list, before `is_blocked`.
fn in_order(fields: &mut [&'static str]) {
    if let [.., before, last] = fields
        && *before == "is_blocked"
    {
        std::mem::swap(before, last);
    }
}

/// A line's number, and its outcome or faults.
pub(super) type Chunked = (u64, Result<AppliedLine, Vec<LineFault>>);

/// A line that is not put.
enum NotPut {
    Faults(Vec<LineFault>),
    Store(StoreError),
}

impl From<StoreError> for NotPut {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl NotPut {
    fn conflict(place: Place, what: &'static str) -> Self {
        Self::Faults(vec![LineFault::Conflict { place, what }])
    }
}

/// A write with the records of one chunk.
pub(super) struct ChunkWrite<'w, 's> {
    write: &'w mut Write<'s>,
    now: Timestamp,
    /// The api-keys of this write, which the index has only when the write ends.
    api_keys: HashMap<SecretDigest, ClientId>,
    /// The factors of this write, for the same reason.
    factors: HashMap<FactorId, UserId>,
    /// How many records were added and changed.
    counts: [(RecordKind, u32, u32); RecordKind::ALL.len()],
}

impl<'w, 's> ChunkWrite<'w, 's> {
    pub(super) fn new(write: &'w mut Write<'s>, now: Timestamp) -> Self {
        let counts = RecordKind::ALL.map(|kind| (kind, 0, 0));
        Self { write, now, api_keys: HashMap::new(), factors: HashMap::new(), counts }
    }

    /// Puts the records of lines without faults. `also_there` has records that lines can refer to though the store lacks them;
    /// new ones are added.
    pub(super) fn put_all(
        &mut self,
        lines: &[ReadLine],
        also_there: &mut HashSet<RecordKey>,
    ) -> Result<Vec<Chunked>, StoreError> {
        let mut all = Vec::with_capacity(lines.len());
        for line in lines {
            let applied = match self.put_line(line, also_there) {
                Ok(applied) => {
                    self.count(&applied);
                    Ok(applied)
                }
                Err(NotPut::Faults(faults)) => Err(faults),
                Err(NotPut::Store(error)) => return Err(error),
            };
            all.push((line.number, applied));
        }
        Ok(all)
    }

    /// Adds a row of audit for each kind of record that was added or changed, with their number.
    pub(super) fn audit(&mut self, origin: RequestOrigin) -> Result<(), StoreError> {
        for (kind, added, changed) in self.counts {
            let events = [
                (AuditEvent::RecordsAdded(kind), added),
                (AuditEvent::RecordsChanged(kind), changed),
            ];
            for (event, times) in events.into_iter().filter(|(_, times)| *times > 0) {
                let row = AuditRow { times, ..AuditRow::new(self.now, event, origin) };
                audit::append(self.write, &row)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, line: &AppliedLine) {
        for (kind, added, changed) in &mut self.counts {
            if *kind == line.kind {
                *added += u32::from(line.action == Action::Added);
                *changed += u32::from(line.action == Action::Changed);
            }
        }
    }

    /// Puts the record of a line, unless it has faults. All of them are found: its own, missing references, and contradictions.
    fn put_line(
        &mut self,
        line: &ReadLine,
        also_there: &mut HashSet<RecordKey>,
    ) -> Result<AppliedLine, NotPut> {
        let missing = self.missing_references(line, also_there)?;
        let entry = match &line.entry {
            Ok(entry) => entry,
            Err(faults) => return Err(NotPut::Faults([&faults[..], &missing].concat())),
        };
        let conflicts = self.conflicts(entry)?;
        if !missing.is_empty() || !conflicts.is_empty() {
            return Err(NotPut::Faults([missing, conflicts].concat()));
        }
        let applied = self.merge_record(entry)?;
        if applied.action == Action::Added {
            also_there.extend(match &entry.record {
                NewRecord::Client { client, .. } => Some(RecordKey::Client(client.id)),
                NewRecord::User(user) => Some(RecordKey::User(user.id)),
                NewRecord::Person(person) => Some(RecordKey::Person(person.id)),
                NewRecord::Token(..) | NewRecord::Factor(_) | NewRecord::PersonRequest(_) => None,
            });
        }
        Ok(applied)
    }

    fn merge_record(&mut self, entry: &NewEntry) -> Result<AppliedLine, NotPut> {
        match &entry.record {
            NewRecord::Client { client, connection, .. } => {
                self.merge_client(entry, client, connection.as_ref())
            }
            NewRecord::User(user) => self.merge(entry, USERS, &user.id, user),
            NewRecord::Person(person) => self.merge(entry, PERSONS, &person.id, person),
            NewRecord::Token(digest, token) => self.merge(entry, TOKENS, digest, token),
            NewRecord::Factor(factor) => {
                self.factors.insert(factor.id, factor.user_id);
                self.merge(entry, FACTORS, &factor.user_id, factor)
            }
            NewRecord::PersonRequest(request) => {
                self.merge(entry, PERSON_REQUESTS, &request.id, request)
            }
        }
    }

    /// The references to records that are neither on an earlier line nor in the store.
    fn missing_references(
        &self,
        line: &ReadLine,
        also_there: &HashSet<RecordKey>,
    ) -> Result<Vec<LineFault>, StoreError> {
        let mut faults = Vec::new();
        for (key, place) in &line.referred {
            let is_there = match key {
                RecordKey::Client(id) => self.write.get(CLIENTS, id)?.is_some(),
                RecordKey::User(id) => self.write.get(USERS, id)?.is_some(),
                RecordKey::Person(id) => self.write.get(PERSONS, id)?.is_some(),
                RecordKey::ApiKey(_)
                | RecordKey::Token(_)
                | RecordKey::Factor(_)
                | RecordKey::FactorOf(_)
                | RecordKey::PersonRequest(_) => true,
            };
            if !is_there && !also_there.contains(key) {
                faults.push(LineFault::Missing { place: *place, key: *key });
            }
        }
        Ok(faults)
    }

    /// The contradictions between a line and the stored records: what never changes.
    fn conflicts(&self, entry: &NewEntry) -> Result<Vec<LineFault>, StoreError> {
        let conflict = |field, what| {
            let place = entry.place.field(field, entry.place.line());
            LineFault::Conflict { place, what }
        };
        let differs = |differs: bool, field, what| differs.then(|| conflict(field, what));
        Ok(match &entry.record {
            NewRecord::Client { client, connection, .. } => self
                .api_key_conflict(entry, client, connection.as_ref())?
                .map(|what| conflict("api_key", what))
                .into_iter()
                .collect(),
            NewRecord::Token(digest, token) => {
                let Some(stored) = self.write.get(TOKENS, digest)? else { return Ok(Vec::new()) };
                let is_other_user = stored.user_id != token.user_id;
                let is_other_client = stored.client_id != token.client_id;
                let user = differs(is_other_user, "user_id", "the token is another user's");
                let client = differs(is_other_client, "client_id", "the token is another client's");
                user.into_iter().chain(client).collect()
            }
            NewRecord::Factor(factor) => {
                let stored = self.write.get(FACTORS, &factor.user_id)?;
                let has_other = stored.is_some_and(|stored| stored.id != factor.id);
                let user = self.user_with(factor.id)?;
                let is_other_user = user.is_some_and(|user| user != factor.user_id);
                let has_other = differs(has_other, "id", "the user has another factor");
                let is_taken = differs(is_other_user, "id", "another user has this factor");
                has_other.or(is_taken).into_iter().collect()
            }
            NewRecord::PersonRequest(request) => {
                let stored = self.write.get(PERSON_REQUESTS, &request.id)?;
                let is_other = stored.is_some_and(|stored| stored.client_id != request.client_id);
                let what = "the person request is another client's";
                differs(is_other, "client_id", what).into_iter().collect()
            }
            NewRecord::User(_) | NewRecord::Person(_) => Vec::new(),
        })
    }

    fn api_key_conflict(
        &self,
        entry: &NewEntry,
        client: &Client,
        connection: Option<&Connection>,
    ) -> Result<Option<&'static str>, StoreError> {
        let stored = self.write.get(CLIENTS, &client.id)?;
        if entry.has_new_secret && stored.is_some() {
            let what =
                "the client was added by another load meanwhile, and the new api-key is void";
            return Ok(Some(what));
        }
        let Some(connection) = connection else { return Ok(None) };
        let owner = self.owner_of(connection.secret)?;
        let is_taken = owner.is_some_and(|owner| owner != client.id);
        let is_conflict = is_taken && !self.has_key(client.id)?;
        Ok(is_conflict.then_some("another client has this api-key"))
    }

    /// Puts a client, and the connection of its `api_key` unless the client has one.
    fn merge_client(
        &mut self,
        entry: &NewEntry,
        client: &Client,
        connection: Option<&Connection>,
    ) -> Result<AppliedLine, NotPut> {
        let Some(connection) = connection else {
            return self.merge(entry, CLIENTS, &client.id, client);
        };
        let owner = self.owner_of(connection.secret)?;
        let has_key = self.has_key(client.id)?;
        let mut applied = self.merge(entry, CLIENTS, &client.id, client)?;
        if !has_key {
            self.api_keys.insert(connection.secret, client.id);
            self.put(entry, CONNECTIONS, &connection.id, connection)?;
            applied.note_api_key();
        } else if owner != Some(client.id) {
            applied.kept.push("api_key");
            in_order(&mut applied.kept);
        }
        Ok(applied)
    }

    /// The client that has this `api-key`.
    fn owner_of(&self, secret: SecretDigest) -> Result<Option<ClientId>, StoreError> {
        if let Some(owner) = self.api_keys.get(&secret) {
            return Ok(Some(*owner));
        }
        let Some(id) = self.write.get(CONNECTIONS_BY_SECRET, &secret)? else { return Ok(None) };
        Ok(self.write.get(CONNECTIONS, &id)?.map(|connection| connection.client_id))
    }

    /// Whether the client has an `api-key`, be it of an earlier line.
    fn has_key(&self, client: ClientId) -> Result<bool, StoreError> {
        let is_loaded = self.write.get(CONNECTIONS, &Connection::id_for(client))?.is_some();
        let span = Span::within(&(client,));
        Ok(is_loaded || !self.write.list(CONNECTIONS_BY_CLIENT, span, None, 1)?.is_empty())
    }

    /// The user that has the factor with this id.
    fn user_with(&self, id: FactorId) -> Result<Option<UserId>, StoreError> {
        if let Some(user) = self.factors.get(&id) {
            return Ok(Some(*user));
        }
        let Some(user) = self.write.get(FACTORS_BY_ID, &id)? else { return Ok(None) };
        let is_there = self.write.get(FACTORS, &user)?.is_some_and(|factor| factor.id == id);
        Ok(is_there.then_some(user))
    }

    /// Puts a new record, or merges the line into the stored one.
    fn merge<K: TableKey, V: Record + Merge + Clone>(
        &mut self,
        entry: &NewEntry,
        table: Table<K, V>,
        key: &K,
        given: &V,
    ) -> Result<AppliedLine, NotPut> {
        let kind = entry.record.kind();
        let Some(mut stored) = self.write.get(table, key)? else {
            self.put(entry, table, key, given)?;
            let (changed, kept) = (Vec::new(), Vec::new());
            return Ok(AppliedLine { kind, action: Action::Added, changed, kept });
        };
        let Difference { changed, kept } = stored.merge(given, self.now);
        let action = if changed.is_empty() { Action::Unchanged } else { Action::Changed };
        if action == Action::Changed {
            self.put(entry, table, key, &stored)?;
        }
        Ok(AppliedLine { kind, action, changed, kept })
    }

    fn put<K: TableKey, V: Record>(
        &mut self,
        entry: &NewEntry,
        table: Table<K, V>,
        key: &K,
        record: &V,
    ) -> Result<(), NotPut> {
        if encode(record).is_err() {
            let what = "the record has more than 4096 bytes: shorten its texts";
            return Err(NotPut::conflict(entry.place, what));
        }
        Ok(self.write.put(table, key, record)?)
    }
}
