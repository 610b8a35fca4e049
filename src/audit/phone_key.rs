use ring::hmac;

use crate::domain::Phone;
use crate::domain::audit::PhoneHash;

/// Prefix of the HMAC's input: another use of the same secret gives other values.
const LABEL: &[u8] = b"esoz-otp audit phone 1";

/// The HMAC key for phones in audit rows, derived from a secret of the data directory. There are only a billion phones,
/// so with this key every hash can be reversed by trying them all.
pub struct PhoneKey(hmac::Key);

impl PhoneKey {
    /// The key with these 32 bytes, which `Keyring::phone_key` unseals.
    pub fn of(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The first 128 bits of HMAC-SHA-256 over the label and the phone's national number.
    pub fn hash(&self, phone: Phone) -> PhoneHash {
        let number = phone.national().to_be_bytes();
        let tag = hmac::sign(&self.0, &[LABEL, &number].concat());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&tag.as_ref()[..16]);
        PhoneHash::from_bytes(bytes)
    }
}

impl std::fmt::Debug for PhoneKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PhoneKey(…)")
    }
}
