//! Which messages get the places: `sms.parallel` of them.
//!
//! - A message that has not hung yet is a first try; one that may have left, and is sent once more, is a second try. A
//!   number whose route hangs makes one of each, and each holds its place for the whole time-out.
//! - First tries go before second tries.
//! - A quarter of the places (one at least) is for second tries: they never hold more, and first tries leave them as many
//!   of those as there are second tries that wait. With a single place there is nothing to share: it is for first tries
//!   while any wait.
//! - When a driver takes a probe only, it is one message: a first try if there is one.

use super::circuit_breaker::Admission;

/// How many messages are with drivers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lanes {
    /// All of them that there may be.
    pub(super) parallel: usize,
    /// First tries.
    pub(super) first: usize,
    /// Second tries.
    pub(super) second: usize,
}

/// So many of both kinds: messages that wait, or that may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tries {
    pub(super) first: usize,
    pub(super) second: usize,
}

impl Lanes {
    /// How many may be claimed of those that are due, with this admission of drivers for first and second tries.
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

    /// How many places no message holds.
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
