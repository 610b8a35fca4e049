//! Bytes as text (two hexadecimal digits each) and arrays of bytes in stored records.

use std::fmt::{self, Write as _};

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;

/// Encodes bytes as lowercase hexadecimal digits. The `String` is allocated once: growing it would leave copies of a
/// secret in memory.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes what is written to it");
        text
    })
}

/// Decodes exactly `2 * N` hexadecimal digits of either case; `None` for any other text.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// For `#[serde(with = "bytes")]`: writes `[u8; N]` as one byte string. `bincode` reads it several times faster than a
/// sequence of elements.
pub(super) fn serialize<S: Serializer, const N: usize>(
    bytes: &[u8; N],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    deserializer.deserialize_bytes(ByteArray)
}

struct ByteArray<const N: usize>;

impl<const N: usize> Visitor<'_> for ByteArray<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<[u8; N], E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_nothing_but_all_their_digits_is_read() {
        assert_eq!(to_hex(&[0x00, 0x9f, 0xa0]), "009fa0");
        assert_eq!(from_hex("009FA0"), Some([0x00, 0x9f, 0xa0]));
        for text in ["", "009fa", "009fa00", "+09fa0", "009fg0", "0x9fa0"] {
            assert_eq!(from_hex::<3>(text), None, "{text:?}");
        }
    }
}
