//! A record on disk: one byte of version, then bincode.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest record kept, in bytes. sled puts large values into files of their own, which nothing syncs.
pub const MAX_RECORD_BYTES: usize = 4096;

/// Something a tree holds.
pub trait Record: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The version this program writes, the first byte of the record.
    const VERSION: u8;

    /// Reads the layout of an earlier version with [`decode_body`]; `None` for a version that never existed.
    fn upgrade(_version: u8, _body: &[u8]) -> Option<Result<Self, BadRecord>> {
        None
    }
}

/// Bytes that are no record of the type that was wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// No bytes at all.
    #[error("it is empty")]
    Empty,
    /// Written by a later release, or by none.
    #[error("it has version {found}, this program knows up to {known}")]
    Version {
        /// The first byte.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// Not what the version's layout says.
    #[error("{0}")]
    Layout(String),
    /// More bytes than the record has.
    #[error("{0} bytes too many")]
    Trailing(usize),
    /// Larger than a record may be.
    #[error("it has {0} bytes, at most {MAX_RECORD_BYTES} are kept")]
    TooLarge(usize),
}

const LAYOUT: Configuration<LittleEndian, Varint, Limit<MAX_RECORD_BYTES>> =
    bincode::config::standard().with_limit::<MAX_RECORD_BYTES>();

/// The record as it is stored.
pub fn encode<V: Record>(value: &V) -> Result<Vec<u8>, BadRecord> {
    let mut bytes = vec![V::VERSION];
    bincode::serde::encode_into_std_write(value, &mut bytes, LAYOUT)
        .map_err(|error| BadRecord::Layout(error.to_string()))?;
    if bytes.len() > MAX_RECORD_BYTES {
        return Err(BadRecord::TooLarge(bytes.len()));
    }
    Ok(bytes)
}

/// The record that these bytes are, all of them.
pub fn decode<V: Record>(bytes: &[u8]) -> Result<V, BadRecord> {
    let (version, body) = bytes.split_first().ok_or(BadRecord::Empty)?;
    if *version == V::VERSION {
        return decode_body(body);
    }
    let unknown = BadRecord::Version { found: *version, known: V::VERSION };
    V::upgrade(*version, body).unwrap_or(Err(unknown))
}

/// Reads the bytes behind the version byte as one layout, all of them.
pub fn decode_body<V: DeserializeOwned>(body: &[u8]) -> Result<V, BadRecord> {
    let (value, read) = bincode::serde::borrow_decode_from_slice(body, LAYOUT)
        .map_err(|error| BadRecord::Layout(error.to_string()))?;
    match body.len() - read {
        0 => Ok(value),
        more => Err(BadRecord::Trailing(more)),
    }
}
