//! Secrets: bearer tokens and api-keys.

use std::marker::PhantomData;

use super::fault::Broken;
use super::reader::{Reader, Reported, Shaped};
use super::record_key::SecretKeyOf;
use super::shape::{Field, Fields, Presence, Shape, TextForm};
use super::source::Source;
use crate::domain::{Secret, SecretDigest};

/// A secret, in one of three ways.
#[derive(Debug)]
pub enum NewSecret {
    /// Its digest.
    Digest(SecretDigest),
    /// The program makes it.
    Generate,
    /// In clear, where the context allows that.
    Plain(Secret),
}

/// The secret of a record. A digest that is known is one of the record's keys.
#[derive(Debug)]
pub struct SecretOf<T> {
    /// The secret.
    pub secret: NewSecret,
    of: PhantomData<fn() -> T>,
}

const DIGEST: TextForm = TextForm {
    what: "a digest",
    rule: "is 64 hexadecimal digits of SHA-256",
    pattern: Some("^[0-9A-Fa-f]{64}$"),
    format: None,
    example: Some("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
};
const PLAIN: TextForm = TextForm {
    what: "a secret",
    rule: "is visible ASCII characters, as it has to stand in a header",
    pattern: Some("^[!-~]+$"),
    format: None,
    example: Some("demo-mis-token"),
};

const FIELDS: &[Field] = &[
    Field {
        name: "digest",
        about: "SHA-256 of the secret.",
        shape: SecretDigest::SHAPE,
        presence: Presence::Required,
    },
    Field {
        name: "generate",
        about: "The program makes the secret and prints it once.",
        shape: True::SHAPE,
        presence: Presence::Required,
    },
    Field {
        name: "plain",
        about: "The secret in clear, in a demo only.",
        shape: Plain::SHAPE,
        presence: Presence::Required,
    },
];

impl Shaped for NewSecret {
    const SHAPE: &'static Shape =
        &Shape::OneField(Fields { about: "A bearer token or an api-key.", all: FIELDS });

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let members = reader.object(Self::SHAPE, value)?;
        let mut names = members.names();
        match (names.next(), names.next()) {
            (Some("digest"), None) => reader.field(&members, "digest").map(Self::Digest),
            (Some("generate"), None) => {
                reader.field(&members, "generate").map(|True| Self::Generate)
            }
            (Some(_), None) => reader.field(&members, "plain").map(|Plain(it)| Self::Plain(it)),
            (None, _) | (_, Some(_)) => Err(reader.broken(Broken::NotOne(FIELDS))),
        }
    }
}

impl<T: SecretKeyOf> Shaped for SecretOf<T> {
    const SHAPE: &'static Shape = NewSecret::SHAPE;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let secret = NewSecret::read(reader, value)?;
        let digest = match &secret {
            NewSecret::Digest(digest) => Some(*digest),
            NewSecret::Plain(plain) => Some(plain.digest()),
            NewSecret::Generate => None,
        };
        if let Some(digest) = digest {
            reader.define(T::secret_key(digest));
        }
        Ok(Self { secret, of: PhantomData })
    }
}

impl Shaped for SecretDigest {
    const SHAPE: &'static Shape = &Shape::Text(DIGEST);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        reader.parsed(Self::SHAPE, &DIGEST, value, Self::from_hex)
    }
}

struct True;

impl Shaped for True {
    const SHAPE: &'static Shape = &Shape::True;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let is_true = reader.boolean(Self::SHAPE, value)?;
        is_true.then_some(Self).ok_or_else(|| reader.broken(Broken::NotThis(Self::SHAPE)))
    }
}

struct Plain(Secret);

impl Shaped for Plain {
    const SHAPE: &'static Shape = &Shape::Text(PLAIN);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let text = reader.text(Self::SHAPE, value)?;
        if !reader.context.clear_secrets {
            return Err(reader.broken(Broken::ClearSecret));
        }
        let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        let pattern = PLAIN.pattern.unwrap_or_default().into();
        is_plain
            .then(|| Self(Secret::new(text.into_owned())))
            .ok_or_else(|| reader.broken(Broken::Format { form: &PLAIN, pattern }))
    }
}
