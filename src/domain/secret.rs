use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{bytes, from_hex, to_hex};

/// A bearer token or an `api-key` in clear. Its memory is wiped on drop, and `Debug` does not print it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// SHA-256 of a [`Secret`], the only stored form of it. The secrets are random with 256 bits, so a slow hash such as
/// argon2 would add nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretDigest(#[serde(with = "bytes")] [u8; 32]);

/// The last four characters of a [`Secret`], so that operators can tell which one a program has.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastFour([u8; 4]);

impl fmt::Display for LastFour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Debug for LastFour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastFour(…)")
    }
}

/// The fewest characters of a secret whose last four are shown: what is left has 128 bits if it is random hexadecimal.
const FEWEST_SHOWN: usize = 36;

impl Secret {
    /// The last four characters. `None` for a secret of fewer than 36, or with others than ASCII letters and digits there.
    pub fn last_four(&self) -> Option<LastFour> {
        let last = self.0.as_bytes().last_chunk::<4>()?;
        let is_shown = self.0.len() >= FEWEST_SHOWN && last.iter().all(u8::is_ascii_alphanumeric);
        is_shown.then_some(LastFour(*last))
    }

    /// Takes ownership of the text; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret in clear: for the banner of `demo`, and for `init` and `import`, which print it once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the secret: the key of the trees `tokens` and `connections_by_secret`.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(self.0.as_bytes())
    }
}

impl SecretDigest {
    /// SHA-256 of a secret as it came in an `Authorization` or `api-key` header.
    pub fn of(secret: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, secret);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }

    /// The digest with these 32 bytes, as a stored key has them.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits of either case: `digest` of a world file.
    pub fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }

    /// The digest as 64 lowercase hexadecimal digits.
    pub fn to_hex(&self) -> String {
        to_hex(&self.0)
    }

    /// The 32 bytes: a key of the `tokens` tree.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_four_of_a_long_secret_are_shown_and_none_of_a_short_one() {
        let last = |text: &str| Secret::new(text.into()).last_four().map(|last| last.to_string());
        assert_eq!(last(&format!("{}beef", "0".repeat(60))), Some("beef".into()));
        assert_eq!(last(&format!("{}beef", "0".repeat(31))), None);
        assert_eq!(last(&format!("{}код", "0".repeat(60))), None);
        for short in ["", "abc", "demo-mis-token"] {
            assert_eq!(last(short), None);
        }
    }

    #[test]
    fn digest_is_sha_256() {
        // FIPS 180-4, the one-block example.
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Secret::new("abc".into()).digest(), SecretDigest::from_hex(hex).unwrap());
        assert_eq!(SecretDigest::from_hex(hex).unwrap().to_hex(), hex);
        assert!(SecretDigest::from_hex(&hex[1..]).is_none());
        assert!(SecretDigest::from_hex(&hex.replace('b', "g")).is_none());
    }
}
