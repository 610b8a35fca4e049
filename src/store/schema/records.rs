//! Records that are no values of the domain.

use serde::{Deserialize, Serialize};

use crate::domain::{ClientId, Timestamp, VerificationId};

/// The newest verification of a phone and purpose: a guess is compared with its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCode {
    /// The verification.
    pub verification_id: VerificationId,
    /// When the verification may be swept, and this record with it.
    pub keep_until: Timestamp,
}

/// A client that had a code sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// `None` stands for all callers without a token.
    pub client_id: Option<ClientId>,
    /// When the last code was sent.
    pub sent_at: Timestamp,
}

/// A code has shown that the caller holds the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedPhone {
    /// The last time.
    pub verified_at: Timestamp,
}

/// Derived from a key of the keyring: the start of the node notices another key under the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCheck {
    /// First half of the key's check value.
    pub value: [u8; 16],
    /// When the key was retired. The record stays, or the id could be given again.
    pub retired_at: Option<Timestamp>,
}

/// The text of a message that waits, sealed with a key of the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedMessage {
    /// The key's id.
    pub key_id: String,
    /// Random, for this message only.
    pub nonce: [u8; 12],
    /// The text and its tag.
    pub sealed: Vec<u8>,
}

/// The key's id only: a sealed text belongs in no log either.
impl std::fmt::Debug for SealedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedMessage(key {})", self.key_id)
    }
}

impl SealedMessage {
    /// Takes the place of a message that a driver has in hand when its code expires.
    pub fn erased() -> Self {
        Self { key_id: String::new(), nonce: [0; 12], sealed: Vec::new() }
    }

    /// Whether it is [`SealedMessage::erased`].
    pub fn is_erased(&self) -> bool {
        self.sealed.is_empty()
    }
}

/// The verification that a gateway's id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayId {
    /// The delivery's verification.
    pub verification_id: VerificationId,
    /// When the delivery may be swept, and this record with it.
    pub keep_until: Timestamp,
}

/// An entry of an index. Its key holds everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {}

/// Further records that the index for sweeping has at the key of another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRecords {
    /// The number of each one's tree, and its key there.
    pub others: Vec<(u8, Vec<u8>)>,
}

/// Before, an entry had one record.
impl From<Due> for DueRecords {
    fn from(_: Due) -> Self {
        Self::default()
    }
}

/// The number of the last mark (module `progress_marker`), or the time up to which the database is swept (module `sweep`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// A count, or microseconds since 1970.
    pub number: u64,
}

/// How far the rows of audit have moved to the files of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Number of the last row that is in a file.
    pub number: u64,
    /// Chain hash of the last entry of the files.
    pub hash: [u8; 32],
    /// Number of the first row that is kept.
    pub kept_from: u64,
}

/// The times of consecutive rows of audit. The key has the number of the first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTimes {
    /// Number of the last row.
    pub last: u64,
    /// No row has an earlier time.
    pub earliest: Timestamp,
    /// No row has a later time.
    pub latest: Timestamp,
}

/// A secret that the data directory has for itself, sealed with a key of the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// The key's id.
    pub key_id: String,
    /// Random, for this secret only.
    pub nonce: [u8; 12],
    /// The secret and its tag.
    pub sealed: Vec<u8>,
}

/// The key's id only.
impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedSecret(key {})", self.key_id)
    }
}
