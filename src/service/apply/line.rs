//! A line of a load: one entity as JSON, such as `{"client": {…}}`.

use hyper::body::Bytes;

use crate::contract::entities::{NewClient, NewEntity, NewToken};
use crate::contract::{
    Broken, Context, Fault, FaultLimits, FileText, FileValue, NewSecret, Place, Reader, RecordKey,
    Reported, Shaped as _, shape,
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
    NotJson(NotJson),
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

/// The reason why a line is no JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotJson {
    /// It begins with a byte order mark.
    ByteOrderMark,
    /// It is no UTF-8.
    NotUtf8,
    /// It is no JSON from this byte on, counted from 1.
    Syntax {
        /// The number of the byte.
        column: usize,
    },
}

/// The byte order mark that programs on Windows put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line that was read.
pub(super) struct ReadLine {
    pub(super) number: u64,
    /// The records that it refers to, as far as they can be read. They are looked up though the line has other faults.
    pub(super) referred: Vec<(RecordKey, Place)>,
    /// Its record, or the faults that need no store.
    pub(super) entry: Result<NewEntry, Vec<LineFault>>,
}

/// The record of a line without faults of its own.
pub(super) struct NewEntry {
    pub(super) record: NewRecord,
    /// Whether a secret was made for it.
    pub(super) has_new_secret: bool,
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

impl ReadLine {
    /// Reads a line, and collects all faults that need no store.
    pub(super) fn read(text: &LineText, context: Context) -> Self {
        let number = usize::try_from(text.number).unwrap_or(usize::MAX);
        let not_json = |fault| {
            let (number, referred) = (text.number, Vec::new());
            Self { number, referred, entry: Err(vec![LineFault::NotJson(fault)]) }
        };
        if text.bytes.starts_with(BYTE_ORDER_MARK) {
            return not_json(NotJson::ByteOrderMark);
        }
        let Ok(json) = str::from_utf8(&text.bytes) else { return not_json(NotJson::NotUtf8) };
        let json = FileText::from_line(number, json);
        let value = match json.value() {
            Ok(value) => value,
            Err(error) => return not_json(NotJson::Syntax { column: error.column() }),
        };
        let root = Place::root(Some(number));
        let mut reader = Reader::new(context, FaultLimits::ANSWER, root);
        if generates_token(value, context) {
            let place = root.field("token", Some(number)).field("secret", Some(number));
            let rule =
                "a token is known by its digest, so that a repeated load finds it: give the digest";
            reader.broken_at(place, Broken::Rule(rule));
        }
        let entity = NewEntity::read(&mut reader, value);
        let record = entity.and_then(|entity| {
            let kind = kind_of(&entity);
            let place = root.field(kind.word(), Some(number));
            Ok((NewRecord::of(entity, context.now)?, place))
        });
        let read = reader.into_read();
        let entry = match record {
            Ok((record, place)) if read.faults.is_empty() => {
                Ok(NewEntry { record, has_new_secret: false, place })
            }
            Ok(_) | Err(Reported) => Err(read.faults.into_iter().map(LineFault::Broken).collect()),
        };
        Self { number: text.number, referred: read.referred, entry }
    }
}

impl NewRecord {
    fn of(entity: NewEntity, now: Timestamp) -> Result<Self, Reported> {
        Ok(match entity {
            NewEntity::Client(client) => Self::client(client, now),
            NewEntity::User(user) => Self::User(user.into_record(now)),
            NewEntity::Person(person) => Self::Person(person.into_record(now)),
            NewEntity::Token(token) => Self::token(token, now)?,
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

    /// A token without a digest is a fault: see [`generates_token`].
    fn token(entry: NewToken, now: Timestamp) -> Result<Self, Reported> {
        let token = entry.into_record(now, |secret| known(&secret.value.secret).ok_or(Reported));
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

shape! {
    /// A line with a token, as far as its secret.
    struct TokenLine {
        /// The token.
        token: TokenSecret,
    }

    /// A token's secret.
    struct TokenSecret {
        /// The secret.
        secret: NewSecret,
    }
}

/// Whether a line has the secret of a token made. It has no id but the digest of its secret, so a repeated load could not tell a
/// generated one from the one before. Other faults of the line do not hide this one.
fn generates_token(line: FileValue<'_>, context: Context) -> bool {
    let mut reader = Reader::new(context, FaultLimits::LENIENT, Place::root(None));
    let read = TokenLine::read(&mut reader, line);
    read.is_ok_and(|line| matches!(line.token.secret, NewSecret::Generate))
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
