//! What holds the entries of the log together, and what vouches for them.

use std::fmt;

use ring::digest::{SHA256, digest};
use ring::hmac;

use crate::domain::{from_hex, to_hex};

/// Before what an anchor is made of, so that no other use of a key gives the same.
const LABEL: &[u8] = b"esoz-otp audit anchor 1";

/// Bytes of an anchor's code.
pub(super) const MAC_BYTES: usize = 32;

/// SHA-256 of an entry of the log. The entry holds the hash of the one before it, so it stands for all before it, too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChainHash([u8; 32]);

/// The keys that anchors are made and checked with: HMAC-SHA-256.
pub struct AnchorKeys {
    /// By id, the newest last.
    keys: Vec<(String, hmac::Key)>,
}

impl ChainHash {
    /// What the first entry of all follows.
    pub const START: Self = Self([0; 32]);

    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(hash)
    }

    /// From its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }

    /// Its bytes.
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
    /// Makes anchors with the last of these keys, and checks them with all.
    pub fn of<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8; 32])>) -> Self {
        let key = |bytes: &[u8; 32]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
        Self { keys: keys.into_iter().map(|(id, bytes)| (id.to_owned(), key(bytes))).collect() }
    }

    /// The key that anchors are made with.
    pub(super) fn newest(&self) -> Option<&str> {
        self.keys.last().map(|(id, _)| id.as_str())
    }

    /// What vouches for this statement behind the entry of this hash.
    pub(super) fn sign(&self, previous: ChainHash, statement: &[u8]) -> Option<[u8; MAC_BYTES]> {
        let (_, key) = self.keys.last()?;
        let tag = hmac::sign(key, &signed(previous, statement));
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(tag.as_ref());
        Some(mac)
    }

    /// Whether the key of this id has signed the statement there; `None` when there is no such key.
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

/// Ids only.
impl fmt::Debug for AnchorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}
