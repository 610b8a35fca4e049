use std::sync::Arc;
use std::time::Duration;

use super::log::{AuditError, AuditLog, ChainHash};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::store::StoreError;

/// Pause between two moves of rows from the database to their files.
const EVERY: Duration = Duration::from_secs(1);

/// Most moves per second, and at the end of a node: 64 of 128 rows. Only a data directory of an earlier release has
/// more; the rest stays in the database until later.
const MOST_MOVES: usize = 64;

/// Moves audit rows to their files while a node runs, and logs the head of the log once a day.
pub struct RowMover {
    log: Arc<AuditLog>,
    clock: Arc<dyn Clock>,
    /// The day (`2026-12-01`) on which the head was last logged.
    logged_day: String,
    is_failing: bool,
}

impl RowMover {
    /// Moves the rows of `log`, by the time of `clock`.
    pub fn of(log: Arc<AuditLog>, clock: Arc<dyn Clock>) -> Self {
        Self { log, clock, logged_day: String::new(), is_failing: false }
    }

    /// Moves rows once a second until `stop` ends. Then it moves the rest and closes the log.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut timer = tokio::time::interval(EVERY);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stop = std::pin::pin!(stop);
        loop {
            let goes_on = tokio::select! {
                () = &mut stop => false,
                _ = timer.tick() => true,
            };
            let (log, now) = (Arc::clone(&self.log), self.clock.now());
            if !goes_on {
                return self.report(run_blocking(move || end(&log, now)).await);
            }
            self.report(run_blocking(move || move_rows(&log, now)).await);
            if let Some((number, hash)) = self.head_to_log(now) {
                tracing::info!(number, %hash, "head of the audit");
            }
        }
    }

    /// The number and hash of the last entry, once a day. In the log of the node it is a copy that can't be changed
    /// with the audit.
    fn head_to_log(&mut self, now: Timestamp) -> Option<(u64, ChainHash)> {
        let day = now.day();
        if day == self.logged_day {
            return None;
        }
        let head = self.log.head().ok().flatten();
        if head.is_some() {
            self.logged_day = day;
        }
        head
    }

    /// Logs the first failure and the first success after it. Meanwhile the rows are safe in the database.
    fn report(&mut self, moved: Result<(), AuditError>) {
        match moved {
            Ok(()) if self.is_failing => {
                tracing::info!("rows of audit move to their files again");
                self.is_failing = false;
            }
            Err(AuditError::Store(StoreError::Busy | StoreError::DiskFull)) | Ok(()) => {}
            Err(_) if self.is_failing => {}
            Err(error) => {
                tracing::error!(%error, "rows of audit stay in the database: they can't be moved to their files");
                self.is_failing = true;
            }
        }
    }
}

fn move_rows(log: &AuditLog, now: Timestamp) -> Result<(), AuditError> {
    for _ in 0..MOST_MOVES {
        if !log.move_rows(now)? {
            break;
        }
    }
    Ok(())
}

fn end(log: &AuditLog, now: Timestamp) -> Result<(), AuditError> {
    move_rows(log, now)?;
    log.close(now)
}

/// File operations block, so they run on a thread of `spawn_blocking`.
async fn run_blocking(
    work: impl FnOnce() -> Result<(), AuditError> + Send + 'static,
) -> Result<(), AuditError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AnchorKeys, append};
    use crate::clock::ManualClock;
    use crate::config::StoreConfig;
    use crate::domain::Requester;
    use crate::domain::audit::{AuditEvent, AuditRow};
    use crate::store::Priority;
    use crate::store::Store;

    #[test]
    fn the_head_is_told_once_a_day_from_the_first_row_on() {
        let now = Timestamp::parse("2026-12-01T12:00:00Z").unwrap();
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), StoreConfig::default()).unwrap();
        let log = Arc::new(AuditLog::open(store.clone(), AnchorKeys::of([]), now).unwrap());
        let mut mover = RowMover::of(Arc::clone(&log), Arc::new(ManualClock::at(now)));
        assert_eq!(mover.head_to_log(now), None, "there is none yet");
        let row = AuditRow::new(now, AuditEvent::CodeIssued, Requester::default());
        store.write_blocking(Priority::Normal, move |write| append(write, &row)).unwrap();
        move_rows(&log, now).unwrap();
        assert_eq!(mover.head_to_log(now).unwrap().0, 1);
        assert_eq!(mover.head_to_log(now + Duration::from_hours(11)), None);
        let next = now + Duration::from_hours(12);
        assert_eq!(mover.head_to_log(next), log.head().unwrap());
        assert_eq!(mover.head_to_log(next), None);
    }
}
