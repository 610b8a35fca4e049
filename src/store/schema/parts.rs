//! Keys of several parts, such as a client, a time and an id: the order of an index.

use std::hash::Hash;

use super::keys::{order, time_of};
use crate::domain::audit::RequestId;
use crate::domain::{
    DeliveryStatus, Id, PersonRequestStatus, Phone, Purpose, SecretDigest, Timestamp,
};
use crate::store::key::{KeyPrefix, TableKey};

/// A part of a key. Its bytes sort as its values do, and show where they end.
pub trait KeyPart: Clone + Eq + Hash + Send + Sync + 'static {
    /// Appends its bytes.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Takes it off the beginning of these bytes.
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

/// Takes so many bytes off the beginning.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

impl<T: 'static> KeyPart for Id<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes).map(Self::from_bytes)
    }
}

/// Whether a token was revoked: those that were not come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IsRevoked(pub bool);

impl KeyPart for IsRevoked {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self.0));
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        match take(bytes)? {
            [0] => Some(Self(false)),
            [1] => Some(Self(true)),
            [_] => None,
        }
    }
}

impl KeyPart for Timestamp {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&order(*self));
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        time_of(&take::<8>(bytes)?)
    }
}

impl KeyPart for Phone {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.national().to_be_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        Self::from_national(u32::from_be_bytes(take(bytes)?))
    }
}

impl KeyPart for SecretDigest {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes).map(Self::from_bytes)
    }
}

impl KeyPart for Purpose {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::PhoneVerification => bytes.push(0),
            Self::PersonRequest(id) => {
                bytes.push(1);
                id.write(bytes);
            }
        }
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        match take(bytes)? {
            [0] => Some(Self::PhoneVerification),
            [1] => Id::take(bytes).map(Self::PersonRequest),
            [_] => None,
        }
    }
}

/// Without a zero byte, which ends it.
impl KeyPart for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.as_bytes());
        bytes.push(0);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let (text, rest) = bytes.split_at(end);
        *bytes = &rest[1..];
        Self::from_utf8(text.to_vec()).ok()
    }
}

impl KeyPart for RequestId {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(self.as_str().as_bytes());
        bytes.push(0);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        String::take(bytes)?.try_into().ok()
    }
}

/// A part that is one of a few values: a byte each, never given to another one.
macro_rules! one_byte {
    ($part:ident: $($byte:literal $value:ident),+) => {
        impl KeyPart for $part {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.push(match self {
                    $(Self::$value => $byte,)+
                });
            }

            fn take(bytes: &mut &[u8]) -> Option<Self> {
                match take(bytes)? {
                    $([$byte] => Some(Self::$value),)+
                    [_] => None,
                }
            }
        }
    };
}

one_byte!(PersonRequestStatus: 0 New, 1 Approved, 2 Signed, 3 Rejected, 4 Cancelled, 5 Expired);
one_byte!(DeliveryStatus: 0 Queued, 1 Submitting, 2 Sent, 3 Delivered, 4 Failed, 5 Uncertain,
    6 Expired, 7 Canceled);

macro_rules! key_of_parts {
    ($($part:ident $place:tt),+) => {
        impl<$($part: KeyPart),+> TableKey for ($($part,)+) {
            fn to_bytes(&self) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(48);
                $(self.$place.write(&mut bytes);)+
                bytes
            }

            fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
                let key = ($($part::take(&mut bytes)?,)+);
                bytes.is_empty().then_some(key)
            }
        }
    };
}

key_of_parts!(A 0, B 1);
key_of_parts!(A 0, B 1, C 2);
key_of_parts!(A 0, B 1, C 2, D 3);

macro_rules! prefix {
    ($($part:ident $place:tt),+ => $($rest:ident),*) => {
        impl<$($part: KeyPart,)+ $($rest: KeyPart),*> KeyPrefix<($($part,)+ $($rest,)*)> for ($($part,)+) {
            fn prefix(&self) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(48);
                $(self.$place.write(&mut bytes);)+
                bytes
            }
        }
    };
}

prefix!(A 0 => B);
prefix!(A 0 => B, C);
prefix!(A 0, B 1 => C);
prefix!(A 0 => B, C, D);
prefix!(A 0, B 1 => C, D);
prefix!(A 0, B 1, C 2 => D);
