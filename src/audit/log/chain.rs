//! The hash chain through the entries of the log, and the HMACs of its anchors.

use std::fmt;

use ring::digest::{SHA256, digest};
use ring::hmac;

use crate::domain::{from_hex, to_hex};

/// Prefix of an anchor's HMAC input: another use of the same key gives other values.
const LABEL: &[u8] = b"esoz-otp audit anchor 1";

/// Length of an anchor's HMAC-SHA-256 in bytes.
pub(super) const MAC_BYTES: usize = 32;

/// SHA-256 of an entry. An entry contains the hash of the entry before it, so the hash covers every earlier entry as
/// well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChainHash([u8; 32]);

/// HMAC-SHA-256 keys that create and check anchors, one for each key of the keyring.
pub struct AnchorKeys {
    /// Pairs of id and key, the newest last.
    keys: Vec<(String, hmac::Key)>,
}

impl ChainHash {
    /// The previous hash of the first entry of a log.
    pub const START: Self = Self([0; 32]);

    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(hash)
    }

    /// The hash with these 32 bytes, as an `AuditHead` stores it.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits, as `audit verify --head` gives them.
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }

    /// The 32 bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl AnchorKeys {
    /// Creates anchors with the last of these keys, and checks them with all.
    pub fn of<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8; 32])>) -> Self {
        let key = |bytes: &[u8; 32]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
        Self { keys: keys.into_iter().map(|(id, bytes)| (id.to_owned(), key(bytes))).collect() }
    }

    /// Id of the key that creates anchors; `None` without a key.
    pub(super) fn newest(&self) -> Option<&str> {
        self.keys.last().map(|(id, _)| id.as_str())
    }

    /// HMAC over the hash of the previous entry and the anchor's record; `None` without a key.
    pub(super) fn sign(&self, previous: ChainHash, statement: &[u8]) -> Option<[u8; MAC_BYTES]> {
        let (_, key) = self.keys.last()?;
        let tag = hmac::sign(key, &signed(previous, statement));
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(tag.as_ref());
        Some(mac)
    }

    /// Whether the key `key_id` made this HMAC; `None` if the keyring doesn't hold the key.
    pub(super) fn is_signed(
        &self,
        key_id: &str,
        previous: ChainHash,
        statement: &[u8],
        mac: &[u8],
    ) -> Option<bool> {
        let (_, key) = self.keys.iter().find(|(id, _)| id == key_id)?;
        Some(hmac::verify(key, &signed(previous, statement), mac).is_ok())
    }
}

fn signed(previous: ChainHash, statement: &[u8]) -> Vec<u8> {
    [LABEL, previous.as_bytes(), statement].concat()
}

/// Prints the ids, not the keys.
impl fmt::Debug for AnchorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}
