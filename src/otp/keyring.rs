//! The secrets that keep a stolen database worthless: without the pepper, the hash of a six-digit code falls to a
//! graphics card in a minute, whatever argon2 costs.

use ring::hkdf;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::{SecretDigest, Timestamp};
use crate::entropy::{Entropy, NoEntropy, draw_secret};
use crate::store::schema::{KEY_CHECKS, KeyCheck};
use crate::store::{Store, StoreError};

/// Keys by id. The newest makes new hashes, all are read.
pub struct Keyring {
    keys: Vec<Key>,
}

struct Key {
    id: String,
    created_at: Timestamp,
    pepper: Zeroizing<[u8; 32]>,
    check: KeyCheck,
}

/// Why a keyring is not taken. Says nothing of a key but its id.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Not the format.
    #[error(
        "the keyring is no JSON of the form {{\"format\": 1, \"keys\": [{{\"id\": \"…\", \"created_at\": \"…\", \"key\": \"64 hexadecimal digits\"}}]}} (line {line}, column {column})"
    )]
    Format {
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
    /// Another format number.
    #[error("the keyring has format {0}, this program knows format 1")]
    Version(u32),
    /// No key in it.
    #[error("the keyring holds no key")]
    Empty,
    /// A key has no id that could be said.
    #[error(
        "the id of key {0} in the keyring is not 1 to 32 letters, digits, dots, hyphens or underscores"
    )]
    Id(usize),
    /// Two keys of one id.
    #[error("the keyring names key `{0}` twice")]
    Twice(String),
    /// Not 256 bits.
    #[error("key `{0}` is not 64 hexadecimal digits")]
    Length(String),
    /// When the key was made can't be read.
    #[error("`created_at` of key `{0}` is no RFC 3339 time such as 2026-01-31T12:00:00Z")]
    Time(String),
    /// The id stood for other content before.
    #[error(
        "key `{0}` is not the key that this data directory was used with under that id. Put the old keyring back, or name it by --keyring; a new key needs a new id."
    )]
    Changed(String),
    /// The data directory was used with a key that is not there.
    #[error(
        "this data directory was used with key `{0}`, which the keyring does not hold. Put the keyring back that does, or name it by --keyring."
    )]
    Missing(String),
    /// The store can't be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyringFile {
    format: u32,
    keys: Vec<KeyEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: String,
    created_at: String,
    key: Zeroizing<String>,
}

impl Keyring {
    /// Reads a keyring file. The key created last is the newest.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let file: KeyringFile = serde_json::from_str(text)
            .map_err(|error| KeyringError::Format { line: error.line(), column: error.column() })?;
        if file.format != 1 {
            return Err(KeyringError::Version(file.format));
        }
        let mut keys: Vec<Key> = Vec::new();
        for KeyEntry { id, created_at, key } in file.keys {
            // A key that stands where an id should be must not be repeated below.
            if !is_id(&id) {
                return Err(KeyringError::Id(keys.len() + 1));
            }
            if keys.iter().any(|key| key.id == id) {
                return Err(KeyringError::Twice(id));
            }
            let Ok(created_at) = Timestamp::parse(&created_at) else {
                return Err(KeyringError::Time(id));
            };
            let Some(bytes) = key_bytes(&key) else { return Err(KeyringError::Length(id)) };
            keys.push(Key::derive(id, created_at, &bytes));
        }
        keys.sort_by_key(|key| key.created_at);
        if keys.is_empty() { Err(KeyringError::Empty) } else { Ok(Self { keys }) }
    }

    /// The text of a keyring file with one new random key.
    pub fn generate(entropy: &dyn Entropy, now: Timestamp) -> Result<Zeroizing<String>, NoEntropy> {
        let key = Zeroizing::new(draw_secret(entropy)?.reveal().to_owned());
        let created_at = now.to_whole_second();
        let id = format!("k{}", &created_at[..10]);
        let file = KeyringFile { format: 1, keys: vec![KeyEntry { id, created_at, key }] };
        serde_json::to_string_pretty(&file).map(Zeroizing::new).map_err(|_| NoEntropy)
    }

    /// Holds the keyring against what the data directory was used with, and notes the keys that are new.
    pub fn check(&self, store: &Store) -> Result<(), KeyringError> {
        let used = store.page(KEY_CHECKS, None, usize::MAX)?;
        for (id, seen) in &used {
            let key = self.get(id).ok_or_else(|| KeyringError::Missing(id.clone()))?;
            if key.check != *seen {
                return Err(KeyringError::Changed(id.clone()));
            }
        }
        let checks: Vec<_> = self.keys.iter().map(|key| (key.id.clone(), key.check)).collect();
        store.write_blocking(move |write| {
            for (id, check) in &checks {
                if write.get(KEY_CHECKS, id)?.is_none() {
                    write.put(KEY_CHECKS, id, check)?;
                }
            }
            Ok::<_, KeyringError>(())
        })
    }

    /// Id and pepper of the key that new codes are hashed with.
    pub(super) fn newest(&self) -> (&str, &[u8; 32]) {
        let key = self.keys.last().expect("`parse` refuses a keyring without a key");
        (&key.id, &key.pepper)
    }

    /// The pepper of this key.
    pub(super) fn pepper(&self, id: &str) -> Option<&[u8; 32]> {
        self.get(id).map(|key| &*key.pepper)
    }

    fn get(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }
}

impl Key {
    /// HKDF-SHA-256 (RFC 5869): one label for each use, so that no use gives another away.
    fn derive(id: String, created_at: Timestamp, key: &[u8; 32]) -> Self {
        let source = hkdf::Salt::new(hkdf::HKDF_SHA256, b"esoz-otp").extract(key);
        let check = expand(&source, b"check");
        let mut value = [0; 16];
        value.copy_from_slice(&check[..16]);
        Self { id, created_at, pepper: expand(&source, b"pepper"), check: KeyCheck { value } }
    }
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

fn key_bytes(hex: &str) -> Option<Zeroizing<[u8; 32]>> {
    SecretDigest::from_hex(hex).map(|bytes| Zeroizing::new(*bytes.as_bytes()))
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
    use crate::config::StoreConfig;
    use crate::entropy::SystemEntropy;

    fn file(keys: &[(&str, &str, char)]) -> String {
        let keys: Vec<_> = keys
            .iter()
            .map(|(id, at, digit)| {
                serde_json::json!({"id": id, "created_at": at, "key": digit.to_string().repeat(64)})
            })
            .collect();
        serde_json::json!({"format": 1, "keys": keys}).to_string()
    }

    #[test]
    fn the_key_created_last_writes_wherever_it_stands() {
        let text =
            file(&[("new", "2026-02-01T00:00:00Z", 'b'), ("old", "2026-01-01T00:00:00Z", 'a')]);
        let keyring = Keyring::parse(&text).unwrap();
        assert_eq!(keyring.newest().0, "new");
        assert_ne!(keyring.pepper("old"), keyring.pepper("new"));
        assert!(keyring.pepper("other").is_none());
    }

    #[test]
    fn a_generated_keyring_is_read_back_and_never_printed() {
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let text = Keyring::generate(&SystemEntropy::new(), now).unwrap();
        let keyring = Keyring::parse(&text).unwrap();
        assert_eq!(format!("{keyring:?}"), r#"["k2026-11-21"]"#);
    }

    #[test]
    fn a_faulty_keyring_is_refused_without_telling_a_key() {
        let secret = "5".repeat(63);
        for text in [
            "",
            "{}",
            r#"{"format": 1, "keys": []}"#,
            r#"{"format": 2, "keys": []}"#,
            &format!(
                r#"{{"format": 1, "keys": [{{"id": "a", "created_at": "", "key": "{secret}"}}]}}"#
            ),
            &format!(r#"{{"format": 1, "keys": [{{"id": "a", "key": "{secret}"}}]}}"#),
            &file(&[("a", "2026-01-01T00:00:00Z", 'a'), ("a", "2026-01-01T00:00:00Z", 'b')]),
            &file(&[("a", "yesterday", '5')]),
            &file(&[("", "2026-01-01T00:00:00Z", '5')]),
            &file(&[(&"5".repeat(64), "2026-01-01T00:00:00Z", '5')]),
        ] {
            let error = Keyring::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("5555"), "{error}");
        }
    }

    #[test]
    fn other_content_under_an_old_id_is_found_and_so_is_a_missing_key() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), StoreConfig::default()).unwrap();
        let at = "2026-01-01T00:00:00Z";
        Keyring::parse(&file(&[("a", at, 'a')])).unwrap().check(&store).unwrap();
        let both = file(&[("a", at, 'a'), ("b", at, 'b')]);
        Keyring::parse(&both).unwrap().check(&store).unwrap();

        let changed = Keyring::parse(&file(&[("a", at, 'c'), ("b", at, 'b')])).unwrap();
        assert!(matches!(changed.check(&store), Err(KeyringError::Changed(id)) if id == "a"));
        let missing = Keyring::parse(&file(&[("b", at, 'b')])).unwrap();
        assert!(matches!(missing.check(&store), Err(KeyringError::Missing(id)) if id == "a"));
    }
}
