use std::collections::BTreeMap;
use std::fmt;

use crate::domain::{Timestamp, Verification, VerificationState, VerificationStatus};
use crate::store::schema::{AtKey, OUTBOX, VERIFICATIONS};
use crate::store::{Record, Store, StoreError, Table, TableKey};

/// Records that are read from the store at a time.
const PAGE: usize = 1024;

/// The codes and messages that need a key: [`NotRetired::Needed`](super::NotRetired::Needed) prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// Number of unexpired codes that were hashed with the key.
    pub codes: usize,
    /// Number of messages in the outbox that are encrypted with the key.
    pub messages: usize,
    /// When the last of these codes and messages expires.
    pub until: Timestamp,
}

/// The codes and messages that need a key at `now`, by the key's id. Keys without any are absent.
pub fn usage_by_key(
    store: &Store,
    now: Timestamp,
) -> Result<BTreeMap<String, KeyUsage>, StoreError> {
    let mut found = BTreeMap::new();
    each(store, VERIFICATIONS, |_, verification| {
        if let Some(key_id) = needed_by(verification, now) {
            let until = verification.code_expired_at;
            add(&mut found, key_id, KeyUsage { codes: 1, messages: 0, until });
        }
    })?;
    each(store, OUTBOX, |AtKey { at: until, .. }, message| {
        if *until > now && !message.is_erased() {
            add(&mut found, &message.key_id, KeyUsage { codes: 0, messages: 1, until: *until });
        }
    })?;
    Ok(found)
}

/// Calls `look` for each record of a tree, a page at a time.
fn each<K: TableKey, V: Record>(
    store: &Store,
    table: Table<K, V>,
    mut look: impl FnMut(&K, &V),
) -> Result<(), StoreError> {
    let mut last = None;
    loop {
        let page = store.page(table, last.as_ref(), PAGE)?;
        for (key, record) in &page {
            look(key, record);
        }
        let Some((key, _)) = page.into_iter().next_back() else { return Ok(()) };
        last = Some(key);
    }
}

/// The key that the code was hashed with; `None` if the code can't be used any more.
fn needed_by(verification: &Verification, now: Timestamp) -> Option<&str> {
    match &verification.state {
        VerificationState::New { code, .. }
            if verification.status(now) == VerificationStatus::New =>
        {
            Some(&code.key_id)
        }
        VerificationState::New { .. }
        | VerificationState::Verified
        | VerificationState::Unverified
        | VerificationState::Canceled => None,
    }
}

fn add(found: &mut BTreeMap<String, KeyUsage>, key_id: &str, more: KeyUsage) {
    let usage = found.entry(key_id.to_owned()).or_insert(KeyUsage {
        codes: 0,
        messages: 0,
        until: more.until,
    });
    usage.codes += more.codes;
    usage.messages += more.messages;
    usage.until = usage.until.max(more.until);
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { codes, messages, until } = self;
        counted(f, *codes, "code")?;
        if *messages > 0 {
            f.write_str(" and ")?;
            counted(f, *messages, "message")?;
        }
        write!(f, " until {}", until.to_whole_second())
    }
}

fn counted(f: &mut fmt::Formatter<'_>, number: usize, what: &str) -> fmt::Result {
    let plural = if number == 1 { "" } else { "s" };
    write!(f, "{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::StoreConfig;
    use crate::domain::{HashedCode, Id, Phone, Purpose, VerificationRules};
    use crate::keyring::file::written;
    use crate::keyring::{Keyring, NotRetired};
    use crate::store::Priority;
    use crate::store::Write;

    fn now() -> Timestamp {
        Timestamp::parse("2026-06-01T00:00:00Z").unwrap()
    }

    fn store() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), StoreConfig::default()).unwrap();
        (directory, store)
    }

    /// Codes of one phone after the other: the key that each is hashed with, when it was sent, and what then came of it.
    fn keep(store: &Store, codes: Vec<(&'static str, Timestamp, Fate)>) {
        let rules = VerificationRules { life: LIFE, attempts: 1 };
        let put = move |write: &mut Write<'_>| {
            for ((key_id, sent_at, fate), number) in codes.into_iter().zip(0_u32..) {
                let hash = [7; 32];
                let code = HashedCode { key_id: key_id.to_owned(), salt: [0; 16], hash };
                let phone = Phone::from_national(number).unwrap();
                let id = Id::from_bytes(u128::from(number).to_be_bytes());
                let purpose = Purpose::PhoneVerification;
                let sent = Verification::issue(id, phone, purpose, code, rules, sent_at);
                write.put(VERIFICATIONS, &id, &fate(sent, sent_at))?;
            }
            Ok::<_, StoreError>(())
        };
        store.write_blocking(Priority::Normal, put).unwrap();
    }

    type Fate = fn(Verification, Timestamp) -> Verification;
    const LIFE: Duration = Duration::from_mins(5);
    const WAITS: Fate = |sent, _| sent;
    const USED: Fate = |sent, at| sent.verify(at).unwrap();
    const REPLACED: Fate = |sent, at| sent.cancel(at).unwrap();
    const TRIED: Fate = |sent, at| sent.spend_attempt(at).unwrap().0;
    const FAILED: Fate = |sent, at| TRIED(sent, at).reject(at).unwrap();

    #[test]
    fn only_codes_that_may_still_be_brought_back_need_a_key_and_only_until_they_expire() {
        let (_directory, store) = store();
        let (sent, later) = (now(), now() + Duration::from_mins(1));
        let over = [USED, REPLACED, TRIED, FAILED].map(|fate| ("a", sent, fate));
        let live = [("a", sent, WAITS), ("b", sent, WAITS), ("a", later, WAITS)];
        keep(&store, [&over[..], &live].concat());

        let usage = usage_by_key(&store, later).unwrap();
        let (codes, until) = (2, later + LIFE);
        assert_eq!(usage["a"], KeyUsage { codes, messages: 0, until });
        assert_eq!(usage["b"], KeyUsage { codes: 1, messages: 0, until: sent + LIFE });
        let usage = usage_by_key(&store, sent + LIFE).unwrap();
        assert_eq!(usage.get("a"), Some(&KeyUsage { codes: 1, messages: 0, until }));
        assert_eq!(usage.get("b"), None);
        assert_eq!(usage_by_key(&store, until).unwrap().len(), 0);
    }

    #[test]
    fn a_key_goes_with_the_last_code_that_needs_it_or_by_force() {
        let at = "2026-01-01T00:00:00Z";
        let text = written(&[("a", at, 'a'), ("b", at, 'b'), ("c", at, 'c')]);
        let mut keys = Keyring::parse(&text).unwrap();
        let (_directory, store) = store();
        keys.check(&store).unwrap();
        keep(&store, vec![("a", now(), WAITS), ("b", now(), WAITS)]);
        let before = now() + LIFE - Duration::from_micros(1);
        let refused = keys.retire("a", &store, before, false).unwrap_err();
        assert!(matches!(refused, NotRetired::Needed { .. }), "{refused:?}");
        assert!(refused.to_string().contains("by 1 code until 2026-06-01T00:05:00Z"), "{refused}");
        keys.retire("b", &store, before, true).unwrap();
        keys.retire("a", &store, now() + LIFE, false).unwrap();
        keys.check(&store).unwrap();
        assert_eq!(keys.keys().map(|(id, _)| id).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn all_codes_are_counted_however_many_there_are() {
        let (_directory, store) = store();
        for many in [PAGE, PAGE + 1] {
            keep(&store, vec![("a", now(), WAITS); many]);
            assert_eq!(usage_by_key(&store, now()).unwrap()["a"].codes, many);
        }
    }
}
