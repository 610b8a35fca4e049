use ring::hmac;

use crate::domain::Phone;
use crate::domain::audit::PhoneHash;

/// Before the number, so that no other use of the secret gives the same.
const LABEL: &[u8] = b"esoz-otp audit phone 1";

/// What numbers are hashed with for rows of audit: a secret of the data directory. There are only a billion numbers, so
/// whoever has it can find out each.
pub struct PhoneKey(hmac::Key);

impl PhoneKey {
    /// From the directory's secret.
    pub fn of(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// What this number is called in rows of audit: the first half of its HMAC-SHA-256.
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
