//! The keys that make a stolen database worthless. Without the pepper, a graphics card finds the code for an argon2id
//! hash in a minute, since there are only 900 000 codes of six digits.
//!
//! - [`KeyringFile`] reads and edits the file.
//! - [`Keyring`] derives the keys for each use from it.
//! - `directory` compares a keyring with a data directory, and retires keys.
//! - [`Sealer`] encrypts the messages that wait in the outbox.
//! - `secret` encrypts the secret that the data directory keeps for hashes of phones.
//! - [`usage_by_key`] counts the codes and messages that need a key.

mod directory;
mod error;
mod file;
mod sealer;
mod secret;
mod usage;

pub use directory::KeyStatus;
pub use error::{KeyringError, NotAdded, NotRetired};
pub use file::KeyringFile;
use ring::hkdf;
pub use sealer::Sealer;
pub use usage::{KeyUsage, usage_by_key};
use zeroize::Zeroizing;

use crate::audit::AnchorKeys;
use crate::domain::Timestamp;
use crate::entropy::{Entropy, NoEntropy};

/// The keys of a keyring file. New codes are hashed with the newest; every key can check older ones.
pub struct Keyring {
    keys: Vec<DerivedKey>,
}

struct DerivedKey {
    id: String,
    created_at: Timestamp,
    pepper: Zeroizing<[u8; 32]>,
    outbox: Zeroizing<[u8; 32]>,
    /// HMAC key for anchors of the audit log.
    anchor: Zeroizing<[u8; 32]>,
    /// AES-256-GCM key for the secret of the data directory.
    secret: Zeroizing<[u8; 32]>,
    check: [u8; 16],
}

impl Keyring {
    /// Reads the text of a keyring file and derives its keys.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        KeyringFile::parse(text).map(|file| Self::of(&file))
    }

    /// Derives the keys of a file, sorted by `created_at`; of two with the same time, the later one in the file counts
    /// as newer.
    pub fn of(file: &KeyringFile) -> Self {
        let mut keys: Vec<_> = file.keys.iter().map(DerivedKey::derive).collect();
        keys.sort_by_key(|key| key.created_at);
        Self { keys }
    }

    /// The text of a new keyring file with one random key, wiped on drop.
    pub fn generate(entropy: &dyn Entropy, now: Timestamp) -> Result<Zeroizing<String>, NoEntropy> {
        KeyringFile::generate(entropy, now).map(|file| file.to_text())
    }

    /// Id and `created_at` of each key, the newest last.
    pub fn keys(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.keys.iter().map(|key| (key.id.as_str(), key.created_at))
    }

    /// Whether the keyring holds this key, so that codes hashed with it can be compared.
    pub fn holds(&self, id: &str) -> bool {
        self.get(id).is_some()
    }

    /// AES-256-GCM keys for the messages in the outbox.
    pub fn sealer(&self) -> Sealer {
        Sealer::of(self.keys.iter().map(|key| (key.id.as_str(), &*key.outbox)))
    }

    /// HMAC keys for the anchors of the audit log.
    pub fn anchor_keys(&self) -> AnchorKeys {
        AnchorKeys::of(self.keys.iter().map(|key| (key.id.as_str(), &*key.anchor)))
    }

    /// Id and pepper of the newest key, for new codes.
    pub(crate) fn newest(&self) -> (&str, &[u8; 32]) {
        let key = self.keys.last().expect("a keyring without a key is not read");
        (&key.id, &key.pepper)
    }

    /// The pepper of this key; `None` if the keyring doesn't hold it.
    pub(crate) fn pepper(&self, id: &str) -> Option<&[u8; 32]> {
        self.get(id).map(|key| &*key.pepper)
    }

    fn get(&self, id: &str) -> Option<&DerivedKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl DerivedKey {
    /// HKDF-SHA-256 (RFC 5869) with one `info` label per use, so that a derived key reveals nothing about the others.
    fn derive(written: &file::WrittenKey) -> Self {
        let source = hkdf::Salt::new(hkdf::HKDF_SHA256, b"esoz-otp").extract(&*written.bytes);
        let mut check = [0; 16];
        check.copy_from_slice(&expand(&source, b"check")[..16]);
        Self {
            id: written.id().to_owned(),
            created_at: written.created_at,
            pepper: expand(&source, b"pepper"),
            outbox: expand(&source, b"outbox"),
            anchor: expand(&source, b"audit anchor"),
            secret: expand(&source, b"directory secret"),
            check,
        }
    }
}

fn expand(source: &hkdf::Prk, label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    source
        .expand(&[label], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut *out))
        .expect("32 bytes are within what HKDF gives");
    out
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn the_key_created_last_writes_wherever_it_stands() {
        let text = file::written(&[
            ("new", "2026-02-01T00:00:00Z", 'b'),
            ("old", "2026-01-01T00:00:00Z", 'a'),
        ]);
        let keyring = Keyring::parse(&text).unwrap();
        assert_eq!(keyring.newest().0, "new");
        assert_ne!(keyring.pepper("old"), keyring.pepper("new"));
        assert!(keyring.pepper("other").is_none() && !keyring.holds("other"));
    }

    #[test]
    fn a_generated_keyring_is_read_back_and_never_printed() {
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let text = Keyring::generate(&SystemEntropy::new(), now).unwrap();
        let printed = format!("{:?}", Keyring::parse(&text).unwrap());
        assert!(printed.starts_with("[\"k2026-11-21-") && printed.len() == 20, "{printed}");
    }
}
