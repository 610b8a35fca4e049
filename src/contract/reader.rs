//! Reads typed values. One run finds every fault.

use std::borrow::Cow;

use super::fault::{Broken, Fault, shown};
use super::place::{Place, Step};
use super::record_key::RecordKey;
use super::shape::{Presence, Shape, TextForm};
use super::source::{Given, Source};
use crate::domain::{CodeFormat, Timestamp};

/// A type that a [`Reader`] reads from a [`Source`], such as [`Phone`](crate::domain::Phone) or a struct of `shape!`.
pub trait Shaped: Sized {
    /// The form of its values, as data.
    const SHAPE: &'static Shape;

    /// Whether a field of this type may be missing.
    const PRESENCE: Presence = Presence::Required;

    /// Reads a value. Each rule that it breaks is a fault at the reader.
    fn read<'a, S: Source<'a>>(reader: &mut Reader, value: S) -> Result<Self, Reported>;

    /// The value of a field that is missing; `None` if the field is required.
    fn if_missing() -> Option<Self> {
        None
    }
}

/// The value has faults, and the [`Reader`] has them. The caller goes on with the next value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported;

/// The facts that reading depends on, beside the value.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The time from which `"+30d"` counts.
    pub now: Timestamp,
    /// The form of the node's codes; `None` where no value is a code.
    pub codes: Option<CodeFormat>,
    /// Whether a secret may stand in clear.
    pub clear_secrets: bool,
}

/// The most faults that are kept.
#[derive(Clone, Copy, Debug)]
pub struct FaultLimits {
    all: usize,
    surplus: usize,
}

/// Reads values, and collects their faults, and the keys of records that they define and refer to.
pub struct Reader {
    /// What reading depends on beside the value.
    pub context: Context,
    limits: FaultLimits,
    place: Place,
    surplus: usize,
    read: Read,
}

/// The result of reading beside the value: faults and keys.
#[derive(Debug, Default)]
pub struct Read {
    /// The faults, in the order in which they were found.
    pub faults: Vec<Fault>,
    /// The keys of records that the values define.
    pub defined: Vec<(RecordKey, Place)>,
    /// The keys of other records that the values name.
    pub referred: Vec<(RecordKey, Place)>,
}

/// The known fields of an object, each once.
pub struct Members<S> {
    place: Place,
    fields: Vec<(&'static str, S)>,
}

impl FaultLimits {
    /// For an answer, which must not outgrow its question: few of the faults of surplus fields, which are unknown or given
    /// twice. Unknown names that cannot be shown are one fault together.
    pub const ANSWER: Self = Self { all: 100, surplus: 16 };
    /// The same where surplus fields are no faults.
    pub const LENIENT: Self = Self { surplus: 0, ..Self::ANSWER };

    /// For a list that is read by people: so many faults of any kind.
    pub const fn list(all: usize) -> Self {
        Self { all, surplus: all }
    }

    /// Whether surplus fields have a limit of their own.
    fn counts_surplus(self) -> bool {
        self.surplus < self.all
    }
}

impl Reader {
    /// Begins at this place.
    pub fn new(context: Context, limits: FaultLimits, place: Place) -> Self {
        Self { context, limits, place, surplus: 0, read: Read::default() }
    }

    /// The value that was read, if there is no fault.
    pub fn finish<T>(self, value: Result<T, Reported>) -> Result<T, Vec<Fault>> {
        match value {
            Ok(value) if self.read.faults.is_empty() => Ok(value),
            Ok(_) | Err(Reported) => Err(self.read.faults),
        }
    }

    /// The faults and keys. For a caller that goes on with faulty values.
    pub fn into_read(self) -> Read {
        self.read
    }

    /// Where the value stands that is being read.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Notes that the value here breaks a rule.
    pub fn broken(&mut self, broken: Broken) -> Reported {
        self.broken_at(self.place, broken)
    }

    /// Notes that the value there breaks a rule.
    pub fn broken_at(&mut self, place: Place, broken: Broken) -> Reported {
        if self.read.faults.len() < self.limits.all {
            self.read.faults.push(Fault { place, broken });
        }
        Reported
    }

    /// Notes that the value here defines a record.
    pub fn define(&mut self, key: RecordKey) {
        self.read.defined.push((key, self.place));
    }

    /// Notes that the value here names another record.
    pub fn refer(&mut self, key: RecordKey) {
        self.read.referred.push((key, self.place));
    }

    /// Reads a value that stands at another place.
    pub fn read_at<'a, T: Shaped, S: Source<'a>>(
        &mut self,
        place: Place,
        value: S,
    ) -> Result<T, Reported> {
        self.at(place, |reader| T::read(reader, value))
    }

    fn at<R>(&mut self, place: Place, read: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.place, place);
        let read = read(self);
        self.place = before;
        read
    }

    /// The value, one level deep.
    pub fn given<'a, S: Source<'a>>(&mut self, value: S) -> Result<Given<'a, S>, Reported> {
        value.given().map_err(|_| self.broken(Broken::Escape))
    }

    /// The value has another type than this form has.
    pub fn wrong_type<S>(&mut self, expected: &'static Shape, given: &Given<'_, S>) -> Reported {
        self.broken(Broken::WrongType { expected, found: given.kind() })
    }

    /// A text. Its form is not checked: see [`Reader::parsed`].
    pub fn text<'a, S: Source<'a>>(
        &mut self,
        expected: &'static Shape,
        value: S,
    ) -> Result<Cow<'a, str>, Reported> {
        match self.given(value)? {
            Given::Text(text) => Ok(text),
            other => Err(self.wrong_type(expected, &other)),
        }
    }

    /// A text of this form, read by `parse`, which returns `None` for another form.
    pub fn parsed<'a, T, S: Source<'a>>(
        &mut self,
        expected: &'static Shape,
        form: &'static TextForm,
        value: S,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Reported> {
        let text = self.text(expected, value)?;
        let pattern = Cow::Borrowed(form.pattern.unwrap_or_default());
        parse(&text).ok_or_else(|| self.broken(Broken::Format { form, pattern }))
    }

    /// `true` or `false`.
    pub fn boolean<'a, S: Source<'a>>(
        &mut self,
        expected: &'static Shape,
        value: S,
    ) -> Result<bool, Reported> {
        match self.given(value)? {
            Given::Boolean(value) => Ok(value),
            Given::Text(text) if S::IS_TEXT => {
                text.parse().map_err(|_| self.broken(Broken::Keyword(&["true", "false"])))
            }
            other => Err(self.wrong_type(expected, &other)),
        }
    }

    /// A number; `None` if it is not whole, is negative, or does not fit into a `u64`.
    pub fn number<'a, S: Source<'a>>(
        &mut self,
        expected: &'static Shape,
        value: S,
    ) -> Result<Option<u64>, Reported> {
        match self.given(value)? {
            Given::Number { whole, .. } => Ok(whole),
            Given::Text(text) if S::IS_TEXT => {
                let is_number = text.bytes().all(|b| b.is_ascii_digit());
                Ok(text.parse().ok().filter(|_| is_number))
            }
            other => Err(self.wrong_type(expected, &other)),
        }
    }

    /// An object that may have the fields of this form. Unknown and repeated fields are faults; the others can still be read.
    pub fn object<'a, S: Source<'a>>(
        &mut self,
        expected: &'static Shape,
        value: S,
    ) -> Result<Members<S>, Reported> {
        let given = match self.given(value)? {
            Given::Object(given) => given,
            other => return Err(self.wrong_type(expected, &other)),
        };
        let (place, known) = (self.place, expected.fields());
        let mut fields: Vec<(&'static str, S)> = Vec::with_capacity(given.len());
        for (name, value) in given {
            let Some(field) = known.iter().find(|field| field.name == name) else {
                let broken = Broken::Unknown { name: shown(&name), known };
                self.surplus(Fault { place: place.on(value.line()), broken });
                continue;
            };
            if fields.iter().any(|(other, _)| *other == field.name) {
                let place = place.field(field.name, value.line());
                self.surplus(Fault { place, broken: Broken::Twice });
            } else {
                fields.push((field.name, value));
            }
        }
        Ok(Members { place, fields })
    }

    fn surplus(&mut self, fault: Fault) {
        if self.limits.counts_surplus() {
            if self.surplus >= self.limits.surplus || self.read.faults.contains(&fault) {
                return;
            }
            self.surplus += 1;
        }
        self.broken_at(fault.place, fault.broken);
    }

    /// Reads a field.
    pub fn field<'a, T: Shaped, S: Source<'a>>(
        &mut self,
        members: &Members<S>,
        name: &'static str,
    ) -> Result<T, Reported> {
        match members.get(name) {
            Some((place, value)) => self.read_at(place, value),
            None => T::if_missing().ok_or_else(|| {
                let place = members.place.field(name, members.place.line());
                self.broken_at(place, Broken::Missing)
            }),
        }
    }

    /// Reads a field with a default. A faulty one has the default too, so that what depends on it is still read; the whole
    /// is refused all the same.
    pub fn field_or<'a, T: Shaped, S: Source<'a>>(
        &mut self,
        members: &Members<S>,
        name: &'static str,
        default: T,
    ) -> T {
        let Some((place, value)) = members.get(name) else { return default };
        self.read_at(place, value).unwrap_or(default)
    }

    /// The items of a list that stands at this place, with their own places.
    pub fn items_at<'a, S: Source<'a>>(
        &mut self,
        place: Place,
        expected: &'static Shape,
        value: S,
    ) -> Result<impl Iterator<Item = (Place, S)> + use<'a, S>, Reported> {
        let items = self.at(place, |reader| match reader.given(value)? {
            Given::List(items) => Ok(items),
            other => Err(reader.wrong_type(expected, &other)),
        })?;
        let located = move |(index, item): (usize, S)| {
            let step = Step::Item(u32::try_from(index).unwrap_or(u32::MAX));
            (place.then(step, item.line()), item)
        };
        Ok(items.into_iter().enumerate().map(located))
    }
}

impl<'a, S: Source<'a>> Members<S> {
    /// A field that is there, and its place.
    pub fn get(&self, name: &str) -> Option<(Place, S)> {
        let (name, value) = self.fields.iter().find(|(other, _)| *other == name)?;
        Some((self.place.field(name, value.line()), *value))
    }

    /// The names of the fields that are there, in the order of the text.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|(name, _)| *name)
    }
}
