//! Compares a keyring with the keys that a data directory was used with, and retires keys.
//!
//! The tree `KEY_CHECKS` stores the id and a check value of every key that the directory was used with, retired ones
//! included. So other key bytes under a known id are detected, and so is a missing key that was not retired.

use std::collections::BTreeMap;

use super::error::{KeyringError, NotRetired};
use super::usage::usage_by_key;
use super::{DerivedKey, Keyring};
use crate::domain::Timestamp;
use crate::store::schema::{KEY_CHECKS, KeyCheck};
use crate::store::{Priority, Store, StoreError, Write};

/// The status of a key, from the keyring and the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// In the keyring, and not yet used with the data directory.
    New,
    /// In the keyring, and used with the data directory.
    InUse,
    /// In the keyring, but the directory was used with another key of this id.
    Changed {
        /// Whether that other key was retired.
        was_retired: bool,
    },
    /// The directory was used with the key, and the keyring doesn't hold it.
    Missing,
    /// The directory no longer needs the key (`keys retire`).
    Retired {
        /// When the key was retired.
        at: Timestamp,
        /// Whether the keyring still holds the key.
        is_held: bool,
    },
}

impl Keyring {
    /// The status of every key that the keyring or the data directory knows, by id.
    pub fn statuses(&self, store: &Store) -> Result<BTreeMap<String, KeyStatus>, StoreError> {
        let known: BTreeMap<_, _> = store.page(KEY_CHECKS, None, usize::MAX)?.into_iter().collect();
        let mut all: BTreeMap<_, _> =
            known.iter().map(|(id, seen)| (id.clone(), status(None, seen))).collect();
        for key in &self.keys {
            let status = known.get(&key.id).map_or(KeyStatus::New, |seen| status(Some(key), seen));
            all.insert(key.id.clone(), status);
        }
        Ok(all)
    }

    /// Whether the data directory was ever used with a key of this id, even a retired one.
    pub fn is_known(id: &str, store: &Store) -> Result<bool, StoreError> {
        Ok(store.get(KEY_CHECKS, &id.to_owned())?.is_some())
    }

    /// Compares the keyring with the data directory and stores the check values of new keys. Retired keys that the
    /// keyring still holds are dropped from `self` with a warning. A changed or missing key, or a newest key that was
    /// retired, is an error.
    pub fn check(&mut self, store: &Store) -> Result<(), KeyringError> {
        let mut retired = Vec::new();
        for (id, status) in self.statuses(store)? {
            match status {
                KeyStatus::New | KeyStatus::InUse | KeyStatus::Retired { is_held: false, .. } => {}
                KeyStatus::Changed { was_retired } => return Err(changed(&id, was_retired)),
                KeyStatus::Missing => return Err(KeyringError::Missing(id)),
                KeyStatus::Retired { is_held: true, .. } => retired.push(id),
            }
        }
        if let Some(id) = retired.iter().find(|id| self.newest().0 == **id) {
            return Err(KeyringError::Retired(id.clone()));
        }
        for id in &retired {
            tracing::warn!(key = id, "the keyring holds a key that was retired; it is not used");
        }
        self.keys.retain(|key| !retired.contains(&key.id));
        let checks = self.checks();
        store.write_blocking(Priority::Normal, move |write| {
            Ok::<_, KeyringError>(note_new(write, &checks)?)
        })
    }

    /// Stores that the data directory no longer needs the key `id`. [`NotRetired::Needed`] if codes or messages still
    /// need it, unless `by_force`: these become worthless then. A key that the keyring has lost can be retired too.
    ///
    /// This is the first half of `keys retire`. Afterwards the key is removed from the file; until then it lies there
    /// unused.
    pub fn retire(
        &self,
        id: &str,
        store: &Store,
        now: Timestamp,
        by_force: bool,
    ) -> Result<(), NotRetired> {
        if self.check_retirable(id, store, now, by_force)? {
            return Ok(());
        }
        let (id, checks) = (id.to_owned(), self.checks());
        store.write_blocking(Priority::Normal, move |write| {
            note_new(write, &checks)?;
            if let Some(check) = write.get(KEY_CHECKS, &id)? {
                let retired = KeyCheck { retired_at: Some(now), ..check };
                write.put(KEY_CHECKS, &id, &retired)?;
            }
            Ok(())
        })
    }

    /// Returns the error of [`Keyring::retire`], if there is one. `true` if the key is retired already, by a run that
    /// did not finish.
    pub fn check_retirable(
        &self,
        id: &str,
        store: &Store,
        now: Timestamp,
        by_force: bool,
    ) -> Result<bool, NotRetired> {
        let all = self.statuses(store)?;
        check_same(&all, by_force)?;
        match all.get(id) {
            None => return Err(NotRetired::unknown(id, all.keys().map(String::as_str))),
            Some(KeyStatus::Retired { .. }) => return Ok(true),
            Some(
                KeyStatus::New | KeyStatus::InUse | KeyStatus::Changed { .. } | KeyStatus::Missing,
            ) => {}
        }
        if self.newest().0 == id {
            return Err(NotRetired::Newest(id.to_owned()));
        }
        match usage_by_key(store, now)?.remove(id).filter(|_| !by_force) {
            Some(usage) => Err(NotRetired::Needed { id: id.to_owned(), usage }),
            None => Ok(false),
        }
    }

    fn checks(&self) -> Vec<(String, KeyCheck)> {
        let check = |key: &DerivedKey| KeyCheck { value: key.check, retired_at: None };
        self.keys.iter().map(|key| (key.id.clone(), check(key))).collect()
    }
}

fn status(held: Option<&DerivedKey>, seen: &KeyCheck) -> KeyStatus {
    match (held, seen.retired_at) {
        (Some(key), retired) if key.check != seen.value => {
            KeyStatus::Changed { was_retired: retired.is_some() }
        }
        (held, Some(at)) => KeyStatus::Retired { at, is_held: held.is_some() },
        (Some(_), None) => KeyStatus::InUse,
        (None, None) => KeyStatus::Missing,
    }
}

/// The error for a key with other bytes than the directory knows under its id.
fn changed(id: &str, was_retired: bool) -> KeyringError {
    if was_retired {
        KeyringError::Reused(id.to_owned())
    } else {
        KeyringError::Changed(id.to_owned())
    }
}

/// [`NotRetired::Foreign`] if the keyring has no key of this data directory: it belongs to another one, and nothing of
/// it may be stored here.
fn check_same(all: &BTreeMap<String, KeyStatus>, by_force: bool) -> Result<(), NotRetired> {
    for (id, status) in all {
        if let KeyStatus::Changed { was_retired } = status {
            return Err(changed(id, *was_retired).into());
        }
    }
    let is_shared = |status: &KeyStatus| match status {
        KeyStatus::InUse | KeyStatus::Retired { is_held: true, .. } => true,
        KeyStatus::New
        | KeyStatus::Changed { .. }
        | KeyStatus::Missing
        | KeyStatus::Retired { is_held: false, .. } => false,
    };
    if by_force || all.values().any(is_shared) { Ok(()) } else { Err(NotRetired::Foreign) }
}

fn note_new(write: &mut Write<'_>, checks: &[(String, KeyCheck)]) -> Result<(), StoreError> {
    for (id, check) in checks {
        if write.get(KEY_CHECKS, id)?.is_none() {
            write.put(KEY_CHECKS, id, check)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::StoreConfig;
    use crate::keyring::file::written;

    const AT: &str = "2026-01-01T00:00:00Z";

    fn now() -> Timestamp {
        Timestamp::parse("2026-06-01T00:00:00Z").unwrap()
    }

    /// Keys of these ids, each of its own digit, the last one the newest.
    fn keyring(keys: &[(&str, char)]) -> Keyring {
        let keys: Vec<_> = keys.iter().map(|(id, digit)| (*id, AT, *digit)).collect();
        Keyring::parse(&written(&keys)).unwrap()
    }

    fn used_with(keys: &[(&str, char)]) -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), StoreConfig::default()).unwrap();
        keyring(keys).check(&store).unwrap();
        (directory, store)
    }

    #[test]
    fn other_content_under_an_old_id_is_found_and_so_is_a_missing_key() {
        let (_directory, store) = used_with(&[("a", 'a')]);
        keyring(&[("a", 'a'), ("b", 'b')]).check(&store).unwrap();
        let changed = keyring(&[("a", 'c'), ("b", 'b')]).check(&store);
        assert!(matches!(changed, Err(KeyringError::Changed(id)) if id == "a"));
        let missing = keyring(&[("b", 'b')]).check(&store);
        assert!(matches!(missing, Err(KeyringError::Missing(id)) if id == "a"));
    }

    #[test]
    fn a_retired_key_is_neither_missed_nor_used_nor_given_again() {
        let (_directory, store) = used_with(&[("a", 'a'), ("b", 'b')]);
        keyring(&[("a", 'a'), ("b", 'b')]).retire("a", &store, now(), false).unwrap();
        keyring(&[("b", 'b')]).check(&store).unwrap();

        let mut still_there = keyring(&[("a", 'a'), ("b", 'b')]);
        still_there.check(&store).unwrap();
        assert!(!still_there.holds("a") && still_there.holds("b"));

        let changed = keyring(&[("a", 'c'), ("b", 'b')]).check(&store);
        assert!(matches!(changed, Err(KeyringError::Reused(id)) if id == "a"));
        let newest = keyring(&[("b", 'b'), ("a", 'a')]).check(&store);
        assert!(matches!(newest, Err(KeyringError::Retired(id)) if id == "a"));
    }

    #[test]
    fn a_key_is_retired_once_and_not_when_it_is_the_newest_or_unknown() {
        let (_directory, store) = used_with(&[("a", 'a'), ("b", 'b')]);
        let keys = keyring(&[("a", 'a'), ("b", 'b'), ("new", 'c')]);
        let newest = keys.retire("new", &store, now(), true);
        assert!(matches!(newest, Err(NotRetired::Newest(id)) if id == "new"));
        let unknown = keys.retire("nev", &store, now(), true).unwrap_err();
        assert!(unknown.to_string().contains("nearest id is `new`"), "{unknown}");
        keys.retire("a", &store, now(), false).unwrap();
        let later = now() + Duration::from_hours(1);
        keys.retire("a", &store, later, false).unwrap();
        let at = now();
        let all = keys.statuses(&store).unwrap();
        assert_eq!(all["a"], KeyStatus::Retired { at, is_held: true }, "since the first time");
        assert_eq!((all["b"], all["new"]), (KeyStatus::InUse, KeyStatus::InUse));
    }

    #[test]
    fn lost_keys_can_be_retired_with_what_is_left_of_the_keyring() {
        let (_directory, store) = used_with(&[("a", 'a'), ("b", 'b'), ("c", 'c')]);
        let mut left = keyring(&[("c", 'c')]);
        left.retire("a", &store, now(), false).unwrap();
        assert!(matches!(left.check(&store), Err(KeyringError::Missing(id)) if id == "b"));
        left.retire("b", &store, now(), false).unwrap();
        left.check(&store).unwrap();
    }

    #[test]
    fn another_directory_s_keyring_changes_nothing() {
        let (_directory, store) = used_with(&[("a", 'a')]);
        let before = store.page(KEY_CHECKS, None, 9).unwrap();
        let other = keyring(&[("b", 'b')]);
        assert!(matches!(other.retire("a", &store, now(), false), Err(NotRetired::Foreign)));
        let changed = keyring(&[("a", 'b'), ("c", 'c')]).retire("a", &store, now(), true);
        assert!(matches!(changed, Err(NotRetired::Keyring(KeyringError::Changed(_)))));
        assert_eq!(store.page(KEY_CHECKS, None, 9).unwrap(), before);

        keyring(&[("b", 'b')]).retire("a", &store, now(), true).unwrap();
        keyring(&[("b", 'b')]).check(&store).unwrap();
    }
}
