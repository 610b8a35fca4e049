//! What becomes of a message with a code in it.
//!
//! A delivery is `queued` until it is claimed, `submitting` while drivers are called, and then over: `sent` and later
//! perhaps `delivered`, or `failed`, `expired`, `canceled`. `submitting` is kept durably before anybody is called. So
//! whenever nobody can tell whether a message left (no answer, or the process ended), it was `submitting`; it is sent
//! once more at most, is marked as uncertain from then on, and ends `uncertain` unless a receipt says `delivered`, or the
//! gateway says at the second try that it has taken it before: then it is `sent`.
//! A gateway that says that it did not take it, but in a way that leaves a doubt, is believed: the message goes on as after
//! any other no, and is marked, too. (Should it take the message each time and say so, it gets it each time.)

mod attempt;
mod error;
mod state;

use std::time::Duration;

pub use attempt::{Attempt, AttemptOutcome, DeliveryReport, Receipt};
pub use error::{DeliveryError, VendorStatus};
use serde::{Deserialize, Serialize};
pub use state::{DeliveryState, DeliveryStatus};

use super::audit::RequestId;
use super::verification::CLOCK_TOLERANCE;
use super::{ClientId, Phone, Timestamp, VerificationId};

/// A message on its way, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The verification whose code it carries: its id is the delivery's.
    pub verification_id: VerificationId,
    /// Whose it is: the client that had the code sent. None is who calls without a token.
    pub client_id: Option<ClientId>,
    /// Where it goes.
    pub phone_number: Phone,
    /// The message before it for the same phone and purpose.
    pub previous: Option<VerificationId>,
    /// When it was accepted.
    pub queued_at: Timestamp,
    /// From when on it would carry a code that is worth nothing: it is not sent any more.
    pub expires_at: Timestamp,
    /// How far it has come.
    pub state: DeliveryState,
    /// Whether it may have been sent once without anybody knowing: the mark that it keeps.
    pub is_uncertain: bool,
    /// Whether the one more time that it is sent because of that has come.
    pub is_final_try: bool,
    /// Who may have it, as far as that is known: called last the next time.
    pub doubtful_driver: Option<String>,
    /// How often a driver was called for it.
    pub attempts: u16,
    /// The driver that took it, or that was called last.
    pub driver: Option<String>,
    /// What the gateway calls it.
    pub gateway_id: Option<String>,
    /// What last went wrong.
    pub last_error: Option<DeliveryError>,
    /// When drivers were last called.
    pub submitted_at: Option<Timestamp>,
    /// When a driver took it.
    pub sent_at: Option<Timestamp>,
    /// When it was known that nothing more becomes of it, or that it had arrived.
    pub ended_at: Option<Timestamp>,
    /// What the caller who had the code sent calls the request.
    pub request_id: Option<RequestId>,
}

/// For how long a gateway is asked what became of a message.
const POLLED_FOR: Duration = Duration::from_hours(24);

/// How soon it is asked first, and how seldom in the end.
const POLL_INTERVAL: (Duration, Duration) = (Duration::from_secs(15), Duration::from_mins(30));

impl Delivery {
    /// A message that is accepted at `now`, of a code that is worth something until `expires_at`.
    pub fn queue(
        verification_id: VerificationId,
        client_id: Option<ClientId>,
        phone_number: Phone,
        previous: Option<VerificationId>,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            verification_id,
            client_id,
            phone_number,
            previous,
            queued_at: now,
            expires_at,
            state: DeliveryState::Queued { due_at: now },
            is_uncertain: false,
            is_final_try: false,
            doubtful_driver: None,
            attempts: 0,
            driver: None,
            gateway_id: None,
            last_error: None,
            submitted_at: None,
            sent_at: None,
            ended_at: None,
            request_id: None,
        }
    }

    /// Drivers are about to be called. `None` when it does not wait for that.
    pub fn submit(self, now: Timestamp) -> Option<Self> {
        self.due_at()?;
        let state = DeliveryState::Submitting { is_obsolete: false };
        Some(Self { state, submitted_at: Some(now), ..self })
    }

    /// From when on it may be sent, if it waits for that.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            DeliveryState::Queued { due_at } => Some(due_at),
            DeliveryState::Submitting { .. }
            | DeliveryState::Sent
            | DeliveryState::Delivered
            | DeliveryState::Failed
            | DeliveryState::Uncertain
            | DeliveryState::Expired
            | DeliveryState::Canceled => None,
        }
    }

    /// Drivers have been called. `None` when it was not being submitted.
    pub fn conclude(mut self, attempt: Attempt, now: Timestamp) -> Option<Self> {
        let DeliveryState::Submitting { is_obsolete } = self.state else { return None };
        self.attempts = self.attempts.saturating_add(attempt.calls);
        self.is_uncertain |= attempt.doubtful_driver.is_some();
        self.doubtful_driver = attempt.doubtful_driver.or(self.doubtful_driver);
        if let AttemptOutcome::Ambiguous { .. } = attempt.outcome {
            self.is_uncertain = true;
            self.doubtful_driver = attempt.driver.clone().or(self.doubtful_driver);
        }
        self.driver = attempt.driver.or(self.driver);
        Some(match attempt.outcome {
            AttemptOutcome::Accepted(gateway_id) => {
                let state =
                    if self.is_uncertain { DeliveryState::Uncertain } else { DeliveryState::Sent };
                Self { state, gateway_id, sent_at: Some(now), last_error: None, ..self }
            }
            // That ends the doubt: it has left, and only then.
            AttemptOutcome::AlreadyAccepted(gateway_id) => Self {
                state: DeliveryState::Sent,
                gateway_id,
                sent_at: Some(now),
                last_error: None,
                ..self
            },
            AttemptOutcome::Refused(error) => {
                self.with_error(error).end(DeliveryState::Failed, now)
            }
            AttemptOutcome::NotAccepted { error, again_at } => {
                self.with_error(error).requeue_or_end(is_obsolete, again_at, now)
            }
            AttemptOutcome::Ambiguous { error, .. } if self.is_final_try || is_obsolete => {
                self.with_error(error).end(DeliveryState::Uncertain, now)
            }
            AttemptOutcome::Ambiguous { error, again_at } => {
                self.is_final_try = true;
                self.with_error(error).requeue_or_end(false, again_at, now)
            }
        })
    }

    /// The process that was submitting it has ended. `None` when none was.
    pub fn interrupt(self, now: Timestamp) -> Option<Self> {
        let outcome =
            AttemptOutcome::Ambiguous { error: DeliveryError::Interrupted, again_at: now };
        let attempt = Attempt { calls: 1, driver: None, doubtful_driver: None, outcome };
        self.conclude(attempt, now)
    }

    /// A newer code takes the place of this one. `None` when nothing changes.
    pub fn cancel(self, now: Timestamp) -> Option<Self> {
        self.withdraw(DeliveryState::Canceled, now)
    }

    /// The code's life has ended. `None` when nothing changes.
    pub fn expire(self, now: Timestamp) -> Option<Self> {
        self.withdraw(DeliveryState::Expired, now)
    }

    /// The gateway says what became of it. `None` when that is nothing new.
    pub fn receive(self, report: DeliveryReport, now: Timestamp) -> Option<Self> {
        match (self.state, report) {
            (
                DeliveryState::Sent | DeliveryState::Uncertain | DeliveryState::Failed,
                DeliveryReport::Delivered,
            ) => {
                let state = DeliveryState::Delivered;
                Some(Self { state, ended_at: Some(now), last_error: None, ..self })
            }
            (DeliveryState::Sent, DeliveryReport::Undelivered(error)) => {
                Some(self.with_error(error).end(DeliveryState::Failed, now))
            }
            (DeliveryState::Uncertain, DeliveryReport::Undelivered(error)) => {
                let said = Some(error);
                (self.last_error != said).then_some(Self {
                    last_error: said,
                    ended_at: Some(now),
                    ..self
                })
            }
            (_, DeliveryReport::Underway | DeliveryReport::Undelivered(_))
            | (
                DeliveryState::Queued { .. }
                | DeliveryState::Submitting { .. }
                | DeliveryState::Delivered
                | DeliveryState::Expired
                | DeliveryState::Canceled,
                DeliveryReport::Delivered,
            ) => None,
        }
    }

    /// When to ask the gateway next what became of it; `None` when there is nothing to ask any more.
    pub fn next_poll_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.gateway_id.as_ref()?;
        let sent_at = self.sent_at.filter(|_| self.ended_at.is_none())?;
        let age = now.since(sent_at);
        (age < POLLED_FOR).then(|| now + age.clamp(POLL_INTERVAL.0, POLL_INTERVAL.1))
    }

    /// As it is while no driver may be called until then, if that is so.
    #[must_use]
    pub fn delayed_until(self, until: Option<Timestamp>) -> Self {
        match (self.state, until) {
            (DeliveryState::Queued { due_at }, Some(until)) if due_at < until => {
                let due_at = until.min(self.expires_at);
                let last_error = self.last_error.or(Some(DeliveryError::AllDown));
                Self { state: DeliveryState::Queued { due_at }, last_error, ..self }
            }
            _ => self,
        }
    }

    /// Whether it has an entry in the outbox.
    pub fn is_in_outbox(&self) -> bool {
        match self.state {
            DeliveryState::Queued { .. } | DeliveryState::Submitting { .. } => true,
            DeliveryState::Sent
            | DeliveryState::Delivered
            | DeliveryState::Failed
            | DeliveryState::Uncertain
            | DeliveryState::Expired
            | DeliveryState::Canceled => false,
        }
    }

    /// Whether it is over, and for sure nothing of it has left.
    pub fn has_ended_unsent(&self) -> bool {
        match self.state {
            DeliveryState::Failed | DeliveryState::Expired | DeliveryState::Canceled => {
                self.sent_at.is_none() && !self.is_uncertain
            }
            DeliveryState::Queued { .. }
            | DeliveryState::Submitting { .. }
            | DeliveryState::Sent
            | DeliveryState::Delivered
            | DeliveryState::Uncertain => false,
        }
    }

    /// Whether the clock has been set back further than any drift explains since it was accepted.
    pub fn is_from_the_future(&self, now: Timestamp) -> bool {
        now + CLOCK_TOLERANCE < self.queued_at
    }

    /// The state without its fields: `status` of an answer.
    pub fn status(&self) -> DeliveryStatus {
        self.state.status()
    }

    fn requeue_or_end(self, is_obsolete: bool, again_at: Timestamp, now: Timestamp) -> Self {
        match is_obsolete {
            true if now >= self.expires_at => self.end(DeliveryState::Expired, now),
            true => self.end(DeliveryState::Canceled, now),
            false => {
                let due_at = again_at.min(self.expires_at);
                Self { state: DeliveryState::Queued { due_at }, ..self }
            }
        }
    }

    fn withdraw(self, state: DeliveryState, now: Timestamp) -> Option<Self> {
        match self.state {
            DeliveryState::Queued { .. } => Some(self.end(state, now)),
            DeliveryState::Submitting { is_obsolete: false } => {
                Some(Self { state: DeliveryState::Submitting { is_obsolete: true }, ..self })
            }
            DeliveryState::Submitting { is_obsolete: true }
            | DeliveryState::Sent
            | DeliveryState::Delivered
            | DeliveryState::Failed
            | DeliveryState::Uncertain
            | DeliveryState::Expired
            | DeliveryState::Canceled => None,
        }
    }

    fn with_error(self, error: DeliveryError) -> Self {
        Self { last_error: Some(error), ..self }
    }

    /// What may have been sent once never ends as if it had not.
    fn end(self, state: DeliveryState, now: Timestamp) -> Self {
        let state = if self.is_uncertain { DeliveryState::Uncertain } else { state };
        Self { state, ended_at: Some(now), ..self }
    }
}

#[cfg(test)]
mod tests;
