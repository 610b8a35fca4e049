use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::domain::VerificationId;
use crate::entropy::{Entropy, NoEntropy, draw_bytes};
use crate::store::schema::SealedMessage;

/// Length of the tag that AES-GCM appends.
const TAG_BYTES: usize = 16;

/// Encrypts the messages that wait in the outbox: a stolen disk without the keyring reveals no code. AES-256-GCM with a
/// random nonce for each message. The verification's id and the key's id are authenticated with it, so a message can't
/// be moved to another verification.
pub struct Sealer {
    /// Pairs of id and key, the newest last.
    keys: Vec<(String, LessSafeKey)>,
}

impl Sealer {
    /// Encrypts with the last of these keys, and decrypts with all.
    pub fn of<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8; 32])>) -> Self {
        let key = |bytes: &[u8; 32]| {
            let key = UnboundKey::new(&AES_256_GCM, bytes);
            LessSafeKey::new(key.expect("AES-256 takes 32 bytes"))
        };
        Self { keys: keys.into_iter().map(|(id, bytes)| (id.to_owned(), key(bytes))).collect() }
    }

    pub(crate) fn seal(
        &self,
        entropy: &dyn Entropy,
        id: VerificationId,
        text: &str,
    ) -> Result<SealedMessage, NoEntropy> {
        let (key_id, key) = self.keys.last().ok_or(NoEntropy)?;
        let nonce: [u8; NONCE_LEN] = draw_bytes(entropy)?;
        // Room for the tag: growing the buffer would leave a copy of the text in memory.
        let mut sealed = Vec::with_capacity(text.len() + TAG_BYTES);
        sealed.extend_from_slice(text.as_bytes());
        let unique = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(unique, bound_to(id, key_id), &mut sealed)
            .map_err(|_| NoEntropy)?;
        Ok(SealedMessage { key_id: key_id.clone(), nonce, sealed })
    }

    /// Decrypts a message. `None` if its key is gone, or it was changed or moved.
    pub(crate) fn open(
        &self,
        id: VerificationId,
        message: &SealedMessage,
    ) -> Option<Zeroizing<String>> {
        let (key_id, key) = self.keys.iter().find(|(key_id, _)| *key_id == message.key_id)?;
        let nonce = Nonce::assume_unique_for_key(message.nonce);
        let mut bytes = Zeroizing::new(message.sealed.clone());
        let text = key.open_in_place(nonce, bound_to(id, key_id), &mut bytes).ok()?;
        std::str::from_utf8(text).ok().map(|text| Zeroizing::new(text.to_owned()))
    }
}

fn bound_to(id: VerificationId, key_id: &str) -> Aad<Vec<u8>> {
    Aad::from([&id.as_bytes()[..], key_id.as_bytes()].concat())
}

/// Prints the ids, not the keys.
impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Id;
    use crate::entropy::SystemEntropy;

    const OLD: (&str, &[u8; 32]) = ("old", &[1; 32]);
    const NEW: (&str, &[u8; 32]) = ("new", &[2; 32]);

    fn id(byte: u8) -> VerificationId {
        Id::from_bytes([byte; 16])
    }

    #[test]
    fn a_text_comes_back_only_under_its_own_id_and_key_and_unchanged() {
        let keys = Sealer::of([OLD, NEW]);
        let sealed = keys.seal(&SystemEntropy::new(), id(1), "Код: 0123456789").unwrap();
        assert_eq!(sealed.key_id, "new");
        assert_eq!(&**keys.open(id(1), &sealed).unwrap(), "Код: 0123456789");
        assert_eq!(keys.open(id(2), &sealed), None);
        assert_eq!(Sealer::of([OLD]).open(id(1), &sealed), None);
        let relabelled = SealedMessage { key_id: "old".into(), ..sealed.clone() };
        assert_eq!(Sealer::of([("old", NEW.1)]).open(id(1), &relabelled), None);
        for byte in 0..sealed.sealed.len() {
            let mut changed = sealed.clone();
            changed.sealed[byte] ^= 1;
            assert_eq!(keys.open(id(1), &changed), None);
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same_and_an_older_key_still_opens() {
        let (entropy, old) = (SystemEntropy::new(), Sealer::of([OLD]));
        let one = old.seal(&entropy, id(1), "text").unwrap();
        let other = old.seal(&entropy, id(1), "text").unwrap();
        assert_ne!((one.nonce, &one.sealed), (other.nonce, &other.sealed));
        assert!(Sealer::of([OLD, NEW]).open(id(1), &one).is_some());
        assert_eq!(format!("{old:?}"), r#"["old"]"#);
    }
}
