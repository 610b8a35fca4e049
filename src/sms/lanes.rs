//! Which messages get the places: `sms.parallel` of them.
//!
//! - A message that has not hung yet is a first try; one that may have left, and is sent once more, is a second try. A
//!   number whose route hangs makes one of each, and each holds its place for the whole time-out.
//! - First tries go before second tries.
//! - A quarter of the places (one at least) is for second tries: they never hold more, and first tries leave them as many
//!   of those as there are second tries that wait. With a single place there is nothing to share: it is for first tries
//!   while any wait.
//! - When a driver takes a trial only, it is one message: a first try if there is one.

use super::breaker::Room;

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
    /// How many may be claimed of those that are due, with drivers that have this room for first and second tries.
    pub(super) fn claims(self, due: Tries, first_room: Room, second_room: Room) -> Tries {
        let share = (self.parallel / 4).max(1).saturating_sub(self.second);
        let second = due.second.min(share).min(most(second_room));
        let kept = if self.parallel == 1 { 0 } else { second };
        let first = due.first.min(self.free().saturating_sub(kept)).min(most(first_room));
        let is_trial = second_room == Room::One && first > 0;
        let second = if is_trial { 0 } else { second.min(self.free() - first) };
        Tries { first, second }
    }

    /// Places that no message holds.
    pub(super) fn free(self) -> usize {
        self.parallel.saturating_sub(self.first + self.second)
    }
}

fn most(room: Room) -> usize {
    match room {
        Room::Nobody(_) => 0,
        Room::One => 1,
        Room::All => usize::MAX,
    }
}

#[cfg(test)]
mod tests;
