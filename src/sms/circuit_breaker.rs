//! When the worker may call a driver: a circuit breaker for each one.
//!
//! - `Closed`: the driver gets every message. After [`FAILURES`] failures in a row, each for another number, the circuit is
//!   `Open`.
//! - `Open`: the driver gets no message during the pause, [`SHORTEST`] at first. Then one message is the probe.
//! - `HalfOpen`: the probe is under way. If it fails, the circuit is `Open` for twice the pause, up to [`LONGEST`]. If the
//!   driver accepts it, or refuses it in its own words, the circuit is `Closed`.
//! - A failure does not count if the driver accepted another message after that call had begun: it fails for some numbers
//!   only, or works again.
//! - A driver that had only time-outs may hang for some numbers only. So an open circuit still lets messages through that
//!   have not hung yet ([`Try::First`]), once each. Each of them is a probe: the first that is accepted closes the circuit.
//! - While messages wait, an open circuit counts as down until the driver answers. While none waits there is no probe: the
//!   driver counts as down for [`LONGEST`] after its last failure.
//! - A gateway that limits our rate (`429`, `Retry-After`) pauses its driver. That is no failure.

use std::time::Duration;

use crate::domain::{Phone, Timestamp};

/// Failures in a row that open the circuit.
const FAILURES: usize = 5;
/// The first pause.
const SHORTEST: Duration = Duration::from_secs(2);
/// The longest pause. A code lives for five minutes by default, so a gateway that works again has to be noticed soon.
const LONGEST: Duration = Duration::from_secs(15);

/// Before any failure.
const NEVER: Timestamp = Timestamp::from_micros(i64::MIN);

/// The state of a circuit breaker, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitReport {
    /// `closed`, `open` or `half_open`.
    pub state: &'static str,
    /// The phones of the failures in a row, up to the number that opens the circuit.
    pub failures: usize,
    /// The end of the pause, while the driver gets no message.
    pub paused_until: Option<Timestamp>,
    /// When the driver last accepted a message, or refused one in its own words, since the start.
    pub answered_at: Option<Timestamp>,
    /// When the driver last failed, since the start.
    pub failed_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct CircuitBreaker {
    /// The time for a probe. Without an answer within it, the next message is another probe.
    probe: Duration,
    state: CircuitState,
    /// The phones of the failures in a row, each once.
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

/// A change that the log reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// From `Closed` to `Open`.
    Down,
    /// Back to `Closed`.
    Up,
}

/// How many messages the circuit breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Admission {
    /// None before this time.
    Blocked(Timestamp),
    /// One, as the probe.
    Probe,
    /// All of them.
    Open,
}

/// Which try of a message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Try {
    /// The message has not hung yet. If it hangs now, it is sent once more.
    First,
    /// The last try, after a call that hung.
    Second,
}

/// How a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallFailure {
    /// The driver had the message, and did not answer within the time-out.
    Hang,
    /// Any other failure.
    Other,
}

/// Permission for one call. [`CircuitBreaker::fail`] takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallPermit {
    began: Timestamp,
    is_probe: bool,
}

impl CircuitBreaker {
    /// `probe` is the time for a probe.
    pub(super) fn new(probe: Duration) -> Self {
        Self {
            probe,
            state: CircuitState::Closed,
            failed: Vec::new(),
            only_hangs: true,
            failed_at: NEVER,
            answered_at: None,
            rests_until: None,
        }
    }

    /// How many messages of this kind it lets through if no other driver works.
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

    /// Its state at `now`, for operators.
    pub(super) fn report(&self, now: Timestamp) -> CircuitReport {
        let state = match self.state {
            CircuitState::Closed => "closed",
            CircuitState::Open { .. } => "open",
            CircuitState::HalfOpen { .. } => "half_open",
        };
        let rests_until = self.rests_until.filter(|until| now < *until);
        CircuitReport {
            state,
            failures: self.failed.len(),
            paused_until: self.paused_until(now).max(rests_until),
            answered_at: self.answered_at,
            failed_at: Some(self.failed_at).filter(|at| *at != NEVER),
        }
    }

    /// Whether it lets every message through.
    pub(super) fn is_open_to_all(&self, now: Timestamp) -> bool {
        self.admission(Try::Second, now) == Admission::Open
    }

    /// A permit for one call, or `None` while the circuit is open. The first call after a pause is the probe.
    /// `is_only_hope` says that no other driver's circuit is closed.
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

    /// Whether the driver counts as down.
    pub(super) fn is_down(&self, messages_wait: bool, now: Timestamp) -> bool {
        match self.state {
            CircuitState::Closed => false,
            CircuitState::Open { .. } | CircuitState::HalfOpen { .. } => {
                messages_wait || now < self.failed_at + LONGEST
            }
        }
    }

    /// The driver accepted the message, or refused it in its own words.
    pub(super) fn succeed(&mut self, now: Timestamp) -> Option<Transition> {
        let was_down = !matches!(self.state, CircuitState::Closed);
        self.state = CircuitState::Closed;
        self.failed.clear();
        self.only_hangs = true;
        self.answered_at = Some(now);
        was_down.then_some(Transition::Up)
    }

    /// The call with this permit failed for this phone.
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
            // Calls that had begun before the circuit opened, or that were no probe.
            CircuitState::HalfOpen { .. } | CircuitState::Open { .. } => None,
        }
    }

    /// Pauses the driver for at least `length`, without a failure.
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
