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

/// Pause between two writes of collected refusals.
const EVERY: Duration = Duration::from_secs(1);

/// Most different refusals that are collected between two writes; further ones are counted in one `NotRecorded` row.
const MOST: usize = 1024;

/// Budget of rows for refusals: 10 000 at once, then one every 5 s. A caller that sends bad tokens from ever new
/// addresses can't fill the disk.
const ROWS: Budget =
    Budget { burst: 10_000, period: Duration::from_secs(50_000), low_water: 10_000 };

/// Most rows in one write: a larger write would delay the others in the queue.
const TOGETHER: usize = 64;

/// Writes refusals to the audit after they were answered.
///
/// A refusal has to stay cheap: a caller with a thousand bad tokens per second must not cause a thousand disk writes.
/// So equal refusals become one row with a count, and all are written once a second. Of too many different ones only
/// the number is written. A killed process loses the refusals of its last second.
pub struct Recorder {
    store: Store,
    phone_key: Option<PhoneKey>,
    noted: Mutex<PendingRefusals>,
    /// Rows on their way to the store. The lock is held during a write, so a `flush` that finds no rows knows that all
    /// earlier ones are written.
    turn: AsyncMutex<Vec<AuditRow>>,
}

/// The refusals that were collected since the last `flush`.
#[derive(Default)]
struct PendingRefusals {
    rows: Vec<AuditRow>,
    places: HashMap<AuditSubject, usize>,
    spent: Rate,
    beyond: Option<AuditRow>,
}

impl Recorder {
    /// A recorder that writes to this store, without hashes of phones.
    pub fn new(store: Store) -> Self {
        Self { store, phone_key: None, noted: Mutex::default(), turn: AsyncMutex::default() }
    }

    /// The recorder with a [`PhoneKey`], so that [`Recorder::phone_hash`] returns hashes.
    #[must_use]
    pub fn with_phone_key(self, key: PhoneKey) -> Self {
        Self { phone_key: Some(key), ..self }
    }

    /// The phone's hash for an audit row; `None` without a [`PhoneKey`].
    pub fn phone_hash(&self, phone: Phone) -> Option<PhoneHash> {
        self.phone_key.as_ref().map(|key| key.hash(phone))
    }

    /// Collects a row in memory. It takes no lock of the store, so it may be called within a write.
    pub fn note(&self, row: AuditRow) {
        self.noted().add(row);
    }

    /// Collects a refusal if [`AuditEvent::of`] has an event for it.
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

    /// Writes the rows collected before the call. Rows that could not be written stay for the next call.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let mut under_way = self.turn.lock().await;
        // Rows that an earlier call could not write come first. New ones are collected in memory until these are
        // written.
        self.write(&mut under_way).await?;
        *under_way = self.noted().take();
        self.write(&mut under_way).await
    }

    /// Writes `under_way` in pieces of [`TOGETHER`] rows and removes what is written.
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

    /// Calls `flush` once a second until `stop` ends, and once after that.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut timer = tokio::time::interval(EVERY);
        let mut stop = std::pin::pin!(stop);
        loop {
            let goes_on = tokio::select! {
                () = &mut stop => false,
                _ = timer.tick() => true,
            };
            match self.flush().await {
                // The store logs `Busy` and `DiskFull` itself, once.
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
        // There is at most one `LogLinesLost` at a time, and the caller that fills the log may also have filled this.
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
