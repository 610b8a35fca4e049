//! The keys of records, which entities define and refer to.

use std::fmt;

use crate::domain::{
    AuthenticationFactor, Client, ClientId, FactorId, Id, Person, PersonId, PersonRequest,
    PersonRequestId, SecretDigest, Token, User, UserId,
};

/// The key of a record: its kind, and an id or digest that is unique within the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKey {
    /// A client.
    Client(ClientId),
    /// The client with this api-key.
    ApiKey(SecretDigest),
    /// A user.
    User(UserId),
    /// A person.
    Person(PersonId),
    /// A token.
    Token(SecretDigest),
    /// An authentication factor.
    Factor(FactorId),
    /// The one factor of a user.
    FactorOf(UserId),
    /// A person request.
    PersonRequest(PersonRequestId),
}

/// A record with an id.
pub trait KeyOf: Sized {
    /// The kind of record, for people.
    const KIND: &'static str;

    /// The key of the record with this id.
    fn key(id: Id<Self>) -> RecordKey;
}

/// A record with a secret.
pub trait SecretKeyOf: Sized {
    /// The key of the record with this secret.
    fn secret_key(digest: SecretDigest) -> RecordKey;
}

macro_rules! key_of {
    ($($record:ty: $kind:literal, $key:ident;)*) => {$(
        impl KeyOf for $record {
            const KIND: &'static str = $kind;

            fn key(id: Id<Self>) -> RecordKey {
                RecordKey::$key(id)
            }
        }
    )*};
}

key_of! {
    Client: "client", Client;
    User: "user", User;
    Person: "person", Person;
    AuthenticationFactor: "factor", Factor;
    PersonRequest: "person request", PersonRequest;
}

impl SecretKeyOf for Client {
    fn secret_key(digest: SecretDigest) -> RecordKey {
        RecordKey::ApiKey(digest)
    }
}

impl SecretKeyOf for Token {
    fn secret_key(digest: SecretDigest) -> RecordKey {
        RecordKey::Token(digest)
    }
}

/// Names a record by its id. The digest of a secret is left out.
impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(id) => write!(f, "client {id}"),
            Self::ApiKey(_) => f.write_str("such api-key"),
            Self::User(id) => write!(f, "user {id}"),
            Self::Person(id) => write!(f, "person {id}"),
            Self::Token(_) => f.write_str("such token"),
            Self::Factor(id) => write!(f, "factor {id}"),
            Self::FactorOf(id) => write!(f, "factor of user {id}"),
            Self::PersonRequest(id) => write!(f, "person request {id}"),
        }
    }
}
