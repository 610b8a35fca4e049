use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::bytes;

/// The UUID of a `T`. The type parameter keeps a client's id from being passed as a person's.
///
/// `serde` writes the hyphenated form in text formats and sixteen bytes in stored records.
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

impl<T> JsonSchema for Id<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": "string", "format": "uuid"})
    }
}

/// The UUID of a verification, and of the delivery of its code.
pub type VerificationId = Id<OfVerification>;

/// Type parameter of [`VerificationId`], in place of [`Verification`](super::Verification). `Verification` names the
/// person request that it is for, and `PersonRequest` names the verification that approved it: without this marker the
/// two files would import each other.
#[derive(Clone, Copy, Debug)]
pub enum OfVerification {}

impl<T> Id<T> {
    /// A version 4 UUID (RFC 9562) made of sixteen random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self::from(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The id with exactly these bytes, as `as_bytes` returned them.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from(Uuid::from_bytes(bytes))
    }

    /// Reads the hyphenated form of 36 characters; `None` for every other spelling, since ЕСОЗ prints no other.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 36 {
            return None;
        }
        Uuid::try_parse(text).ok().map(Self::from)
    }

    /// The sixteen bytes in the order of RFC 9562: keys of trees begin with them.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl<T> From<Uuid> for Id<T> {
    fn from(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let mut text = Uuid::encode_buffer();
            serializer.serialize_str(self.0.hyphenated().encode_lower(&mut text))
        } else {
            bytes::serialize(self.0.as_bytes(), serializer)
        }
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).ok_or_else(|| {
                serde::de::Error::custom(format_args!(
                    "`{text}` is no UUID such as eeebb86d-5cba-43c9-885b-6482ecaf826b"
                ))
            })
        } else {
            bytes::deserialize(deserializer).map(Self::from_bytes)
        }
    }
}
