use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;

use super::{PhoneKey, append};
use crate::domain::audit::{AuditEvent, AuditRow, AuditSubject, PhoneHash};
use crate::domain::limits::{Budget, Rate};
use crate::domain::{Phone, Refusal, RequestOrigin, Requester, Timestamp};
use crate::store::{Priority, Store, StoreError, Write};

/// How often what was noted is written.
const EVERY: Duration = Duration::from_secs(1);

/// Different refusals that are kept between two writes. Beyond that they are only counted.
const MOST: usize = 1024;

/// Refusals that get a row of their own: so many at once, and on and on one each five seconds. A caller that sends bad tokens
/// from ever new addresses fills no disk with that.
const ROWS: Budget =
    Budget { burst: 10_000, period: Duration::from_secs(50_000), low_water: 10_000 };

/// Rows that one write has at most, so that it holds up no other for long.
const TOGETHER: usize = 64;

/// Writes refusals down behind the answers to them.
///
/// A refusal is cheap and must stay so: a caller with a thousand bad tokens a second must not make the disk write a
/// thousand times. So refusals are gathered, equal ones as one row with a count, and written once a second; of too many
/// different ones, only their number. A process that is killed loses those of its last second.
pub struct Recorder {
    store: Store,
    phone_key: Option<PhoneKey>,
    noted: Mutex<PendingRefusals>,
    /// Held while rows are on their way, so that a flush that finds nothing knows that all is written.
    turn: AsyncMutex<Vec<AuditRow>>,
}

/// What was noted since it was last taken.
#[derive(Default)]
struct PendingRefusals {
    rows: Vec<AuditRow>,
    places: HashMap<AuditSubject, usize>,
    spent: Rate,
    beyond: Option<AuditRow>,
}

impl Recorder {
    /// A recorder that writes to this store.
    pub fn new(store: Store) -> Self {
        Self { store, phone_key: None, noted: Mutex::default(), turn: AsyncMutex::default() }
    }

    /// The same, with what numbers are hashed with.
    #[must_use]
    pub fn with_phone_key(self, key: PhoneKey) -> Self {
        Self { phone_key: Some(key), ..self }
    }

    /// What this number's rows can be found by.
    pub fn phone_hash(&self, phone: Phone) -> Option<PhoneHash> {
        self.phone_key.as_ref().map(|key| key.hash(phone))
    }

    /// Notes a row, in memory. It may be called within a write.
    pub fn note(&self, row: AuditRow) {
        self.noted().add(row);
    }

    /// Notes a refusal, if its kind is audited.
    pub fn note_refusal(
        &self,
        at: Timestamp,
        refusal: &Refusal,
        requester: impl Into<RequestOrigin>,
    ) {
        if let Some(event) = AuditEvent::of(refusal) {
            self.note(AuditRow::new(at, event, requester));
        }
    }

    /// Writes what was noted before the call. What could not be written is kept for the next time.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let mut under_way = self.turn.lock().await;
        // What is left of a time when it could not be written comes first; no more is taken before that is gone.
        self.write(&mut under_way).await?;
        *under_way = self.noted().take();
        self.write(&mut under_way).await
    }

    /// Takes away what is written.
    async fn write(&self, under_way: &mut Vec<AuditRow>) -> Result<(), StoreError> {
        while !under_way.is_empty() {
            let next: Vec<_> = under_way.iter().take(TOGETHER).cloned().collect();
            let count = next.len();
            let append_all =
                move |write: &mut Write<'_>| next.iter().try_for_each(|row| append(write, row));
            self.store.write(Priority::Normal, append_all).await?;
            under_way.drain(..count);
        }
        Ok(())
    }

    /// Writes once a second until `stop` ends, and then once more.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut timer = tokio::time::interval(EVERY);
        let mut stop = std::pin::pin!(stop);
        loop {
            let goes_on = tokio::select! {
                () = &mut stop => false,
                _ = timer.tick() => true,
            };
            match self.flush().await {
                // The store itself says that, once.
                Ok(()) | Err(StoreError::Busy | StoreError::DiskFull) if goes_on => {}
                Ok(()) => return,
                Err(error) if goes_on => {
                    tracing::error!(%error, "refusals could not be written into the audit");
                }
                Err(error) => {
                    tracing::error!(%error, "the last refusals are missing in the audit");
                    return;
                }
            }
        }
    }

    fn noted(&self) -> MutexGuard<'_, PendingRefusals> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PendingRefusals {
    fn add(&mut self, row: AuditRow) {
        let is_full =
            self.rows.len() >= MOST || self.spent.allows_at(ROWS, ROWS.burst, row.at) > row.at;
        // Of these there is one at a time, and a caller that fills the log would fill this too.
        let is_full = is_full && row.what.event != AuditEvent::LogLinesLost;
        let seen = match self.places.entry(row.what.clone()) {
            Entry::Occupied(place) => &mut self.rows[*place.get()],
            Entry::Vacant(_) if is_full => {
                self.beyond.get_or_insert_with(|| AuditRow { times: 0, ..not_recorded(row.at) })
            }
            Entry::Vacant(place) => {
                self.spent.spend(ROWS, row.at);
                place.insert(self.rows.len());
                self.rows.push(row);
                return;
            }
        };
        seen.times = seen.times.saturating_add(row.times);
    }

    fn take(&mut self) -> Vec<AuditRow> {
        let spent = self.spent;
        let Self { rows, beyond, .. } = std::mem::replace(self, Self { spent, ..Self::default() });
        rows.into_iter().chain(beyond).collect()
    }
}

fn not_recorded(at: Timestamp) -> AuditRow {
    AuditRow::new(at, AuditEvent::NotRecorded, Requester::default())
}
