//! Applies records to a running node, a line at a time: new ones are added, and attributes of stored ones change.
//!
//! A state never moves backward: nothing is approved, revived, unblocked or deleted, and no token is un-revoked. The rules are
//! in `merge`. So a load that breaks off can be repeated with the same result.
//!
//! - `line`: reads a line, and collects all of its faults;
//! - `merge`: what a line changes of a stored record;
//! - `put`: the records of a chunk, in one write.

mod line;
mod merge;
mod put;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

pub use line::{LineFault, LineText, NotJson};
use line::{NewEntry, NewRecord, ReadLine};
pub use put::{Action, AppliedLine};
use put::{ChunkWrite, Chunked};

use super::Service;
use super::import::{Expected, ImportFault, Notices, RevealedSecret};
use crate::contract::{Context, RecordKey};
use crate::domain::{ClientId, Connection, Refusal, RequestOrigin, Timestamp};
use crate::entropy::draw_secret;
use crate::store::schema::CLIENTS;
use crate::store::{Priority, StoreError};

/// The most lines of a chunk, which is one durable write. More would delay the writes behind it.
pub const CHUNK: usize = 64;

/// The pause after the store has refused a chunk because too many writes wait, and the most such pauses in a row.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
const MOST_PAUSES: u32 = 100;

/// A load: lines in chunks, by one caller.
pub struct Load {
    origin: RequestOrigin,
    is_dry_run: bool,
    /// Whether secrets can stand in clear: on a demo.
    clear_secrets: bool,
    /// The clients, users and persons that a dry run would have added so far. Later lines refer to them.
    would_be_there: HashSet<RecordKey>,
    totals: Totals,
}

/// The numbers of a load so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Lines that were read, without empty ones.
    pub lines: u64,
    /// New records.
    pub added: u64,
    /// Stored records that a line changed.
    pub changed: u64,
    /// Stored records that were as their line says, but for the states that were kept.
    pub unchanged: u64,
    /// Lines, among `changed` and `unchanged`, with a state or secret that stays as the node has it.
    pub kept: u64,
    /// Lines that changed nothing because they have faults.
    pub refused: u64,
}

/// A line with faults.
#[derive(Debug)]
pub struct RefusedLine {
    /// The number of the line, from 1 on.
    pub number: u64,
    /// All of its faults.
    pub faults: Vec<LineFault>,
}

/// A chunk that was read, and is not applied yet.
pub struct Chunk {
    lines: Arc<[ReadLine]>,
    /// The secrets that are made for new clients. Each is shown before the chunk is applied: the store has only its digest.
    pub secrets: Vec<(u64, RevealedSecret)>,
}

/// The outcome of a chunk.
#[derive(Default)]
pub struct AppliedChunk {
    /// The lines without faults, each with its number.
    pub applied: Vec<(u64, AppliedLine)>,
    /// The lines with faults, sorted by number.
    pub refused: Vec<RefusedLine>,
    /// Warnings about lines that were applied.
    pub notices: Vec<ImportFault>,
}

impl Load {
    /// Begins a load by this caller. A dry run changes nothing.
    pub fn new(origin: RequestOrigin, is_dry_run: bool, clear_secrets: bool) -> Self {
        let (would_be_there, totals) = (HashSet::new(), Totals::default());
        Self { origin, is_dry_run, clear_secrets, would_be_there, totals }
    }

    /// The numbers so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Reads lines, of which there are at most [`CHUNK`], and makes the secrets of new clients.
    pub fn read(
        &self,
        service: &Service,
        texts: &[LineText],
        now: Timestamp,
    ) -> Result<Chunk, Refusal> {
        let context = Context { now, codes: None, clear_secrets: self.clear_secrets };
        let (mut lines, mut secrets) = (Vec::new(), Vec::new());
        let mut with_secret = HashSet::new();
        for text in texts {
            let mut line = ReadLine::read(text, context);
            if let Ok(entry) = &mut line.entry
                && !self.is_dry_run
                && let Some(secret) = entry.generate(service, &mut with_secret, now)?
            {
                secrets.push((line.number, secret));
            }
            lines.push(line);
        }
        Ok(Chunk { lines: lines.into(), secrets })
    }

    /// Applies a chunk in one durable write, with rows of audit for what it changed. While too many writes wait, it tries
    /// again for ten seconds.
    ///
    /// Errors: [`Refusal::Busy`] and [`Refusal::DiskFull`] if the chunk changed nothing, [`Refusal::StorageFailed`] if that is
    /// not known.
    pub async fn apply(
        &mut self,
        service: &Service,
        chunk: Chunk,
        expected: Expected<'_>,
        now: Timestamp,
    ) -> Result<AppliedChunk, Refusal> {
        let Chunk { lines, .. } = chunk;
        let mut done = AppliedChunk::default();
        if !lines.is_empty() {
            let written = self.write(service, &lines, now).await?;
            for (line, (number, applied)) in lines.iter().zip(written) {
                match applied {
                    Ok(applied) => {
                        if let Ok(entry) = &line.entry {
                            done.notices.extend(notices(entry, &applied, expected, now));
                        }
                        done.applied.push((number, applied));
                    }
                    Err(faults) => done.refused.push(RefusedLine { number, faults }),
                }
            }
        }
        self.totals.count(&done);
        Ok(done)
    }

    async fn write(
        &mut self,
        service: &Service,
        lines: &Arc<[ReadLine]>,
        now: Timestamp,
    ) -> Result<Vec<Chunked>, Refusal> {
        if self.is_dry_run {
            return self.try_out(service, lines, now).await;
        }
        let mut pauses = 0;
        loop {
            let (lines, origin) = (Arc::clone(lines), self.origin);
            let write = service.store.write(Priority::Normal, move |write| {
                let mut chunk = ChunkWrite::new(write, now);
                let applied = chunk.put_all(&lines, &mut HashSet::new())?;
                chunk.audit(origin)?;
                Ok(applied)
            });
            match write.await {
                Err(StoreError::Busy) if pauses < MOST_PAUSES => pauses += 1,
                other => return Ok(other?),
            }
            tokio::time::sleep(BUSY_PAUSE).await;
        }
    }

    /// Decides in a write that then refuses, so that it changes nothing.
    async fn try_out(
        &mut self,
        service: &Service,
        lines: &Arc<[ReadLine]>,
        now: Timestamp,
    ) -> Result<Vec<Chunked>, Refusal> {
        let (lines, mut would_be_there) =
            (Arc::clone(lines), std::mem::take(&mut self.would_be_there));
        let decide = move |write: &mut crate::store::Write<'_>| {
            let applied = ChunkWrite::new(write, now).put_all(&lines, &mut would_be_there)?;
            Err(TriedOut::Decided(applied, would_be_there))
        };
        match service.store.write::<(), _, _>(Priority::Normal, decide).await {
            Ok(()) => Ok(Vec::new()),
            Err(TriedOut::Decided(applied, would_be_there)) => {
                self.would_be_there = would_be_there;
                Ok(applied)
            }
            Err(TriedOut::Failed(error)) => Err(error.into()),
        }
    }
}

/// The end of a write that changes nothing.
enum TriedOut {
    Decided(Vec<Chunked>, HashSet<RecordKey>),
    Failed(StoreError),
}

impl From<StoreError> for TriedOut {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl NewEntry {
    /// Makes the api-key of a client that the store does not have, if its line says `generate`. A client of an earlier line
    /// of the chunk, `with_secret`, gets no second one.
    fn generate(
        &mut self,
        service: &Service,
        with_secret: &mut HashSet<ClientId>,
        now: Timestamp,
    ) -> Result<Option<RevealedSecret>, Refusal> {
        let NewRecord::Client { client, connection, generates } = &mut self.record else {
            return Ok(None);
        };
        let is_there = service.store.get(CLIENTS, &client.id)?.is_some();
        let is_new = !is_there && with_secret.insert(client.id);
        if !*generates || !is_new {
            return Ok(None);
        }
        let drawn = draw_secret(&*service.otp.entropy).map_err(|error| {
            tracing::error!(%error, "no api-key was made");
            Refusal::StorageFailed
        })?;
        let (id, last_four) = (Connection::id_for(client.id), drawn.last_four());
        let new = Connection::new(id, client.id, drawn.digest(), last_four, now);
        *connection = Some(new);
        self.has_new_secret = true;
        let owner = format!("api-key of client {}", client.name);
        Ok(Some(RevealedSecret { owner, secret: drawn, is_new: true }))
    }
}

/// Warnings about values that a line has put: those that `import` gives, too. A repeated line gets none.
fn notices(
    entry: &NewEntry,
    applied: &AppliedLine,
    expected: Expected<'_>,
    now: Timestamp,
) -> Vec<ImportFault> {
    let has_put = |field| applied.action == Action::Added || applied.changed.contains(&field);
    let place = |field| entry.place.field(field, entry.place.line());
    let mut notices = Notices::default();
    match &entry.record {
        NewRecord::Client { client, .. } => {
            if let Some(scope) = client.broker_scope.as_ref().filter(|_| has_put("broker_scope")) {
                notices.of_scopes(&expected, place("broker_scope"), scope);
            }
        }
        NewRecord::Token(_, token) => {
            if has_put("scope") {
                notices.of_scopes(&expected, place("scope"), &token.scope);
            }
            if has_put("expires_at") {
                notices.of_token(place("expires_at"), token, now);
            }
        }
        NewRecord::PersonRequest(request) if applied.action == Action::Added => {
            notices.of_request(&expected, place("inserted_at"), request, now);
        }
        NewRecord::PersonRequest(_)
        | NewRecord::User(_)
        | NewRecord::Person(_)
        | NewRecord::Factor(_) => {}
    }
    notices.into_list()
}

impl Totals {
    fn count(&mut self, chunk: &AppliedChunk) {
        self.lines += (chunk.applied.len() + chunk.refused.len()) as u64;
        self.refused += chunk.refused.len() as u64;
        for (_, line) in &chunk.applied {
            match line.action {
                Action::Added => self.added += 1,
                Action::Changed => self.changed += 1,
                Action::Unchanged => self.unchanged += 1,
            }
            self.kept += u64::from(!line.kept.is_empty());
        }
    }
}
