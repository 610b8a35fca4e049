//! What becomes of the SMS with a code.
//!
//! | state | meaning | next |
//! |---|---|---|
//! | `queued` | waits in the outbox | `submitting`, `expired`, `canceled` |
//! | `submitting` | drivers are being called | `queued`, `sent`, `failed`, `uncertain`, `expired`, `canceled` |
//! | `sent` | a driver accepted it | `delivered`, `failed` |
//! | `uncertain` | it may have been sent, even twice | `delivered` |
//! | `failed` | it was refused, or a receipt says so | `delivered` |
//! | `delivered`, `expired`, `canceled` | the end | |
//!
//! `submitting` is durable before the first driver is called. So if an answer is missing or the process ends, the store
//! says `submitting`, and the message may have left. It is sent at most once more ([`Delivery::is_final_try`]) and
//! keeps the mark `is_uncertain`. It ends as `uncertain`, unless a receipt says `delivered`, or the gateway answers the
//! second try with "already accepted": then it is `sent`.
//!
//! A gateway may refuse a message with an error that leaves a doubt ([`DeliveryError::is_doubtful`]). Its answer is
//! believed: the message is retried as after any refusal, and is marked as uncertain. If that gateway sends the message
//! in spite of its answer, the patient gets it once for each try.

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

/// The message of one code, and its progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The verification of the code in the message; the delivery has the same id.
    pub verification_id: VerificationId,
    /// The client that requested the code; `None` for requests without a token.
    pub client_id: Option<ClientId>,
    /// The phone that the message goes to.
    pub phone_number: Phone,
    /// The previous message for the same phone and purpose: its verification's id.
    pub previous: Option<VerificationId>,
    /// When the outbox accepted the message.
    pub queued_at: Timestamp,
    /// When the code expires: from then on the message is not sent.
    pub expires_at: Timestamp,
    /// The state that is stored; answers show [`Delivery::status`].
    pub state: DeliveryState,
    /// Whether one submission ended without a clear answer. Once set, it is never cleared.
    pub is_uncertain: bool,
    /// Whether the one extra try after an unclear answer has been used: the next unclear answer ends the delivery as
    /// `uncertain`.
    pub is_final_try: bool,
    /// The driver that may have the message in spite of an unclear or doubtful answer: it is called last at the next
    /// try.
    pub doubtful_driver: Option<String>,
    /// Number of calls to drivers so far.
    pub attempts: u16,
    /// Name of the driver that accepted the message, or that was called last.
    pub driver: Option<String>,
    /// The gateway's id of the message, which receipts name.
    pub gateway_id: Option<String>,
    /// The error of the last attempt or receipt; `None` after a success.
    pub last_error: Option<DeliveryError>,
    /// When the last attempt began.
    pub submitted_at: Option<Timestamp>,
    /// When a driver accepted the message.
    pub sent_at: Option<Timestamp>,
    /// When the state became final, or a receipt said `delivered`.
    pub ended_at: Option<Timestamp>,
    /// `x-request-id` of the request that the code was sent for, masked.
    pub request_id: Option<RequestId>,
}

/// How long after `sent_at` a gateway without receipts is polled for a report.
const POLLED_FOR: Duration = Duration::from_hours(24);

/// The shortest and the longest pause between two polls of a message. The pause equals the age of the message in
/// between.
const POLL_INTERVAL: (Duration, Duration) = (Duration::from_secs(15), Duration::from_mins(30));

impl Delivery {
    /// A message that the outbox accepts at `now`, with a code that expires at `expires_at`.
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

    /// Drivers are about to be called: `queued` → `submitting`. `None` from any other state.
    pub fn submit(self, now: Timestamp) -> Option<Self> {
        self.due_at()?;
        let state = DeliveryState::Submitting { is_obsolete: false };
        Some(Self { state, submitted_at: Some(now), ..self })
    }

    /// When the message is due to be sent; `None` unless it is `queued`.
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

    /// Applies the result of calling drivers. `None` unless the state is `submitting`.
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
            // The gateway has the message from the first try and sends it once, so the doubt is over.
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

    /// The process ended while the state was `submitting`: counts as an unclear answer. `None` from any other state.
    pub fn interrupt(self, now: Timestamp) -> Option<Self> {
        let outcome =
            AttemptOutcome::Ambiguous { error: DeliveryError::Interrupted, again_at: now };
        let attempt = Attempt { calls: 1, driver: None, doubtful_driver: None, outcome };
        self.conclude(attempt, now)
    }

    /// The code was used, spent or replaced by a newer one: the message is not sent, or not sent again. `None` if that
    /// changes nothing.
    pub fn cancel(self, now: Timestamp) -> Option<Self> {
        self.withdraw(DeliveryState::Canceled, now)
    }

    /// The code has expired: the message is not sent, or not sent again. `None` if that changes nothing.
    pub fn expire(self, now: Timestamp) -> Option<Self> {
        self.withdraw(DeliveryState::Expired, now)
    }

    /// Applies a receipt of the gateway. `None` if it changes nothing, for example a second one with the same report.
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

    /// When to poll the gateway next for a report. `None` if the message has no `gateway_id`, is not `sent`, or is
    /// older than a day.
    pub fn next_poll_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.gateway_id.as_ref()?;
        let sent_at = self.sent_at.filter(|_| self.ended_at.is_none())?;
        let age = now.since(sent_at);
        (age < POLLED_FOR).then(|| now + age.clamp(POLL_INTERVAL.0, POLL_INTERVAL.1))
    }

    /// The delivery as shown while all drivers are paused: due no earlier than `until`.
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

    /// Whether the outbox still holds the message: `queued` or `submitting`.
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

    /// Whether the delivery has ended and the message certainly never left: the send is given back to the phone's
    /// limits.
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

    /// Whether the clock was set back by more than 5 s since the message was queued.
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

    /// Sets the final state; a message that may have been sent always ends as `uncertain`.
    fn end(self, state: DeliveryState, now: Timestamp) -> Self {
        let state = if self.is_uncertain { DeliveryState::Uncertain } else { state };
        Self { state, ended_at: Some(now), ..self }
    }
}

#[cfg(test)]
mod tests;
