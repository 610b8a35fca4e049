use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// Waits in the outbox.
    Queued {
        /// From when on it may be sent.
        due_at: Timestamp,
    },
    /// Drivers are called.
    Submitting {
        /// Its code has become worth nothing meanwhile: whatever comes of it, it is not sent again.
        is_obsolete: bool,
    },
    /// A driver took it.
    Sent,
    /// A receipt says that it has arrived.
    Delivered,
    /// It can't be delivered.
    Failed,
    /// It may have been sent, perhaps twice, and nobody knows.
    Uncertain,
    /// Its code's life ended first.
    Expired,
    /// A newer code took its place first.
    Canceled,
}

/// What an answer says of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "see `DeliveryState`")]
pub enum DeliveryStatus {
    Queued,
    Submitting,
    Sent,
    Delivered,
    Failed,
    Uncertain,
    Expired,
    Canceled,
}

impl DeliveryState {
    /// What an answer says of it.
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
