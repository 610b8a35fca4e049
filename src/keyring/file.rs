//! The keyring's file. An edit keeps the order of the keys, and every other key letter by letter.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{KeyringError, NotAdded, NotRetired};
use crate::domain::{Timestamp, from_hex, to_hex};
use crate::entropy::{Entropy, NoEntropy, draw_bytes, draw_secret};

/// The only value of `format` so far.
const FORMAT: u32 = 1;

/// Bytes reserved for one key in the text: an id of 32 letters, a time, the key and JSON around them.
const KEY_BYTES: usize = 256;

/// How often a new id is drawn until it is free. There are 65 536 ids for a day.
const DRAWS: usize = 64;

/// The keys of a file, in their order and with the text of their fields.
pub struct KeyringFile {
    pub(super) keys: Vec<WrittenKey>,
}

/// One key of a file, decoded and as text.
pub(super) struct WrittenKey {
    pub(super) created_at: Timestamp,
    pub(super) bytes: Zeroizing<[u8; 32]>,
    entry: KeyEntry,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyringJson<K> {
    format: u32,
    keys: Vec<K>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: String,
    created_at: String,
    key: Zeroizing<String>,
}

impl KeyringFile {
    /// Reads the text of a file. [`KeyringError`] names the first fault.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let text: KeyringJson<KeyEntry> = serde_json::from_str(text)
            .map_err(|error| KeyringError::Format { line: error.line(), column: error.column() })?;
        if text.format != FORMAT {
            return Err(KeyringError::Version(text.format));
        }
        let mut file = Self { keys: Vec::new() };
        for entry in text.keys {
            // `Twice` and the errors of `read` print the id, so check it first: a misplaced key must not be printed.
            if !is_id(&entry.id) {
                return Err(KeyringError::Id(file.keys.len() + 1));
            }
            if file.get(&entry.id).is_some() {
                return Err(KeyringError::Twice(entry.id));
            }
            file.keys.push(WrittenKey::read(entry)?);
        }
        if file.keys.is_empty() { Err(KeyringError::Empty) } else { Ok(file) }
    }

    /// A file with one key that is drawn from `entropy`.
    pub fn generate(entropy: &dyn Entropy, now: Timestamp) -> Result<Self, NoEntropy> {
        let mut file = Self { keys: Vec::new() };
        file.push(&new_id(entropy, now)?, now, entropy)?;
        Ok(file)
    }

    /// Adds a random key and returns its id. The key becomes the newest: its `created_at` is later than that of all
    /// others, even if the clock is behind. Without `id`, one is drawn. Ids are never reused, not even after their key
    /// was retired.
    pub fn add(
        &mut self,
        id: Option<&str>,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<String, NotAdded> {
        let newest = self.newest();
        let now = now.max(newest.created_at + Duration::from_secs(1));
        if is_at_the_end(now) {
            return Err(NotAdded::NeverNewer(newest.id().to_owned()));
        }
        let id = match id {
            Some(id) if !is_id(id) => return Err(NotAdded::Id),
            Some(id) if self.get(id).is_some() => return Err(NotAdded::Taken(id.to_owned())),
            Some(id) => id.to_owned(),
            None => self.free_id(entropy, now)?,
        };
        self.push(&id, now, entropy)?;
        Ok(id)
    }

    /// Removes a key from the file. [`NotRetired::Newest`] for the newest one.
    pub fn remove(&mut self, id: &str) -> Result<(), NotRetired> {
        if self.get(id).is_none() {
            return Err(NotRetired::unknown(id, self.ids()));
        }
        if self.newest().id() == id {
            return Err(NotRetired::Newest(id.to_owned()));
        }
        self.keys.retain(|key| key.id() != id);
        Ok(())
    }

    /// The ids of all keys, in the order of the file.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(WrittenKey::id)
    }

    /// The text of the file, wiped on drop.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Allocated once: growing the buffer would leave copies of keys in memory.
        let mut text = Zeroizing::new(Vec::with_capacity(KEY_BYTES * (self.keys.len() + 1)));
        let entries = self.keys.iter().map(|key| &key.entry).collect();
        serde_json::to_writer_pretty(&mut *text, &KeyringJson { format: FORMAT, keys: entries })
            .expect("memory takes what is written to it, and texts and numbers are JSON");
        let text = std::mem::take(&mut *text);
        Zeroizing::new(String::from_utf8(text).expect("JSON is UTF-8"))
    }

    /// The key with the latest `created_at`; of two with the same time, the later one in the file.
    fn newest(&self) -> &WrittenKey {
        let newest = self.keys.iter().max_by_key(|key| key.created_at);
        newest.expect("a keyring without a key is not read, and the newest key is not removed")
    }

    fn get(&self, id: &str) -> Option<&WrittenKey> {
        self.keys.iter().find(|key| key.id() == id)
    }

    fn free_id(&self, entropy: &dyn Entropy, now: Timestamp) -> Result<String, NoEntropy> {
        for _ in 0..DRAWS {
            let id = new_id(entropy, now)?;
            if self.get(&id).is_none() {
                return Ok(id);
            }
        }
        Err(NoEntropy)
    }

    fn push(&mut self, id: &str, at: Timestamp, entropy: &dyn Entropy) -> Result<(), NoEntropy> {
        let key = Zeroizing::new(draw_secret(entropy)?.reveal().to_owned());
        let entry = KeyEntry { id: id.to_owned(), created_at: at.to_whole_second(), key };
        let key =
            WrittenKey::read(entry).expect("a key of 64 digits, and a time within the calendar");
        self.keys.push(key);
        Ok(())
    }
}

impl WrittenKey {
    fn read(entry: KeyEntry) -> Result<Self, KeyringError> {
        let Ok(created_at) = Timestamp::parse(&entry.created_at) else {
            return Err(KeyringError::Time(entry.id));
        };
        let Some(bytes) = key_bytes(&entry.key) else {
            return Err(KeyringError::Length(entry.id));
        };
        Ok(Self { created_at, bytes, entry })
    }

    pub(super) fn id(&self) -> &str {
        &self.entry.id
    }
}

/// A new id: `k`, the day, and two random bytes, so that keys of one day differ, retired ones included.
fn new_id(entropy: &dyn Entropy, now: Timestamp) -> Result<String, NoEntropy> {
    let chance: [u8; 2] = draw_bytes(entropy)?;
    let at = now.to_whole_second();
    let day = at.split('T').next().unwrap_or_default();
    Ok(format!("k{day}-{}", to_hex(&chance)))
}

/// Whether RFC 3339 can't write a time as late as `now`.
fn is_at_the_end(now: Timestamp) -> bool {
    !Timestamp::parse(&now.to_whole_second()).is_ok_and(|written| written >= now)
}

fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

fn key_bytes(hex: &str) -> Option<Zeroizing<[u8; 32]>> {
    from_hex(hex).map(Zeroizing::new)
}

/// Prints the ids, not the keys.
impl std::fmt::Debug for KeyringFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// The text of a file for tests: `(id, created_at, digit)`, the key being 64 times the digit.
#[cfg(test)]
pub(super) fn written(keys: &[(&str, &str, char)]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|(id, at, digit)| {
            serde_json::json!({"id": id, "created_at": at, "key": digit.to_string().repeat(64)})
        })
        .collect();
    serde_json::json!({"format": 1, "keys": keys}).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entropy::{SeededEntropy, SystemEntropy};

    const AT: &str = "2026-01-01T00:00:00Z";

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
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
            &format!(r#"{{"format": 1, "keys": ["{secret}"]}}"#),
            &format!(r#"{{"format": "{secret}", "keys": []}}"#),
            &format!(r#"{{"format": 1, "keys": [], "{secret}": 1}}"#),
            &written(&[("a", AT, 'a'), ("a", AT, 'b')]),
            &written(&[("a", "yesterday", '5')]),
            &written(&[("", AT, '5')]),
            &written(&[(&"5".repeat(64), AT, '5')]),
        ] {
            let error = KeyringFile::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("5555"), "{error}");
        }
    }

    #[test]
    fn a_key_is_added_as_the_newest_whatever_the_clock_says() {
        let text = written(&[("late", "2030-01-01T00:00:00.5Z", 'a'), ("early", AT, 'b')]);
        let mut file = KeyringFile::parse(&text).unwrap();
        let entropy = SystemEntropy::new();
        let id = file.add(None, &entropy, at("2026-06-01T00:00:00Z")).unwrap();
        assert!(id.starts_with("k2030-01-01-") && id.len() == 16, "{id}");
        assert_eq!(file.newest().id(), id);
        assert_eq!(file.newest().created_at, at("2030-01-01T00:00:02Z"), "whole seconds");
        let id = file.add(Some("mine"), &entropy, at("2031-06-01T00:00:00Z")).unwrap();
        assert_eq!((id.as_str(), file.newest().id()), ("mine", "mine"));
        assert_eq!(file.newest().created_at, at("2031-06-01T00:00:00Z"));
    }

    #[test]
    fn no_id_is_given_twice_and_none_is_drawn_that_is_there() {
        let mut file = KeyringFile::parse(&written(&[("a", AT, 'a')])).unwrap();
        let entropy = SystemEntropy::new();
        let now = at("2026-06-01T00:00:00Z");
        let taken = file.add(Some("a"), &entropy, now);
        assert!(matches!(taken, Err(NotAdded::Taken(id)) if id == "a"));
        for id in ["", "with space", "5\n", &"5".repeat(33)] {
            assert!(matches!(file.add(Some(id), &entropy, now), Err(NotAdded::Id)), "{id:?}");
        }
        // The same chance once more, which would give the same id.
        let one = file.add(None, &SeededEntropy::new(7), now).unwrap();
        let other = file.add(None, &SeededEntropy::new(7), now).unwrap();
        assert_ne!(one, other);
    }

    #[test]
    fn at_the_end_of_time_nothing_is_newer() {
        let text = written(&[("last", "9999-12-30T22:00:00Z", 'a')]);
        let mut file = KeyringFile::parse(&text).unwrap();
        let added = file.add(None, &SystemEntropy::new(), at(AT));
        assert!(matches!(added, Err(NotAdded::NeverNewer(id)) if id == "last"), "{file:?}");
    }

    #[test]
    fn the_newest_key_is_never_taken_out() {
        let text = written(&[("b", AT, 'b'), ("a", AT, 'a'), ("old", "2025-01-01T00:00:00Z", 'c')]);
        let mut file = KeyringFile::parse(&text).unwrap();
        assert!(matches!(file.remove("a"), Err(NotRetired::Newest(id)) if id == "a"));
        let unknown = file.remove("ols").unwrap_err();
        assert!(unknown.to_string().contains("`old`"), "{unknown}");
        file.remove("old").unwrap();
        file.remove("b").unwrap();
        assert!(matches!(file.remove("a"), Err(NotRetired::Newest(_))));
        assert_eq!(file.ids().collect::<Vec<_>>(), ["a"]);
    }

    proptest! {
        /// However a file is laid out: what is written of it is read as the same, letter for letter, and stays so.
        #[test]
        fn an_edit_leaves_every_other_key_as_it_stands(
            keys in proptest::collection::btree_map("[a-zA-Z0-9._-]{1,32}", "[0-9a-fA-F]{64}", 1..12),
            micros in proptest::collection::vec(0_i64..4_000_000_000_000_000, 12),
            out in any::<prop::sample::Index>(),
        ) {
            let keys: Vec<_> = keys.iter().zip(micros).map(|((id, key), micros)| {
                let at = Timestamp::from_micros(micros).to_string();
                serde_json::json!({"key": key, "id": id, "created_at": at})
            }).collect();
            let text = serde_json::json!({"keys": keys, "format": 1}).to_string();
            let mut file = KeyringFile::parse(&text).unwrap();
            let added = file.add(None, &SystemEntropy::new(), at(AT)).unwrap();
            let out = keys[out.index(keys.len())]["id"].as_str().unwrap();
            file.remove(out).unwrap();

            let text = file.to_text();
            let left: serde_json::Value = serde_json::from_str(&text).unwrap();
            let mut left = left["keys"].as_array().unwrap().clone();
            let last = left.pop().unwrap();
            prop_assert_eq!(last["id"].as_str(), Some(added.as_str()));
            let others: Vec<_> = keys.iter().filter(|key| key["id"] != *out).cloned().collect();
            prop_assert_eq!(left, others);
            prop_assert_eq!(&*KeyringFile::parse(&text).unwrap().to_text(), &*text);
        }
    }
}
