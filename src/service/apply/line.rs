//! A line of a load: one entity as JSON, such as `{"client": {…}}`.

use hyper::body::Bytes;

use crate::contract::entities::{NewClient, NewEntity, NewToken};
use crate::contract::{
    Context, Fault, FaultLimits, FileText, NewSecret, Place, Reader, RecordKey, Reported,
    Shaped as _,
};
use crate::domain::audit::RecordKind;
use crate::domain::{
    AuthenticationFactor, Client, Connection, LastFour, Person, PersonRequest, SecretDigest,
    Timestamp, Token, User,
};

/// A line that was not read yet.
#[derive(Clone, Debug)]
pub struct LineText {
    /// Its number, from 1 on.
    pub number: u64,
    /// Its bytes, without the end of the line.
    pub bytes: Bytes,
}

/// The reason why a line changed nothing. It holds no phone and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineFault {
    /// The line is no JSON text.
    NotJson,
    /// A rule of the contract.
    Broken(Fault),
    /// There is no such record, neither on an earlier line nor in the store.
    Missing {
        /// Where the record is referred to.
        place: Place,
        /// The key of the record.
        key: RecordKey,
    },
    /// The store has a record that the line contradicts, or a record of the line can't be stored.
    Conflict {
        /// The value that contradicts it.
        place: Place,
        /// The contradiction, as a sentence.
        what: &'static str,
    },
}

/// A line without faults of its own.
pub(super) struct NewLine {
    pub(super) number: u64,
    pub(super) record: NewRecord,
    /// Whether a secret was made for it.
    pub(super) has_new_secret: bool,
    /// The records that it refers to.
    pub(super) referred: Vec<(RecordKey, Place)>,
    /// The place of the entity: its kind.
    pub(super) place: Place,
}

/// The record of a line, as if it were new.
pub(super) enum NewRecord {
    Client {
        client: Client,
        /// The `api_key`, if its digest is known.
        connection: Option<Connection>,
        /// Whether an `api_key` is to be made.
        generates: bool,
    },
    User(User),
    Person(Person),
    Token(SecretDigest, Token),
    Factor(AuthenticationFactor),
    PersonRequest(PersonRequest),
}

impl NewLine {
    /// Reads a line, and collects all of its faults.
    pub(super) fn read(text: &LineText, context: Context) -> Result<Self, Vec<LineFault>> {
        let number = usize::try_from(text.number).unwrap_or(usize::MAX);
        let json = str::from_utf8(&text.bytes).map_err(|_| vec![LineFault::NotJson])?;
        let json = FileText::from_line(number, json);
        let value = json.value().map_err(|_| vec![LineFault::NotJson])?;
        let root = Place::root(Some(number));
        let mut reader = Reader::new(context, FaultLimits::ANSWER, root);
        let entity = NewEntity::read(&mut reader, value);
        let record = entity.and_then(|entity| {
            let kind = kind_of(&entity);
            let place = root.field(kind.word(), Some(number));
            Ok((NewRecord::of(&mut reader, entity, place)?, place))
        });
        let read = reader.into_read();
        match record {
            Ok((record, place)) if read.faults.is_empty() => {
                let (number, referred) = (text.number, read.referred);
                Ok(Self { number, record, has_new_secret: false, referred, place })
            }
            Ok(_) | Err(Reported) => Err(read.faults.into_iter().map(LineFault::Broken).collect()),
        }
    }
}

impl NewRecord {
    fn of(reader: &mut Reader, entity: NewEntity, place: Place) -> Result<Self, Reported> {
        let now = reader.context.now;
        Ok(match entity {
            NewEntity::Client(client) => Self::client(client, now),
            NewEntity::User(user) => Self::User(user.into_record(now)),
            NewEntity::Person(person) => Self::Person(person.into_record(now)),
            NewEntity::Token(token) => Self::token(reader, token, place)?,
            NewEntity::Factor(factor) => Self::Factor(factor.into_record(now)),
            NewEntity::PersonRequest(request) => Self::PersonRequest(request.into_record(now)),
        })
    }

    fn client(mut entry: NewClient, now: Timestamp) -> Self {
        let api_key = entry.api_key.take().map(|api_key| api_key.value.secret);
        let generates = matches!(api_key, Some(NewSecret::Generate));
        let client = entry.into_record(now);
        let connection = api_key.as_ref().and_then(known).map(|(digest, last_four)| {
            Connection::new(Connection::id_for(client.id), client.id, digest, last_four, now)
        });
        Self::Client { client, connection, generates }
    }

    /// A token has no id but the digest of its secret, so a repeated load could not tell a generated one from the one before.
    fn token(reader: &mut Reader, entry: NewToken, place: Place) -> Result<Self, Reported> {
        let now = reader.context.now;
        let token = entry.into_record(now, |secret| {
            known(&secret.value.secret).ok_or_else(|| {
                let place = place.field("secret", place.line());
                let rule = "a token is known by its digest, so that a repeated load finds it: give the digest";
                reader.broken_at(place, crate::contract::Broken::Rule(rule))
            })
        });
        token.map(|(digest, token)| Self::Token(digest, token))
    }

    pub(super) fn kind(&self) -> RecordKind {
        match self {
            Self::Client { .. } => RecordKind::Client,
            Self::User(_) => RecordKind::User,
            Self::Person(_) => RecordKind::Person,
            Self::Token(..) => RecordKind::Token,
            Self::Factor(_) => RecordKind::Factor,
            Self::PersonRequest(_) => RecordKind::PersonRequest,
        }
    }
}

fn kind_of(entity: &NewEntity) -> RecordKind {
    match entity {
        NewEntity::Client(_) => RecordKind::Client,
        NewEntity::User(_) => RecordKind::User,
        NewEntity::Person(_) => RecordKind::Person,
        NewEntity::Token(_) => RecordKind::Token,
        NewEntity::Factor(_) => RecordKind::Factor,
        NewEntity::PersonRequest(_) => RecordKind::PersonRequest,
    }
}

/// The digest of a secret that is known already, and its last characters if it is in clear.
fn known(secret: &NewSecret) -> Option<(SecretDigest, Option<LastFour>)> {
    match secret {
        NewSecret::Digest(digest) => Some((*digest, None)),
        NewSecret::Plain(plain) => Some((plain.digest(), plain.last_four())),
        NewSecret::Generate => None,
    }
}
