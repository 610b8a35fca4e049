//! The secret of a data directory: 256 random bits, encrypted with the newest key of the keyring. It is the key for
//! hashes of phones in the audit.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::error::KeyringError;
use super::{DerivedKey, Keyring};
use crate::audit::PhoneKey;
use crate::entropy::{Entropy, draw_bytes};
use crate::store::schema::{SEALED_SECRETS, SealedSecret};
use crate::store::{Priority, Store, StoreError};

/// Key of the secret in the tree `SEALED_SECRETS`.
const PHONES: &str = "audit_phones";

type SecretBytes = Zeroizing<[u8; 32]>;

impl Keyring {
    /// The HMAC key for phones in audit rows. A new secret is drawn if the data directory has none. It is encrypted
    /// again when the keyring has a newer key, so it survives every exchange of keys.
    pub fn phone_key(
        &self,
        store: &Store,
        entropy: &dyn Entropy,
    ) -> Result<PhoneKey, KeyringError> {
        let newest = self.keys.last().expect("a keyring without a key is not read");
        let secret = match self.unseal(store)? {
            Some((secret, key_id)) if key_id == newest.id => return Ok(PhoneKey::of(&secret)),
            Some((secret, _)) => secret,
            None => Zeroizing::new(draw_bytes(entropy)?),
        };
        let sealed = seal(newest, &secret, entropy)?;
        store.write_blocking(Priority::MayUseReserve, move |write| {
            write.put(SEALED_SECRETS, &PHONES.to_owned(), &sealed)
        })?;
        Ok(PhoneKey::of(&secret))
    }

    /// Encrypts the secret with the newest key, so that it doesn't need key `id` any more. If the secret is lost
    /// together with that key, it is removed: the next start draws another.
    pub fn reseal_without(
        &self,
        id: &str,
        store: &Store,
        entropy: &dyn Entropy,
    ) -> Result<(), KeyringError> {
        let Some(sealed) = store.get(SEALED_SECRETS, &PHONES.to_owned())? else { return Ok(()) };
        if self.holds(&sealed.key_id) {
            return self.phone_key(store, entropy).map(drop);
        }
        if sealed.key_id == id {
            store.write_blocking(Priority::MayUseReserve, |write| {
                write.remove(SEALED_SECRETS, &PHONES.to_owned());
                Ok::<_, StoreError>(())
            })?;
        }
        Ok(())
    }

    /// The secret, and the id of the key that encrypts it. `None` if there is none, or its key is lost.
    fn unseal(&self, store: &Store) -> Result<Option<(SecretBytes, String)>, KeyringError> {
        let Some(sealed) = store.get(SEALED_SECRETS, &PHONES.to_owned())? else { return Ok(None) };
        let Some(key) = self.get(&sealed.key_id) else {
            tracing::warn!(
                key = sealed.key_id,
                "the secret that numbers are hashed with in the audit is lost with the key that it was sealed with: \
                 rows from before can't be found by number any more"
            );
            return Ok(None);
        };
        if let Some(secret) = open(key, &sealed) {
            return Ok(Some((secret, sealed.key_id)));
        }
        let why = "a secret does not open with its key".to_owned();
        Err(StoreError::Damaged { tree: "sealed_secrets", why }.into())
    }
}

fn seal(
    key: &DerivedKey,
    secret: &[u8; 32],
    entropy: &dyn Entropy,
) -> Result<SealedSecret, KeyringError> {
    let nonce: [u8; NONCE_LEN] = draw_bytes(entropy)?;
    let mut sealed = Vec::with_capacity(secret.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(secret);
    let unique = Nonce::assume_unique_for_key(nonce);
    cipher(key)
        .seal_in_place_append_tag(unique, bound_to(&key.id), &mut sealed)
        .expect("32 bytes are within what AES-GCM seals");
    Ok(SealedSecret { key_id: key.id.clone(), nonce, sealed })
}

fn open(key: &DerivedKey, sealed: &SealedSecret) -> Option<SecretBytes> {
    let mut bytes = Zeroizing::new(sealed.sealed.clone());
    let nonce = Nonce::assume_unique_for_key(sealed.nonce);
    let secret = cipher(key).open_in_place(nonce, bound_to(&key.id), &mut bytes).ok()?;
    <[u8; 32]>::try_from(&*secret).ok().map(Zeroizing::new)
}

fn cipher(key: &DerivedKey) -> LessSafeKey {
    let cipher = UnboundKey::new(&AES_256_GCM, &*key.secret);
    LessSafeKey::new(cipher.expect("AES-256 takes 32 bytes"))
}

fn bound_to(key_id: &str) -> Aad<Vec<u8>> {
    Aad::from([PHONES.as_bytes(), b"/", key_id.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StoreConfig;
    use crate::domain::Phone;
    use crate::domain::audit::PhoneHash;
    use crate::entropy::SystemEntropy;
    use crate::keyring::file::written;

    fn keyring(ids: &[&str]) -> Keyring {
        let digit = |id: &str| id.chars().next().unwrap();
        let keys: Vec<_> = ids.iter().map(|id| (*id, "2026-01-01T00:00:00Z", digit(id))).collect();
        Keyring::parse(&written(&keys)).unwrap()
    }

    fn hash(ids: &[&str], store: &Store) -> PhoneHash {
        let key = keyring(ids).phone_key(store, &SystemEntropy::new()).unwrap();
        key.hash(Phone::from_national(671_234_567).unwrap())
    }

    fn sealed_with(store: &Store) -> String {
        store.get(SEALED_SECRETS, &PHONES.to_owned()).unwrap().unwrap().key_id
    }

    #[test]
    fn it_outlives_every_exchange_of_keys_and_is_another_in_each_directory() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open(home.path(), StoreConfig::default()).unwrap();
        let first = hash(&["a"], &store);
        assert_eq!((hash(&["a"], &store), sealed_with(&store)), (first, "a".into()));
        assert_eq!((hash(&["a", "b"], &store), sealed_with(&store)), (first, "b".into()));
        assert_eq!(hash(&["b"], &store), first, "the old key is not needed any more");
        assert_eq!((hash(&["b", "c"], &store), sealed_with(&store)), (first, "c".into()));
        let other = Store::open(other.path(), StoreConfig::default()).unwrap();
        assert_ne!(hash(&["a"], &other), first);
    }

    #[test]
    fn before_a_key_goes_it_is_sealed_with_another_and_one_that_may_come_back_is_left() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), StoreConfig::default()).unwrap();
        let first = hash(&["a"], &store);
        let reseal = |ids: &[&str], id| {
            keyring(ids).reseal_without(id, &store, &SystemEntropy::new()).unwrap();
        };
        // Some other key is lost, and this one, too, which may be found again.
        reseal(&["b"], "c");
        assert_eq!(sealed_with(&store), "a");
        reseal(&["a", "b"], "a");
        assert_eq!((sealed_with(&store), hash(&["b"], &store)), ("b".into(), first));
        reseal(&["c"], "b");
        assert_eq!(store.get(SEALED_SECRETS, &PHONES.to_owned()).unwrap(), None);
    }

    #[test]
    fn what_is_lost_with_its_key_is_drawn_anew_and_what_was_changed_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path(), StoreConfig::default()).unwrap();
        let first = hash(&["a"], &store);
        let second = hash(&["b"], &store);
        assert_ne!(second, first);
        let sealed = store.get(SEALED_SECRETS, &PHONES.to_owned()).unwrap().unwrap();
        for place in 0..sealed.sealed.len() {
            let mut changed = sealed.clone();
            changed.sealed[place] ^= 1;
            let put = move |write: &mut crate::store::Write<'_>| {
                write.put(SEALED_SECRETS, &PHONES.to_owned(), &changed)
            };
            store.write_blocking(Priority::Normal, put).unwrap();
            let refused = keyring(&["b"]).phone_key(&store, &SystemEntropy::new());
            let refused = refused.unwrap_err();
            assert!(
                matches!(refused, KeyringError::Store(StoreError::Damaged { .. })),
                "{refused}"
            );
        }
    }
}
