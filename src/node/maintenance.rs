//! The periodic work of a node, every [`MAINTAIN_EVERY`].

use std::sync::Arc;
use std::time::Duration;

use super::log_watch::LogWatch;
use crate::audit::{AuditError, AuditLog};
use crate::clock::{Clock, ClockWatch};
use crate::domain::Timestamp;
use crate::store::{Store, StoreError};

/// The interval of maintenance.
const MAINTAIN_EVERY: Duration = Duration::from_secs(30);

/// The most records that one write sweeps. Other writes wait for at most one such write.
const SWEEP_MOST: usize = 512;

/// Marks and sweeps the store, removes old files of audit and compares the clocks. Runs until it is aborted.
pub(super) async fn maintain(
    store: Store,
    log: Arc<AuditLog>,
    clock: Arc<dyn Clock>,
    keep_audit: Duration,
    watch: LogWatch,
) {
    let mut timer = tokio::time::interval(MAINTAIN_EVERY);
    let mut clocks = ClockWatch::default();
    loop {
        timer.tick().await;
        watch.look();
        clocks.look(&*clock);
        match store.mark().await {
            // The store logs a full disk itself, once.
            Ok(()) | Err(StoreError::DiskFull) => {}
            Err(error) => {
                tracing::warn!(%error, "the progress of the store could not be noted");
            }
        }
        let now = clock.now();
        match sweep(&store, now).await {
            Ok(until) => trim(&log, now, until, keep_audit).await,
            Err(StoreError::Busy | StoreError::DiskFull) => {}
            Err(error) => tracing::error!(%error, "the store could not be swept"),
        }
    }
}

/// Sweeps expired records in writes of [`SWEEP_MOST`]. Returns the time up to which records were swept.
async fn sweep(store: &Store, now: Timestamp) -> Result<Timestamp, StoreError> {
    let until = store.sweep_until(now).await?;
    while store.sweep(until, SWEEP_MOST).await? >= SWEEP_MOST {}
    Ok(until)
}

/// Removes audit files that are older than `keep`.
async fn trim(log: &Arc<AuditLog>, now: Timestamp, until: Timestamp, keep: Duration) {
    let log = Arc::clone(log);
    let trimmed = tokio::task::spawn_blocking(move || log.trim(now, until, keep)).await;
    match trimmed {
        Ok(Ok(_) | Err(AuditError::Store(StoreError::Busy | StoreError::DiskFull))) => {}
        Ok(Err(error)) => tracing::error!(%error, "old rows of audit could not be removed"),
        Err(error) => tracing::error!(%error, "old rows of audit could not be removed"),
    }
}
