use super::DeliveryError;
use crate::domain::Timestamp;

/// What came of calling drivers, one after the other, until one had a last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// How many were called.
    pub calls: u16,
    /// Who was called last; nobody when all were resting.
    pub driver: Option<String>,
    /// Who of them said no in a way that leaves a doubt: tried again as after any no, and marked.
    pub doubtful_driver: Option<String>,
    /// What the last one said.
    pub outcome: AttemptOutcome,
}

/// What a driver's word comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// It took the message, and calls it by this id if it gives one.
    Accepted(Option<String>),
    /// It took the message at a try that had left that open, and calls it by this id if it gives one.
    AlreadyAccepted(Option<String>),
    /// Nobody will ever take this message.
    Refused(DeliveryError),
    /// It was not taken, but may be later.
    NotAccepted {
        /// Why not.
        error: DeliveryError,
        /// When to try again.
        again_at: Timestamp,
    },
    /// It may have been taken.
    Ambiguous {
        /// Why nobody knows.
        error: DeliveryError,
        /// When to try again, if that is still allowed.
        again_at: Timestamp,
    },
}

/// What a gateway says has become of a message that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryReport {
    /// Nothing yet.
    Underway,
    /// It has arrived.
    Delivered,
    /// It will not arrive.
    Undelivered(DeliveryError),
}

/// A gateway's word about a message that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What it calls the message.
    pub gateway_id: String,
    /// What has become of it.
    pub report: DeliveryReport,
}
