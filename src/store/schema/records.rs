//! Records that only the store knows.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::limits::DAY;
use crate::domain::{ClientId, Timestamp, VerificationId};
use crate::store::codec::Record;

/// How long a phone counts as verified. A number may have another holder after that; what upstream keeps for ever, and asks for
/// once more if it is not there, need not be kept for ever.
pub const KEEP_VERIFIED_PHONES: Duration = Duration::from_hours(365 * 24);

/// The verification that a code for this phone and purpose is judged by: the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCode {
    /// Its id.
    pub verification_id: VerificationId,
    /// Swept together with it.
    pub keep_until: Timestamp,
}

impl Record for LiveCode {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.keep_until)
    }
}

/// A client that had a code sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Which one. None is who calls without a token.
    pub client_id: Option<ClientId>,
    /// When it last did.
    pub sent_at: Timestamp,
}

impl Record for Sender {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.sent_at + DAY)
    }
}

/// A code has shown that this phone is held by the person that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedPhone {
    /// When they last did.
    pub verified_at: Timestamp,
}

impl Record for VerifiedPhone {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.verified_at + KEEP_VERIFIED_PHONES)
    }
}

/// Derived from a key of the keyring, so that other content under its id is found out at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCheck {
    /// First half of the key's check value.
    pub value: [u8; 16],
    /// Since when the directory does without the key. The value stays, or the id could be given again.
    pub retired_at: Option<Timestamp>,
}

impl Record for KeyCheck {
    const VERSION: u8 = 1;
}

/// The text of a message that waits, sealed with a key of the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedMessage {
    /// Which key.
    pub key_id: String,
    /// Drawn for this message.
    pub nonce: [u8; 12],
    /// The text and its tag.
    pub sealed: Vec<u8>,
}

/// The key's id only: what is sealed belongs in no log either.
impl std::fmt::Debug for SealedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedMessage(key {})", self.key_id)
    }
}

impl SealedMessage {
    /// What is left of a message that is with a driver when its code becomes worth nothing.
    pub fn erased() -> Self {
        Self { key_id: String::new(), nonce: [0; 12], sealed: Vec::new() }
    }

    /// Whether nothing else is left.
    pub fn is_erased(&self) -> bool {
        self.sealed.is_empty()
    }
}

impl Record for SealedMessage {
    const VERSION: u8 = 1;
}

/// The verification that a gateway's id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayId {
    /// The delivery.
    pub verification_id: VerificationId,
    /// Swept together with it.
    pub keep_until: Timestamp,
}

impl Record for GatewayId {
    const VERSION: u8 = 1;

    fn keep_until(&self) -> Option<Timestamp> {
        Some(self.keep_until)
    }
}

/// Entry of an index: the key says it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {}

impl Record for Due {
    const VERSION: u8 = 1;
}

/// How often the database was marked (module `progress_marker`), or how far it is swept, in microseconds (module `sweep`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The number.
    pub number: u64,
}

impl Record for Mark {
    const VERSION: u8 = 1;
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

impl Record for AuditHead {
    const VERSION: u8 = 1;
}

/// A secret that the data directory has for itself, sealed with a key of the keyring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// Which key.
    pub key_id: String,
    /// Drawn for this secret.
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

impl Record for SealedSecret {
    const VERSION: u8 = 1;
}
