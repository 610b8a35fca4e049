//! Shares `sms.parallel` places between first and second tries.
//!
//! - A message that has not hung yet is a first try. A message that may have left, and is sent once more, is a second try.
//!   Each holds its place until its driver answers, at most for the time-out.
//! - First tries go before second tries.
//! - A quarter of the places (one at least) is for second tries: they never hold more, and first tries leave them as many
//!   of those as there are second tries that wait. With a single place there is nothing to share: it is for first tries
//!   while any wait.
//! - When a driver takes a probe only, it is one message: a first try if there is one.

use super::circuit_breaker::Admission;

/// The messages that are with drivers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lanes {
    /// The places: `sms.parallel`.
    pub(super) parallel: usize,
    /// First tries that are with drivers.
    pub(super) first: usize,
    /// Second tries that are with drivers.
    pub(super) second: usize,
}

/// A number of messages of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tries {
    pub(super) first: usize,
    pub(super) second: usize,
}

impl Lanes {
    /// How many of the due messages may be claimed, with these admissions of first and second tries.
    pub(super) fn claims(
        self,
        due: Tries,
        first_admission: Admission,
        second_admission: Admission,
    ) -> Tries {
        let share = (self.parallel / 4).max(1).saturating_sub(self.second);
        let second = due.second.min(share).min(most(second_admission));
        let kept = if self.parallel == 1 { 0 } else { second };
        let first = due.first.min(self.free().saturating_sub(kept)).min(most(first_admission));
        let is_probe = second_admission == Admission::Probe && first > 0;
        let second = if is_probe { 0 } else { second.min(self.free() - first) };
        Tries { first, second }
    }

    /// The number of free places.
    pub(super) fn free(self) -> usize {
        self.parallel.saturating_sub(self.first + self.second)
    }
}

fn most(admission: Admission) -> usize {
    match admission {
        Admission::Blocked(_) => 0,
        Admission::Probe => 1,
        Admission::Open => usize::MAX,
    }
}

#[cfg(test)]
mod tests;
