//! Single values.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::time::Duration;

use super::fault::Broken;
use super::macros::words;
use super::place::Place;
use super::reader::{Reader, Reported, Shaped};
use super::record_key::KeyOf;
use super::shape::{Presence, Shape, TextForm};
use super::source::{Given, Source};
use crate::domain::audit::RequestId;
use crate::domain::{
    AccessType, Code, CodeFormat, Connection, DeliveryStatus, FactorType, Id, MAX_REASON_BYTES,
    MethodType, PersonRequestStatus, PersonStatus, Phone, Scopes, Timestamp,
};

words!(AccessType, DeliveryStatus, FactorType, MethodType, PersonRequestStatus, PersonStatus);

/// A value, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// A whole number within these bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole<const LEAST: u64, const MOST: u64>(pub u64);

/// A name. It is printed, so it has no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(pub String);

/// A text of at most [`MAX_REASON_BYTES`], without control characters. It can be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub String);

/// The address of a page, as a vendor gives it: `https` and at most [`Connection::MAX_REDIRECT_URI`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(pub String);

/// Ids that are separated by commas, at most [`Self::MOST`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdList<T>(pub Vec<Id<T>>);

/// A phone that a code is to be sent to. It is read like any phone: the service refuses those that get no codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient(pub Phone);

/// A time of RFC 3339, without the distances from now that a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

/// One of the words of a [`WordList`]. For words that are no enum.
#[derive(Debug)]
pub struct OneOf<L> {
    /// The word.
    pub word: &'static str,
    list: PhantomData<fn() -> L>,
}

/// A list of words.
pub trait WordList {
    /// The words, each once.
    const WORDS: &'static [&'static str];
}

/// Any value: it is accepted and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Any;

/// The value's own id, which no other record of its kind has.
pub struct Own<T>(pub Id<T>);

/// The id of another record, which has to exist.
pub struct Ref<T>(pub Id<T>);

/// The form of a phone number.
pub(super) const PHONE: TextForm = TextForm {
    what: "a phone number",
    rule: "is +380 and nine digits",
    pattern: Some(Phone::PATTERN),
    format: None,
    example: Some("+380958697085"),
};
const TIME: TextForm = TextForm {
    what: "a time",
    rule: "is RFC 3339, or counts from loading: +30d, -1h, +5m, -10s",
    pattern: None,
    format: None,
    example: Some("+30d"),
};
const MOMENT: TextForm = TextForm {
    what: "a time",
    rule: "is RFC 3339, such as 2026-01-31T12:00:00.000000Z",
    pattern: None,
    format: Some("date-time"),
    example: Some("2026-01-31T12:00:00.000000Z"),
};
const REQUEST_ID: TextForm = TextForm {
    what: "the id of a request",
    rule: "is at least one character, without control characters",
    pattern: Some(PRINTABLE),
    format: None,
    example: Some("0b8e8e3c-order-17"),
};
/// Characters that a terminal shows. The HTTP layer refuses others in paths and queries.
const PRINTABLE: &str = r"^[^\u0000-\u001f\u007f-\u009f]+$";
const NAME: TextForm = TextForm {
    what: "a name",
    rule: "has no control characters, and is not empty",
    pattern: Some(PRINTABLE),
    format: None,
    example: Some("turbosms"),
};
const REASON: TextForm = TextForm {
    what: "a reason",
    rule: "has no control characters, and at most 512 bytes",
    pattern: Some(r"^[^\u0000-\u001f\u007f-\u009f]*$"),
    format: None,
    example: Some("the contract has ended"),
};
const REDIRECT_URI: TextForm = TextForm {
    what: "an address",
    rule: "is https:// with a host's name, a port if there is one, and a path, and has at most 1024 ASCII characters",
    pattern: Some("^https://[0-9A-Za-z][0-9A-Za-z.-]*(:[0-9]{1,5})?([/?#][!-~]*)?$"),
    format: None,
    example: Some("https://mis.example/oauth"),
};
const IDS: TextForm = TextForm {
    what: "a list of ids",
    rule: "is up to 50 UUIDs, separated by commas",
    pattern: Some("^[0-9a-f-]{36}(,[0-9a-f-]{36}){0,49}$"),
    format: None,
    example: Some("eeebb86d-5cba-43c9-885b-6482ecaf826b"),
};
const CODE: TextForm = TextForm {
    what: "a code",
    rule: "is a fixed number of digits",
    pattern: None,
    format: None,
    example: None,
};
/// The form of an id.
pub(super) const ID: TextForm = TextForm {
    what: "an id",
    rule: "is a UUID such as eeebb86d-5cba-43c9-885b-6482ecaf826b",
    pattern: None,
    format: Some("uuid"),
    example: Some("eeebb86d-5cba-43c9-885b-6482ecaf826b"),
};

impl Shaped for bool {
    const SHAPE: &'static Shape = &Shape::Boolean;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        reader.boolean(Self::SHAPE, value)
    }
}

impl<const LEAST: u64, const MOST: u64> Shaped for Whole<LEAST, MOST> {
    const SHAPE: &'static Shape = &Shape::Integer { least: LEAST, most: MOST };

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let number = reader.number(Self::SHAPE, value)?;
        let fits = number.filter(|number| (LEAST..=MOST).contains(number));
        fits.map(Self).ok_or_else(|| reader.broken(Broken::Bounds { least: LEAST, most: MOST }))
    }
}

impl<const LEAST: u64, const MOST: u64> From<u64> for Whole<LEAST, MOST> {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl Shaped for Phone {
    const SHAPE: &'static Shape = &Shape::Text(PHONE);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        reader.parsed(Self::SHAPE, &PHONE, value, |text| Phone::parse(text).ok())
    }
}

impl Shaped for Recipient {
    const SHAPE: &'static Shape = &Shape::Recipient;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        Phone::read(reader, value).map(Self)
    }
}

/// Text of exactly its digits, or a number, to which leading zeros are added.
impl Shaped for Code {
    const SHAPE: &'static Shape = &Shape::Code;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let codes = reader.context.codes;
        let code = match reader.given(value)? {
            Given::Text(text) => codes.and_then(|codes| codes.parse(&text).ok()),
            Given::Number { whole, .. } => {
                codes.zip(whole).and_then(|(codes, number)| codes.code(number).ok())
            }
            other => return Err(reader.wrong_type(Self::SHAPE, &other)),
        };
        let pattern = || Cow::Owned(codes.map(CodeFormat::pattern).unwrap_or_default());
        code.ok_or_else(|| reader.broken(Broken::Format { form: &CODE, pattern: pattern() }))
    }
}

impl Shaped for Scopes {
    const SHAPE: &'static Shape = &Shape::Text(TextForm::any("scopes, separated by spaces"));

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        reader.text(Self::SHAPE, value).map(Self::new)
    }
}

impl Shaped for Name {
    const SHAPE: &'static Shape = &Shape::Text(NAME);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let is_name = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        let name = |text: &str| is_name(text).then(|| Self(text.to_owned()));
        reader.parsed(Self::SHAPE, &NAME, value, name)
    }
}

impl Shaped for Reason {
    const SHAPE: &'static Shape = &Shape::Text(REASON);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let is_reason =
            |text: &str| text.len() <= MAX_REASON_BYTES && !text.chars().any(char::is_control);
        let reason = |text: &str| is_reason(text).then(|| Self(text.to_owned()));
        reader.parsed(Self::SHAPE, &REASON, value, reason)
    }
}

impl Shaped for RedirectUri {
    const SHAPE: &'static Shape = &Shape::Text(REDIRECT_URI);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let address = |text: &str| is_page_address(text).then(|| Self(text.to_owned()));
        reader.parsed(Self::SHAPE, &REDIRECT_URI, value, address)
    }
}

/// Whether the text is an address of a page, by the pattern of [`REDIRECT_URI`].
fn is_page_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    text.len() <= Connection::MAX_REDIRECT_URI
        && host.starts_with(|first: char| first.is_ascii_alphanumeric())
        && host.bytes().all(is_of_host)
        && port.is_none_or(|port| {
            (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit())
        })
        && path.bytes().all(|byte| byte.is_ascii_graphic())
}

impl<T> IdList<T> {
    /// The most ids.
    pub const MOST: usize = 50;
}

impl<T> Shaped for IdList<T> {
    const SHAPE: &'static Shape = &Shape::Text(IDS);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let ids = |text: &str| {
            let ids: Option<Vec<_>> = text.split(',').map(Id::parse).collect();
            ids.filter(|ids| ids.len() <= Self::MOST).map(Self)
        };
        reader.parsed(Self::SHAPE, &IDS, value, ids)
    }
}

/// RFC 3339, or a distance from now.
impl Shaped for Timestamp {
    const SHAPE: &'static Shape = &Shape::Text(TIME);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let now = reader.context.now;
        let parse = |text: &str| relative(text, now).or_else(|| Self::parse(text).ok());
        reader.parsed(Self::SHAPE, &TIME, value, parse)
    }
}

impl Shaped for Moment {
    const SHAPE: &'static Shape = &Shape::Text(MOMENT);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        reader.parsed(Self::SHAPE, &MOMENT, value, |text| Timestamp::parse(text).ok().map(Self))
    }
}

/// In the form that an audit row has: see [`RequestId::of`].
impl Shaped for RequestId {
    const SHAPE: &'static Shape = &Shape::Text(REQUEST_ID);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        reader.parsed(Self::SHAPE, &REQUEST_ID, value, Self::of)
    }
}

impl<L: WordList> Shaped for OneOf<L> {
    const SHAPE: &'static Shape = &Shape::Keyword(L::WORDS);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let text = reader.text(Self::SHAPE, value)?;
        let word = L::WORDS.iter().find(|word| **word == text);
        word.map(|word| Self { word, list: PhantomData })
            .ok_or_else(|| reader.broken(Broken::Keyword(L::WORDS)))
    }
}

/// A distance from now: `+30d`, `-1h`, `+5m`, `-10s`.
fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (sign, rest) = text.split_at_checked(1)?;
    let (number, unit) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = match unit {
        "d" => 24 * 3600,
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    let length = Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?);
    match sign {
        "+" => Some(now + length),
        "-" => Some(now - length),
        _ => None,
    }
}

impl<T> Shaped for Id<T> {
    const SHAPE: &'static Shape = &Shape::Text(ID);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        reader.parsed(Self::SHAPE, &ID, value, Self::parse)
    }
}

impl<T: KeyOf> Shaped for Own<T> {
    const SHAPE: &'static Shape = &Shape::Id { of: T::KIND, is_own: true };

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let id = reader.parsed(Self::SHAPE, &ID, value, Id::parse)?;
        reader.define(T::key(id));
        Ok(Self(id))
    }
}

impl<T: KeyOf> Shaped for Ref<T> {
    const SHAPE: &'static Shape = &Shape::Id { of: T::KIND, is_own: false };

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let id = reader.parsed(Self::SHAPE, &ID, value, Id::parse)?;
        reader.refer(T::key(id));
        Ok(Self(id))
    }
}

impl<T> std::fmt::Debug for Own<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> std::fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Shaped for Any {
    const SHAPE: &'static Shape = &Shape::Any;

    fn read<'a, S: Source<'a>>(_: &mut Reader, _: S) -> Result<Self, Reported> {
        Ok(Self)
    }
}

impl<T: Shaped> Shaped for Located<T> {
    const SHAPE: &'static Shape = T::SHAPE;
    const PRESENCE: Presence = T::PRESENCE;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let place = reader.place();
        T::read(reader, value).map(|value| Self { value, place })
    }
}

impl<T: Shaped> Shaped for Option<T> {
    const SHAPE: &'static Shape = T::SHAPE;
    const PRESENCE: Presence = Presence::Nullable;

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        if value.is_null() { Ok(None) } else { T::read(reader, value).map(Some) }
    }

    fn if_missing() -> Option<Self> {
        Some(None)
    }
}

/// Faulty items are left out, so that the others are read; the whole is refused all the same.
impl<T: Shaped> Shaped for Vec<T> {
    const SHAPE: &'static Shape = &Shape::List(T::SHAPE);

    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported> {
        let items = reader.items_at(reader.place(), Self::SHAPE, value)?;
        Ok(items.filter_map(|(place, item)| reader.read_at(place, item).ok()).collect())
    }
}
