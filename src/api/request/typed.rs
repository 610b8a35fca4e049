//! Reads a body, a query or a part of the path as a typed value, by the type's shape.

use serde_json::{Map, Value};

use super::query::pairs;
use crate::api::refusal::{FieldError, InputPart, Rejection};
use crate::contract::{
    Context, Fault, FaultLimits, Pairs, Place, Reader, Reported, Shaped, Source as _,
};

/// A value that was read, and its faults.
pub(in crate::api) struct Checked<T> {
    value: Result<T, Reported>,
    faults: Vec<FieldError>,
}

/// Reads a body. `[]` counts as `{}`, since PHP writes an empty object that way. Another value that is no object has a fault
/// for its type, and one for each required field.
pub(in crate::api) fn body<T: Shaped>(body: &Value, context: Context) -> Checked<T> {
    let nothing = Value::Object(Map::new());
    let mut reader = Reader::new(context, FaultLimits::ANSWER, Place::root(None));
    let object = if body.is_object() { body } else { &nothing };
    let is_empty_list = body.as_array().is_some_and(Vec::is_empty);
    if !body.is_object()
        && !is_empty_list
        && let Ok(given) = body.given()
    {
        reader.wrong_type(T::SHAPE, &given);
    }
    let value = T::read(&mut reader, object);
    Checked::of(value, reader, InputPart::Body)
}

/// Reads a query. Unknown names are ignored here: [`query::surplus`](super::query::surplus) finds them, if
/// the row says so.
pub(in crate::api) fn query<T: Shaped>(query: Option<&str>, context: Context) -> Checked<T> {
    let pairs = pairs(query);
    let mut reader = Reader::new(context, FaultLimits::LENIENT, Place::root(None));
    let value = T::read(&mut reader, Pairs::All(&pairs));
    Checked::of(value, reader, InputPart::Query)
}

/// Reads a parameter of the path.
pub(in crate::api) fn parameter<T: Shaped>(
    name: &'static str,
    text: &str,
    context: Context,
) -> Checked<T> {
    let place = Place::root(None).field(name, None);
    let mut reader = Reader::new(context, FaultLimits::ANSWER, place);
    let value = T::read(&mut reader, Pairs::One(text));
    Checked::of(value, reader, InputPart::Path)
}

impl<T> Checked<T> {
    fn of(value: Result<T, Reported>, reader: Reader, part: InputPart) -> Self {
        let faults = reader.into_read().faults;
        let faults = faults.iter().map(|fault: &Fault| FieldError::of(part, fault)).collect();
        Self { value, faults }
    }

    /// Adds a fault that the shape does not know, before the others.
    pub(in crate::api) fn refuse(&mut self, fault: FieldError) {
        self.faults.insert(0, fault);
    }

    /// Adds faults of another part of the request, before the others.
    pub(in crate::api) fn beside(mut self, mut faults: Vec<FieldError>) -> Self {
        faults.append(&mut self.faults);
        Self { faults, ..self }
    }

    /// The value, if it has no fault.
    pub(in crate::api) fn finish(self) -> Result<T, Rejection> {
        match self.value {
            Ok(value) if self.faults.is_empty() => Ok(value),
            Ok(_) | Err(Reported) => Err(Rejection::Invalid(self.faults)),
        }
    }
}
