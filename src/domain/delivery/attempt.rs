use super::DeliveryError;
use crate::domain::Timestamp;

/// The result of one attempt: drivers are called one after the other until one gives a final answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Number of drivers that were called.
    pub calls: u16,
    /// Name of the driver that was called last; `None` if all drivers were paused.
    pub driver: Option<String>,
    /// The driver that refused with a doubtful error ([`DeliveryError::is_doubtful`]): the message is retried, and
    /// marked as uncertain.
    pub doubtful_driver: Option<String>,
    /// The answer of the last driver, or why none was called.
    pub outcome: AttemptOutcome,
}

/// The answer of a driver, as far as the delivery is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The driver accepted the message. The field is the gateway's id of it, if the answer has one.
    Accepted(Option<String>),
    /// The driver says that it accepted the message at an earlier, unclear try. The field is the gateway's id of it.
    AlreadyAccepted(Option<String>),
    /// The message was refused for good, for example an invalid number: no other driver is tried.
    Refused(DeliveryError),
    /// The message was not accepted, and can be retried.
    NotAccepted {
        /// The error of the last driver.
        error: DeliveryError,
        /// When the message is due again.
        again_at: Timestamp,
    },
    /// The driver may or may not have accepted the message.
    Ambiguous {
        /// Why the answer is unclear, for example a timeout.
        error: DeliveryError,
        /// When the message is due again, if its extra try has not been used.
        again_at: Timestamp,
    },
}

/// A gateway's report about a message that it accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryReport {
    /// The message is still on its way.
    Underway,
    /// The message has reached the phone.
    Delivered,
    /// The message will not arrive, for this reason.
    Undelivered(DeliveryError),
}

/// One report of a gateway, from a receipt or a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The gateway's id of the message: `Delivery::gateway_id`.
    pub gateway_id: String,
    /// What the gateway says about it.
    pub report: DeliveryReport,
}
