//! How src/otp/README.md counts: phones moment by moment, everything else as budgets that fill up evenly; and a code's own three
//! attempts.

use std::time::Duration;

use esoz_otp::domain::{Refusal, SpentReason, Timestamp};

use super::numbers::{ATTEMPTS, DAY, DRIFT, GIVEN_BACK, LIFE, Row};

/// What was counted for a phone, oldest first, and how much of it came since a right code.
#[derive(Default)]
pub(super) struct Tally {
    moments: Vec<Counted>,
    pub(super) in_a_row: u32,
}

/// A send or a guess, and whether windows count it no more.
#[derive(Clone, Copy)]
struct Counted {
    at: Timestamp,
    is_given_back: bool,
}

/// When everything spent will have come back, and whether it has run out since it was last half full.
pub(super) struct Budget {
    full_at: Timestamp,
    has_run_out: bool,
    /// When it was last spent from.
    spent_at: Timestamp,
}

pub(super) struct Code {
    pub(super) text: String,
    pub(super) issued: Timestamp,
    changed: Timestamp,
    pub(super) left: u8,
    pub(super) over: Option<SpentReason>,
}

impl Tally {
    /// The end of this long after the `nth` last, unless it is over at the later of now and the last.
    pub(super) fn until(&self, nth: u32, length: Duration, now: Timestamp) -> Option<Timestamp> {
        let mut counted = self.moments.iter().filter(|counted| !counted.is_given_back);
        let end = counted.nth_back(nth as usize - 1)?.at + length;
        Some(end).filter(|end| *end > self.as_of(now))
    }

    /// The end of the pause after as many as there were in a row within a day.
    pub(super) fn pause(&self, pauses: [Duration; 4], now: Timestamp) -> Option<Timestamp> {
        let in_a_row = self.moments.iter().rev().take(self.in_a_row as usize);
        let steps = in_a_row.take_while(|counted| counted.at + DAY > self.as_of(now)).count();
        let end = self.moments.last()?.at + pauses[steps.min(4).checked_sub(1)?];
        Some(end).filter(|end| *end > self.as_of(now))
    }

    /// No more are remembered than a limit asks about, and none longer than a day.
    pub(super) fn count(&mut self, remembered: u32, now: Timestamp) {
        let at = self.as_of(now);
        self.moments.push(Counted { at, is_given_back: false });
        self.in_a_row += 1;
        let beyond = self.moments.len().saturating_sub(remembered as usize);
        self.moments.drain(..beyond);
        self.moments.retain(|counted| counted.at + DAY > at);
    }

    /// The last one was no wrong guess, and those before it are no row any more.
    pub(super) fn forgive(&mut self) {
        self.moments.pop();
        self.in_a_row = 0;
    }

    /// The last one was not compared. Where those before it are forgotten, the row is kept as if its last one had been a day
    /// before.
    pub(super) fn take_back(&mut self) {
        let last = self.moments.pop();
        self.in_a_row -= 1;
        if let Some(last) = last.filter(|_| self.moments.is_empty() && self.in_a_row > 0) {
            self.moments.push(Counted { at: last.at - DAY, ..last });
        }
    }

    /// The send that was counted just now never left: it is given back, unless so many were in a day, or it was counted as
    /// of a clock that was ahead.
    pub(super) fn give_back(&mut self, now: Timestamp) -> bool {
        let of_the_day = |counted: &&Counted| counted.is_given_back && counted.at + DAY > now;
        let may = self.moments.iter().filter(of_the_day).count() < GIVEN_BACK as usize;
        let is_it = |counted: &&mut Counted| counted.at == now && !counted.is_given_back;
        let it = self.moments.iter_mut().find(is_it).filter(|_| may);
        it.map(|it| it.is_given_back = true).is_some()
    }

    /// An operator lets what a clock ahead has counted count as of now.
    pub(super) fn settle(&mut self, now: Timestamp) {
        self.moments.iter_mut().for_each(|counted| counted.at = now.min(counted.at));
    }

    /// Whether any is younger than a day.
    pub(super) fn is_recent(&self, now: Timestamp) -> bool {
        self.is_younger(DAY, now)
    }

    /// Whether any is younger than this.
    pub(super) fn is_younger(&self, age: Duration, now: Timestamp) -> bool {
        self.moments.last().is_some_and(|last| last.at + age > now)
    }

    fn as_of(&self, now: Timestamp) -> Timestamp {
        self.moments.last().map_or(now, |last| now.max(last.at))
    }
}

impl Budget {
    pub(super) fn full() -> Self {
        let never = Timestamp::from_micros(0);
        Self { full_at: never, has_run_out: false, spent_at: never }
    }

    /// Until when nothing is left for somebody who may use up so much of it.
    pub(super) fn until(&self, row: Row, usable: u32, now: Timestamp) -> Option<Timestamp> {
        let over = (self.owed(row, now) + row.piece()).checked_sub(row.piece() * usable)?;
        Some(now + over).filter(|end| *end > now)
    }

    /// Until when it is less than half full, if it has run out.
    pub(super) fn alarm_until(&self, row: Row, now: Timestamp) -> Option<Timestamp> {
        let over = self.owed(row, now).checked_sub(row.length / 2)?;
        Some(now + over).filter(|end| self.has_run_out && *end > now)
    }

    pub(super) fn spend(&mut self, row: Row, now: Timestamp) {
        let was_out = self.alarm_until(row, now).is_some();
        let owed = (self.owed(row, now) + row.piece()).min(row.length);
        self.has_run_out = was_out || owed + row.piece() > row.length;
        (self.full_at, self.spent_at) = (now + owed, now);
    }

    /// What was spent last was not owed.
    pub(super) fn give_back(&mut self, row: Row, now: Timestamp) {
        self.full_at = now + self.owed(row, now).saturating_sub(row.piece());
    }

    /// At a start with a clock that was set back, what was owed is owed as of now.
    pub(super) fn settle(&mut self, row: Row, now: Timestamp) {
        if self.spent_at > now {
            (self.full_at, self.spent_at) = (now + self.owed(row, now), now);
        }
    }

    /// Whether nothing is owed.
    pub(super) fn is_full(&self, now: Timestamp) -> bool {
        self.full_at <= now
    }

    /// Judged at the later of now and the last thing spent.
    fn owed(&self, row: Row, now: Timestamp) -> Duration {
        self.full_at.since(now.max(self.spent_at)).min(row.length)
    }
}

impl Code {
    /// A new one. Its text is known to whoever gets the message.
    pub(super) fn issued(now: Timestamp) -> Self {
        Self { text: String::new(), issued: now, changed: now, left: ATTEMPTS, over: None }
    }

    /// Spends one attempt, or all of them, if there is any.
    pub(super) fn spend_attempt(&mut self, is_last: bool, now: Timestamp) -> Result<(), Refusal> {
        if let Some(reason) = self.over {
            return Err(Refusal::CodeSpent(reason));
        }
        if now + DRIFT < self.issued || now.max(self.changed) >= self.issued + LIFE {
            return Err(Refusal::CodeExpired);
        }
        self.changed = now.max(self.changed);
        self.left = if is_last { 0 } else { self.left - 1 };
        Ok(())
    }

    /// Held against what was shown.
    pub(super) fn is_right(&mut self, guess: &str) -> bool {
        let exhausted = (self.left == 0).then_some(SpentReason::AttemptsExhausted);
        let is_right = guess == self.text;
        self.over = if is_right { Some(SpentReason::AlreadyUsed) } else { exhausted };
        is_right
    }
}
