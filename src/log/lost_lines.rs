use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counts of lost log lines, shared by the log and the audit. Each count only grows.
#[derive(Clone, Default)]
pub struct LostLines(Arc<Counts>);

#[derive(Default)]
struct Counts {
    lost: AtomicU64,
    /// The part of `lost` that the log has reported in a line.
    reported: AtomicU64,
    /// The part of `lost` that [`LostLines::take_reported`] and [`LostLines::take_all`] have returned.
    taken: AtomicU64,
}

impl LostLines {
    /// The lines that the log has reported as lost, since the last `take`.
    pub fn take_reported(&self) -> u64 {
        self.take(&self.0.reported)
    }

    /// All lines that were lost since the last `take`, reported or not.
    pub fn take_all(&self) -> u64 {
        self.take(&self.0.lost)
    }

    pub(super) fn add_one(&self) {
        self.0.lost.fetch_add(1, Ordering::SeqCst);
    }

    /// The lines that were lost and are not reported yet.
    pub(super) fn unreported(&self) -> u64 {
        self.0.lost.load(Ordering::SeqCst) - self.0.reported.load(Ordering::SeqCst)
    }

    /// Counts so many more lines as reported. Only the thread of the log calls this.
    pub(super) fn add_reported(&self, lines: u64) {
        self.0.reported.fetch_add(lines, Ordering::SeqCst);
    }

    /// The lines lost so far.
    #[cfg(test)]
    pub(super) fn total(&self) -> u64 {
        self.0.lost.load(Ordering::SeqCst)
    }

    fn take(&self, count: &AtomicU64) -> u64 {
        let now = count.load(Ordering::SeqCst);
        now - self.0.taken.swap(now, Ordering::SeqCst)
    }
}
