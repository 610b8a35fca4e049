//! The entities of the registry, as they come in from outside: in a file, in a line of one, or in a body.
//!
//! `fixtures/README.md` describes them for people.

use super::fault::Broken;
use super::macros::shape;
use super::place::MOST_STEPS;
use super::reader::{Reader, Reported, Shaped};
use super::record_key::RecordKey;
use super::secret::SecretOf;
use super::shape::{Field, Fields, Presence, Shape};
use super::source::{Given, Source};
use super::values::{Located, Name, Own, Ref};
use crate::domain::{
    AccessType, AuthenticationFactor, AuthenticationMethod, Client, FactorType, LastFour,
    MethodType, Person, PersonRequest, PersonRequestStatus, PersonStatus, Phone, Scopes,
    SecretDigest, Timestamp, Token, User, UserId, VerificationId,
};

shape! {
    /// A program or an institution that calls the methods.
    pub struct NewClient {
        /// UUID of the client.
        pub id: Own<Client>,
        /// Name for people.
        pub name: Name,
        /// `BROKER` if its calls need a vendor's `api-key`, otherwise `DIRECT`.
        pub access_type: AccessType,
        /// The scopes that callers with its `api-key` can use. A client without `broker_scope` is no vendor.
        pub broker_scope: Option<Located<Scopes>>,
        /// The `api-key` of a vendor.
        pub api_key: Option<Located<SecretOf<Client>>>,
        /// Whether its tokens and its `api-key` are refused.
        pub is_blocked: bool = false,
    }

    /// A person who logs in.
    pub struct NewUser {
        /// UUID of the user.
        pub id: Own<User>,
        /// The person of the registry that this user is.
        pub person_id: Option<Ref<Person>>,
        /// Whether the user's tokens are refused.
        pub is_blocked: bool = false,
    }

    /// A patient of the registry.
    pub struct NewPerson {
        /// UUID of the person.
        pub id: Own<Person>,
        /// `active` if the registry holds the person as a patient.
        pub status: PersonStatus,
        /// How the person confirms actions.
        pub authentication_method: MethodType,
    }

    /// A bearer token.
    pub struct NewToken {
        /// Name for people. It is printed beside a generated token.
        pub name: Name,
        /// The token: a `Bearer` secret.
        pub secret: Located<SecretOf<Token>>,
        /// The user that it was given for.
        pub user_id: Ref<User>,
        /// The client that it was given to.
        pub client_id: Ref<Client>,
        /// The scopes that it allows, such as `person:read`.
        pub scope: Located<Scopes>,
        /// The time at which it expires.
        pub expires_at: Located<Timestamp>,
    }

    /// A user's authentication factor.
    pub struct NewFactor {
        /// UUID of the factor.
        pub id: Own<AuthenticationFactor>,
        /// The user, who has no other factor.
        pub user_id: OnlyFactorOf,
        /// `sms`: a code by SMS to the phone in `factor`.
        pub factor_type: FactorType as "type",
        /// The phone; `null` after a reset.
        pub factor: Option<Phone>,
        /// Whether the factor is in use.
        pub is_active: bool = true,
        /// The time at which it was made; by default the current time.
        pub inserted_at: Option<Timestamp>,
    }

    /// A clinic's request to register or change a person.
    pub struct NewPersonRequest {
        /// UUID of the person request.
        pub id: Own<PersonRequest>,
        /// The client that made it.
        pub client_id: Ref<Client>,
        /// The person whom it changes; `null` for one who is not in the registry yet.
        pub person_id: Option<Ref<Person>>,
        /// `NEW` if it waits for approval.
        pub status: PersonRequestStatus,
        /// How it is confirmed.
        pub authentication_method: AuthenticationMethod,
        /// The verification that approved it by its code.
        pub approved_by: Option<VerificationId> as "approved_by_verification",
        /// The time at which it was made; by default the current time.
        pub inserted_at: Option<Located<Timestamp>>,
    }

    /// How a person request is confirmed.
    struct Method {
        /// `OTP` for a code by SMS, `THIRD_PERSON` for another person, `OFFLINE` for documents, `NA` for none.
        method_type: MethodType as "type",
        /// The phone that codes are sent to: with `OTP`, and with `THIRD_PERSON` if there is one.
        phone_number: Option<Phone>,
        /// The person who confirms: with `THIRD_PERSON`.
        person_id: Option<Ref<Person>>,
    }
}

impl NewClient {
    /// The record, as of now. The `api_key` is a record of its own: a [`Connection`](crate::domain::Connection).
    pub fn into_record(self, now: Timestamp) -> Client {
        Client {
            id: self.id.0,
            name: self.name.0,
            access_type: self.access_type,
            broker_scope: self.broker_scope.map(|scope| scope.value),
            is_blocked: self.is_blocked,
            block_reason: None,
            inserted_at: Some(now),
            updated_at: Some(now),
        }
    }
}

impl NewToken {
    /// The record and its key, as of now. `known` returns the digest of the secret, and the last characters of one in clear.
    pub fn into_record<E>(
        self,
        now: Timestamp,
        known: impl FnOnce(Located<SecretOf<Token>>) -> Result<(SecretDigest, Option<LastFour>), E>,
    ) -> Result<(SecretDigest, Token), E> {
        let (digest, last_four) = known(self.secret)?;
        let token = Token {
            id: Token::id_for(&digest),
            // The name can be the secret itself, which is not stored.
            name: Some(self.name.0).filter(|name| SecretDigest::of(name.as_bytes()) != digest),
            last_four,
            user_id: self.user_id.0,
            client_id: self.client_id.0,
            scope: self.scope.value,
            expires_at: self.expires_at.value,
            inserted_at: Some(now),
            revoked_at: None,
        };
        Ok((digest, token))
    }
}

impl NewUser {
    /// The record, as of now.
    pub fn into_record(self, now: Timestamp) -> User {
        let Self { id: Own(id), person_id, is_blocked } = self;
        User {
            id,
            person_id: person_id.map(|Ref(person)| person),
            is_blocked,
            block_reason: None,
            inserted_at: Some(now),
            updated_at: Some(now),
        }
    }
}

impl NewPerson {
    /// The record, as of now.
    pub fn into_record(self, now: Timestamp) -> Person {
        let Self { id: Own(id), status, authentication_method } = self;
        Person { id, status, authentication_method, updated_at: now }
    }
}

impl NewFactor {
    /// The record, as of now.
    pub fn into_record(self, now: Timestamp) -> AuthenticationFactor {
        let inserted_at = self.inserted_at.unwrap_or(now);
        AuthenticationFactor {
            id: self.id.0,
            user_id: self.user_id.0,
            factor_type: self.factor_type,
            factor: self.factor,
            is_active: self.is_active,
            inserted_at,
            updated_at: inserted_at,
        }
    }
}

impl NewPersonRequest {
    /// The record, as of now.
    pub fn into_record(self, now: Timestamp) -> PersonRequest {
        let inserted_at = self.inserted_at.map_or(now, |at| at.value);
        PersonRequest {
            id: self.id.0,
            client_id: self.client_id.0,
            person_id: self.person_id.map(|Ref(person)| person),
            status: self.status,
            authentication_method: self.authentication_method,
            approved_by: self.approved_by,
            inserted_at,
            updated_at: inserted_at,
        }
    }
}

/// The user of a factor: a user has one factor at most.
#[derive(Clone, Copy, Debug)]
pub struct OnlyFactorOf(pub UserId);

impl Shaped for OnlyFactorOf {
    const SHAPE: &'static Shape = Ref::<User>::SHAPE;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let Ref(user) = Ref::<User>::read(reader, value)?;
        reader.define(RecordKey::FactorOf(user));
        Ok(Self(user))
    }
}

impl Shaped for AuthenticationMethod {
    const SHAPE: &'static Shape = Method::SHAPE;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let Method { method_type, phone_number, person_id } = Method::read(reader, value)?;
        let rule = match (method_type, phone_number, person_id) {
            (MethodType::Otp, Some(phone_number), None) => return Ok(Self::Otp { phone_number }),
            (MethodType::ThirdPerson, phone_number, Some(Ref(person_id))) => {
                return Ok(Self::ThirdPerson { person_id, phone_number });
            }
            (MethodType::Offline, None, None) => return Ok(Self::Offline),
            (MethodType::Na, None, None) => return Ok(Self::Na),
            (MethodType::Otp, _, _) => "OTP takes a phone_number and no person_id",
            (MethodType::ThirdPerson, _, None) => {
                "THIRD_PERSON takes a person_id, and a phone_number if there is one"
            }
            (MethodType::Offline | MethodType::Na, _, _) => {
                "OFFLINE and NA take neither phone_number nor person_id"
            }
        };
        Err(reader.broken(Broken::Rule(rule)))
    }
}

/// An entity by itself, with its kind as the only key: `{"client": {…}}`. A line of NDJSON holds one.
#[derive(Debug)]
pub enum NewEntity {
    /// A client.
    Client(NewClient),
    /// A user.
    User(NewUser),
    /// A person.
    Person(NewPerson),
    /// A token.
    Token(NewToken),
    /// A factor.
    Factor(NewFactor),
    /// A person request.
    PersonRequest(NewPersonRequest),
}

const KINDS: &[Field] = &[
    kind("client", NewClient::SHAPE),
    kind("user", NewUser::SHAPE),
    kind("person", NewPerson::SHAPE),
    kind("token", NewToken::SHAPE),
    kind("factor", NewFactor::SHAPE),
    kind("person_request", NewPersonRequest::SHAPE),
];

const fn kind(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, about: "", shape, presence: Presence::Required }
}

const _: () = assert!(NewEntity::SHAPE.depth() <= MOST_STEPS);

impl Shaped for NewEntity {
    const SHAPE: &'static Shape = &Shape::OneField(Fields {
        about: "One entity, with its kind as the only key.",
        all: KINDS,
    });

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let members = reader.object(Self::SHAPE, value)?;
        let mut names = members.names();
        match (names.next(), names.next()) {
            (Some("client"), None) => reader.field(&members, "client").map(Self::Client),
            (Some("user"), None) => reader.field(&members, "user").map(Self::User),
            (Some("person"), None) => reader.field(&members, "person").map(Self::Person),
            (Some("token"), None) => reader.field(&members, "token").map(Self::Token),
            (Some("factor"), None) => reader.field(&members, "factor").map(Self::Factor),
            (Some(name), None) => reader.field(&members, name).map(Self::PersonRequest),
            (None, _) | (_, Some(_)) => Err(reader.broken(Broken::NotOne(KINDS))),
        }
    }
}

/// The version of the format of a world.
const FORMAT: u32 = 1;

/// The field `format` of a world.
#[derive(Clone, Copy, Debug)]
pub struct FormatVersion;

impl Shaped for FormatVersion {
    const SHAPE: &'static Shape = &Shape::Version(FORMAT);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        match reader.given(value)? {
            Given::Number { whole: Some(number), .. } if u32::try_from(number).is_ok() => {
                let is_known = number == u64::from(FORMAT);
                is_known.then_some(Self).ok_or_else(|| reader.broken(Broken::NotThis(Self::SHAPE)))
            }
            other => Err(reader.wrong_type(Self::SHAPE, &other)),
        }
    }
}

/// A world: clients, users, persons, tokens, factors and person requests in one file. It is read list by list.
pub const WORLD: &Shape = &Shape::Object(Fields {
    about: "Clients, users, persons, tokens, factors and person requests.",
    all: &[
        Field {
            name: "format",
            about: "The version of this form.",
            shape: FormatVersion::SHAPE,
            presence: Presence::Required,
        },
        Field {
            name: "demo",
            about: "Whether secrets can stand in clear.",
            shape: bool::SHAPE,
            presence: Presence::Default("false"),
        },
        list("clients", Vec::<NewClient>::SHAPE),
        list("users", Vec::<NewUser>::SHAPE),
        list("persons", Vec::<NewPerson>::SHAPE),
        list("tokens", Vec::<NewToken>::SHAPE),
        list("factors", Vec::<NewFactor>::SHAPE),
        list("person_requests", Vec::<NewPersonRequest>::SHAPE),
    ],
});

const _: () = assert!(WORLD.depth() <= MOST_STEPS);

const fn list(name: &'static str, shape: &'static Shape) -> Field {
    Field { name, about: "", shape, presence: Presence::Default("[]") }
}
