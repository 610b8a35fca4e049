use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::domain::Timestamp;

/// The stored state of a delivery: see the table of `delivery`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// Waits in the outbox.
    Queued {
        /// When it may be sent: `now` at first, later after a pause.
        due_at: Timestamp,
    },
    /// Drivers are being called, or were when the process ended.
    Submitting {
        /// Whether the code has expired, or was used, spent or replaced meanwhile: the message is not sent again after
        /// the answer of the drivers.
        is_obsolete: bool,
    },
    /// A driver accepted the message.
    Sent,
    /// A receipt says that the message has reached the phone.
    Delivered,
    /// Every driver refused the message, or a receipt says that it did not arrive.
    Failed,
    /// The message may have been sent, perhaps twice, and no answer tells.
    Uncertain,
    /// The code expired before the message was sent.
    Expired,
    /// The code was used, spent or replaced by a newer one before the message was sent.
    Canceled,
}

/// `status` of a delivery in an answer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema, Serialize, VariantArray, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum DeliveryStatus {
    /// Waits in the outbox.
    Queued,
    /// Drivers are being called.
    Submitting,
    /// A driver accepted the message.
    Sent,
    /// A receipt says that the message has reached the phone.
    Delivered,
    /// Every driver refused the message, or a receipt says that it did not arrive.
    Failed,
    /// The message may have been sent, perhaps twice, and no answer tells.
    Uncertain,
    /// The code expired before the message was sent.
    Expired,
    /// The code was used, spent or replaced by a newer one before the message was sent.
    Canceled,
}

impl DeliveryState {
    /// The state without its fields: `status` of an answer.
    pub fn status(self) -> DeliveryStatus {
        match self {
            Self::Queued { .. } => DeliveryStatus::Queued,
            Self::Submitting { .. } => DeliveryStatus::Submitting,
            Self::Sent => DeliveryStatus::Sent,
            Self::Delivered => DeliveryStatus::Delivered,
            Self::Failed => DeliveryStatus::Failed,
            Self::Uncertain => DeliveryStatus::Uncertain,
            Self::Expired => DeliveryStatus::Expired,
            Self::Canceled => DeliveryStatus::Canceled,
        }
    }
}
