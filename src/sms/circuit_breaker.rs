//! When a driver is left alone.
//!
//! - After [`FAILURES`] failures in a row, each for another number, a driver is given up on. It is not called for a
//!   while; then one message is the probe. If the probe fails, the while is twice as long, up to [`LONGEST`]. If the
//!   driver takes it, or refuses it in its own words, all is well again.
//! - A failure does not count when the driver took another message after that call had begun: it fails for some numbers
//!   only, or is well again.
//! - A driver that was given up on for nothing but time-outs may hang for some numbers only, and only a try can tell.
//!   So messages that have not hung yet are still tried, once each. They are all probes: the first one that is taken
//!   ends it.
//! - While messages wait, a driver that was given up on stays so until it answers. While none waits there is no probe:
//!   it counts as given up for [`LONGEST`] after its last failure.
//! - A driver may also ask for a rest, which is no failure.

use std::time::Duration;

use crate::domain::{Phone, Timestamp};

/// So many failures in a row are no accident.
const FAILURES: usize = 5;
const SHORTEST: Duration = Duration::from_secs(2);
/// A code lives for five minutes by default: a gateway that is back has to be found soon.
const LONGEST: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(super) struct CircuitBreaker {
    /// How long a probe may take. One that has not been answered after so long is followed by another.
    probe: Duration,
    state: CircuitState,
    /// The numbers of the failures in a row.
    failed: Vec<Phone>,
    /// Whether each failure in a row was a time-out.
    only_hangs: bool,
    failed_at: Timestamp,
    answered_at: Option<Timestamp>,
    rests_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
enum CircuitState {
    Closed,
    Open { until: Timestamp, pause: Duration },
    HalfOpen { until: Timestamp, pause: Duration },
}

/// What changes for a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// It is given up on.
    Down,
    /// It works again.
    Up,
}

/// How many messages a driver takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Admission {
    /// None before this time.
    Blocked(Timestamp),
    /// One, as the probe.
    Probe,
    /// As many as there are.
    Open,
}

/// Whether a message can still be lost to a driver that hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Try {
    /// It has not hung yet: should it hang now, it is sent once more.
    First,
    /// It is the one more time, and the last.
    Second,
}

/// How a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallFailure {
    /// The driver has the message, and said nothing until the time was over.
    Hang,
    /// Any other way.
    Other,
}

/// A call that may be made: to be given back with what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallPermit {
    began: Timestamp,
    is_probe: bool,
}

impl CircuitBreaker {
    /// Of a driver that has said what came of a probe after so long.
    pub(super) fn new(probe: Duration) -> Self {
        Self {
            probe,
            state: CircuitState::Closed,
            failed: Vec::new(),
            only_hangs: true,
            failed_at: Timestamp::from_micros(i64::MIN),
            answered_at: None,
            rests_until: None,
        }
    }

    /// How many messages of this kind it takes, if no other driver takes them.
    pub(super) fn admission(&self, kind: Try, now: Timestamp) -> Admission {
        let is_later = |until: &Timestamp| now < *until;
        if let Some(until) = self.rests_until.filter(is_later) {
            return Admission::Blocked(
                self.paused_until(now).map_or(until, |pause| pause.max(until)),
            );
        }
        match (self.state, self.paused_until(now)) {
            (CircuitState::Closed, _) => Admission::Open,
            (CircuitState::Open { .. } | CircuitState::HalfOpen { .. }, _)
                if self.may_hang_for_some(kind) =>
            {
                Admission::Open
            }
            (CircuitState::Open { .. } | CircuitState::HalfOpen { .. }, Some(until)) => {
                Admission::Blocked(until)
            }
            (CircuitState::Open { .. } | CircuitState::HalfOpen { .. }, None) => Admission::Probe,
        }
    }

    /// Whether it takes messages as usual.
    pub(super) fn is_open_to_all(&self, now: Timestamp) -> bool {
        self.admission(Try::Second, now) == Admission::Open
    }

    /// Lets a message through if it may be tried now; the first one after a pause is the probe. With `is_only_hope` no
    /// other driver takes messages as usual.
    pub(super) fn admit(
        &mut self,
        kind: Try,
        is_only_hope: bool,
        now: Timestamp,
    ) -> Option<CallPermit> {
        let kind = if is_only_hope { kind } else { Try::Second };
        if let Admission::Blocked(_) = self.admission(kind, now) {
            return None;
        }
        let is_probe = match self.state {
            CircuitState::Open { pause, .. } | CircuitState::HalfOpen { pause, .. }
                if self.paused_until(now).is_none() =>
            {
                self.state = CircuitState::HalfOpen { until: now + self.probe, pause };
                true
            }
            CircuitState::Closed | CircuitState::Open { .. } | CircuitState::HalfOpen { .. } => {
                false
            }
        };
        Some(CallPermit { began: now, is_probe })
    }

    /// Whether it is given up on, while messages wait or not.
    pub(super) fn is_down(&self, messages_wait: bool, now: Timestamp) -> bool {
        match self.state {
            CircuitState::Closed => false,
            CircuitState::Open { .. } | CircuitState::HalfOpen { .. } => {
                messages_wait || now < self.failed_at + LONGEST
            }
        }
    }

    /// It took the message, or refused it in its own words.
    pub(super) fn succeed(&mut self, now: Timestamp) -> Option<Transition> {
        let was_down = !matches!(self.state, CircuitState::Closed);
        self.state = CircuitState::Closed;
        self.failed.clear();
        self.only_hangs = true;
        self.answered_at = Some(now);
        was_down.then_some(Transition::Up)
    }

    /// It did not, for this number.
    pub(super) fn fail(
        &mut self,
        permit: CallPermit,
        failure: CallFailure,
        phone: Phone,
        now: Timestamp,
    ) -> Option<Transition> {
        // Ignore a failure that a later success has overtaken.
        let is_closed = matches!(self.state, CircuitState::Closed);
        if is_closed && self.answered_at.is_some_and(|at| at > permit.began) {
            return None;
        }
        // Note the failure.
        self.only_hangs &= failure == CallFailure::Hang;
        self.failed_at = now;
        let open = |pause| CircuitState::Open { until: now + pause, pause };
        // Open the circuit, or open it again for longer.
        match self.state {
            CircuitState::Closed => {
                if !self.failed.contains(&phone) {
                    self.failed.push(phone);
                }
                if self.failed.len() < FAILURES {
                    return None;
                }
                self.state = open(SHORTEST);
                Some(Transition::Down)
            }
            CircuitState::HalfOpen { pause, .. } if permit.is_probe => {
                self.state = open((pause * 2).min(LONGEST));
                None
            }
            // Messages that were under way when it was given up on, or that were no probe.
            CircuitState::HalfOpen { .. } | CircuitState::Open { .. } => None,
        }
    }

    /// It asked for a rest of this length.
    pub(super) fn rest(&mut self, now: Timestamp, length: Duration) {
        let until = now + length;
        self.rests_until = self.rests_until.max(Some(until));
        if let CircuitState::HalfOpen { pause, .. } = self.state {
            self.state = CircuitState::Open { until, pause };
        }
    }

    fn may_hang_for_some(&self, kind: Try) -> bool {
        kind == Try::First && self.only_hangs
    }

    fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            CircuitState::Closed => None,
            CircuitState::Open { until, .. } | CircuitState::HalfOpen { until, .. } => Some(until),
        }
        .filter(|until| now < *until)
    }
}

#[cfg(test)]
mod tests;
