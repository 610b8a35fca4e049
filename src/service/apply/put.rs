//! The lines of a chunk, put within one write.

use std::collections::{HashMap, HashSet};

use super::line::{LineFault, NewLine, NewRecord};
use super::merge::{Difference, Merge};
use crate::audit;
use crate::contract::{Place, RecordKey};
use crate::domain::audit::{AuditEvent, AuditRow, RecordKind};
use crate::domain::{
    AuthenticationFactor, Client, ClientId, Connection, FactorId, PersonRequest, RequestOrigin,
    SecretDigest, Timestamp, Token, UserId,
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
        lines: &[NewLine],
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

    fn put_line(
        &mut self,
        line: &NewLine,
        also_there: &mut HashSet<RecordKey>,
    ) -> Result<AppliedLine, NotPut> {
        self.check_references(line, also_there)?;
        let applied = match &line.record {
            NewRecord::Client { client, connection, .. } => {
                self.put_client(line, client, connection.as_ref())?
            }
            NewRecord::User(user) => self.merge(line, USERS, &user.id, user)?,
            NewRecord::Person(person) => self.merge(line, PERSONS, &person.id, person)?,
            NewRecord::Token(digest, token) => self.put_token(line, digest, token)?,
            NewRecord::Factor(factor) => self.put_factor(line, factor)?,
            NewRecord::PersonRequest(request) => self.put_person_request(line, request)?,
        };
        if applied.action == Action::Added {
            also_there.extend(match &line.record {
                NewRecord::Client { client, .. } => Some(RecordKey::Client(client.id)),
                NewRecord::User(user) => Some(RecordKey::User(user.id)),
                NewRecord::Person(person) => Some(RecordKey::Person(person.id)),
                NewRecord::Token(..) | NewRecord::Factor(_) | NewRecord::PersonRequest(_) => None,
            });
        }
        Ok(applied)
    }

    /// Refuses references to records that are neither on an earlier line nor in the store.
    fn check_references(
        &self,
        line: &NewLine,
        also_there: &HashSet<RecordKey>,
    ) -> Result<(), NotPut> {
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
        if faults.is_empty() { Ok(()) } else { Err(NotPut::Faults(faults)) }
    }

    /// Puts a client, and the connection of its `api_key` unless the client has one.
    fn put_client(
        &mut self,
        line: &NewLine,
        client: &Client,
        connection: Option<&Connection>,
    ) -> Result<AppliedLine, NotPut> {
        let place = line.place.field("api_key", line.place.line());
        let stored = self.write.get(CLIENTS, &client.id)?;
        if line.has_new_secret && stored.is_some() {
            let what =
                "the client was added by another load meanwhile, and the new api-key is void";
            return Err(NotPut::conflict(place, what));
        }
        let Some(connection) = connection else {
            return self.merge(line, CLIENTS, &client.id, client);
        };
        let owner = self.owner_of(connection.secret)?;
        let has_key = self.has_key(client.id)?;
        if !has_key && owner.is_some_and(|owner| owner != client.id) {
            return Err(NotPut::conflict(place, "another client has this api-key"));
        }
        let mut applied = self.merge(line, CLIENTS, &client.id, client)?;
        if !has_key {
            self.api_keys.insert(connection.secret, client.id);
            self.put(line, CONNECTIONS, &connection.id, connection)?;
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

    fn put_token(
        &mut self,
        line: &NewLine,
        digest: &SecretDigest,
        token: &Token,
    ) -> Result<AppliedLine, NotPut> {
        if let Some(stored) = self.write.get(TOKENS, digest)? {
            if stored.user_id != token.user_id {
                let place = line.place.field("user_id", line.place.line());
                return Err(NotPut::conflict(place, "the token is another user's"));
            }
            if stored.client_id != token.client_id {
                let place = line.place.field("client_id", line.place.line());
                return Err(NotPut::conflict(place, "the token is another client's"));
            }
        }
        self.merge(line, TOKENS, digest, token)
    }

    fn put_factor(
        &mut self,
        line: &NewLine,
        factor: &AuthenticationFactor,
    ) -> Result<AppliedLine, NotPut> {
        let place = line.place.field("id", line.place.line());
        let stored = self.write.get(FACTORS, &factor.user_id)?;
        if stored.is_some_and(|stored| stored.id != factor.id) {
            return Err(NotPut::conflict(place, "the user has another factor"));
        }
        if self.user_with(factor.id)?.is_some_and(|user| user != factor.user_id) {
            return Err(NotPut::conflict(place, "another user has this factor"));
        }
        let applied = self.merge(line, FACTORS, &factor.user_id, factor)?;
        self.factors.insert(factor.id, factor.user_id);
        Ok(applied)
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

    fn put_person_request(
        &mut self,
        line: &NewLine,
        request: &PersonRequest,
    ) -> Result<AppliedLine, NotPut> {
        let stored = self.write.get(PERSON_REQUESTS, &request.id)?;
        if stored.is_some_and(|stored| stored.client_id != request.client_id) {
            let place = line.place.field("client_id", line.place.line());
            return Err(NotPut::conflict(place, "the person request is another client's"));
        }
        self.merge(line, PERSON_REQUESTS, &request.id, request)
    }

    /// Puts a new record, or merges the line into the stored one.
    fn merge<K: TableKey, V: Record + Merge + Clone>(
        &mut self,
        line: &NewLine,
        table: Table<K, V>,
        key: &K,
        given: &V,
    ) -> Result<AppliedLine, NotPut> {
        let kind = line.record.kind();
        let Some(mut stored) = self.write.get(table, key)? else {
            self.put(line, table, key, given)?;
            let (changed, kept) = (Vec::new(), Vec::new());
            return Ok(AppliedLine { kind, action: Action::Added, changed, kept });
        };
        let Difference { changed, kept } = stored.merge(given, self.now);
        let action = if changed.is_empty() { Action::Unchanged } else { Action::Changed };
        if action == Action::Changed {
            self.put(line, table, key, &stored)?;
        }
        Ok(AppliedLine { kind, action, changed, kept })
    }

    fn put<K: TableKey, V: Record>(
        &mut self,
        line: &NewLine,
        table: Table<K, V>,
        key: &K,
        record: &V,
    ) -> Result<(), NotPut> {
        if encode(record).is_err() {
            let what = "the record has more than 4096 bytes: shorten its texts";
            return Err(NotPut::conflict(line.place, what));
        }
        Ok(self.write.put(table, key, record)?)
    }
}
