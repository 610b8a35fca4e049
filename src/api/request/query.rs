//! Reads query parameters, and collects all their faults.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::api::refusal::{FieldError, MOST_EXTRA, Rejection};
use crate::domain::audit::RequestId;
use crate::domain::{Id, Phone, Refusal, Timestamp, VerificationId};
use crate::http::query_value;

/// The query parameters that a row accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// Unknown parameters are ignored, as the live system does.
    Any,
    /// These, each at most once and with a value. Any other parameter is refused, because a misspelt filter would
    /// return the whole list.
    Only(&'static [&'static str]),
}

/// The parameters of a query, and the faults found so far. Parameters that the handler does not read are ignored.
pub(in crate::api) struct Query<'q> {
    text: Option<&'q str>,
    faults: Vec<FieldError>,
}

/// Returns [`Rejection::Invalid`] with each parameter that the row does not accept, at most [`MOST_EXTRA`] of them.
pub(in crate::api) fn check(parameters: Parameters, query: Option<&str>) -> Result<(), Rejection> {
    let Parameters::Only(known) = parameters else { return Ok(()) };
    let mut seen = Vec::new();
    let mut faults = Vec::new();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        let fault = match () {
            () if !known.contains(&name) => unknown(name, known),
            () if !pair.contains('=') || seen.contains(&name) => not_once(name),
            () => {
                seen.push(name);
                continue;
            }
        };
        if faults.len() < MOST_EXTRA && !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Rejection::Invalid(faults)) }
}

impl<'q> Query<'q> {
    pub(in crate::api) fn of(text: Option<&'q str>) -> Self {
        Self { text, faults: Vec::new() }
    }

    /// Whether the query has this parameter.
    pub(in crate::api) fn is_given(&self, name: &str) -> bool {
        matches!(query_value(self.text, name), Ok(Some(_)))
    }

    /// A whole number within these bounds. `default` if it is missing, or after noting a fault.
    pub(in crate::api) fn number(
        &mut self,
        name: &'static str,
        bounds: RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        // The router refuses a query that is no UTF-8, so there is no error here.
        let Ok(Some(text)) = query_value(self.text, name) else { return default };
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_number && bounds.contains(&number) => number,
            Ok(_) | Err(_) => {
                self.faults.push(out_of_bounds(name, &bounds));
                default
            }
        }
    }

    /// An optional phone number.
    pub(in crate::api) fn phone(&mut self, name: &'static str) -> Option<Phone> {
        self.read(
            name,
            |text| Phone::parse(text).ok(),
            |name| {
                let params = json!([Phone::PATTERN]);
                FieldError::of_parameter(name, "format", params, NO_PHONE.to_owned())
            },
        )
    }

    /// An optional UUID.
    pub(in crate::api) fn id<T>(&mut self, name: &'static str) -> Option<Id<T>> {
        self.read(name, Id::parse, |name| {
            let description = "expected a UUID in its hyphenated form".to_owned();
            FieldError::of_parameter(name, "format", json!([]), description)
        })
    }

    /// An optional RFC 3339 time.
    pub(in crate::api) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.read(
            name,
            |text| Timestamp::parse(text).ok(),
            |name| {
                let description =
                    "expected an RFC 3339 time such as 2026-01-31T12:00:00.000000Z".to_owned();
                FieldError::of_parameter(name, "format", json!([]), description)
            },
        )
    }

    /// An optional id of a request, in the form that an audit row has: see [`RequestId::of`].
    pub(in crate::api) fn request_id(&mut self, name: &'static str) -> Option<RequestId> {
        self.read(name, RequestId::of, |name| {
            let description = "expected the id of a request".to_owned();
            FieldError::of_parameter(name, "format", json!([]), description)
        })
    }

    /// An optional word out of `words`. The fault has the list.
    pub(in crate::api) fn word(
        &mut self,
        name: &'static str,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let word = |text: &str| words.iter().copied().find(|word| *word == text);
        self.read(name, word, |name| {
            let description = format!("expected one of {}", words.join(", "));
            FieldError::of_parameter(name, "inclusion", json!(words), description)
        })
    }

    /// The value that `parse` reads. `None` if the parameter is missing, or after noting `fault`.
    fn read<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        fault: impl FnOnce(&'static str) -> FieldError,
    ) -> Option<T> {
        // The router has found the query to be text.
        let Ok(Some(text)) = query_value(self.text, name) else { return None };
        let value = parse(&text);
        if value.is_none() {
            self.faults.push(fault(name));
        }
        value
    }

    /// The optional id of a delivery. `is_listed` says whether the list has it; if not, that is a fault. Errors are
    /// those of `is_listed`.
    pub(in crate::api) fn delivery(
        &mut self,
        name: &'static str,
        is_listed: impl FnOnce(VerificationId) -> Result<bool, Refusal>,
    ) -> Result<Option<VerificationId>, Refusal> {
        let Ok(Some(text)) = query_value(self.text, name) else { return Ok(None) };
        let id = Id::parse(&text);
        if let Some(id) = id
            && is_listed(id)?
        {
            return Ok(Some(id));
        }
        self.faults.push(not_listed(name));
        Ok(None)
    }

    pub(in crate::api) fn finish(self) -> Result<(), Rejection> {
        if self.faults.is_empty() { Ok(()) } else { Err(Rejection::Invalid(self.faults)) }
    }
}

/// The description of a fault: a path or query parameter is no phone number.
pub(in crate::api) const NO_PHONE: &str = "expected a phone number: +380 and nine digits";

/// The fault of a parameter that is not in `known`.
fn unknown(name: &str, known: &[&str]) -> FieldError {
    let params: Map<_, _> = known.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let description = format!("the method does not know this parameter; known: {known}");
    FieldError::of_parameter(name, "schema", Value::Object(params), description)
}

/// The fault of a parameter that has no `=`, or is given twice: one of its values would be ignored.
fn not_once(name: &str) -> FieldError {
    let description = "expected once, with a value".to_owned();
    FieldError::of_parameter(name, "schema", json!({}), description)
}

/// The fault of a parameter that is no whole number within these bounds.
fn out_of_bounds(name: &str, bounds: &RangeInclusive<u64>) -> FieldError {
    let (least, most) = bounds.clone().into_inner();
    let params = json!({"greater_than_or_equal_to": least, "less_than_or_equal_to": most});
    let description = format!("expected a whole number from {least} to {most}");
    FieldError::of_parameter(name, "number", params, description)
}

/// The fault of a parameter that names no delivery of the list.
fn not_listed(name: &str) -> FieldError {
    let description = "expected the verification_id of a delivery in this list".to_owned();
    FieldError::of_parameter(name, "inclusion", json!([]), description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_parameter_is_refused_unless_the_row_accepts_any() {
        let only = Parameters::Only(&["phone", "after"]);
        for query in [None, Some(""), Some("phone=1"), Some("&after=&phone=%31&"), Some("phone==")]
        {
            assert!(check(only, query).is_ok(), "{query:?}");
        }
        for query in
            ["phone", "phone=1&phone=1", "Phone=1", "%70hone=1", "=1", "=", "phone=1&a", "phone;=1"]
        {
            assert!(check(only, Some(query)).is_err(), "{query}");
            assert!(check(Parameters::Any, Some(query)).is_ok(), "{query}");
            assert!(check(Parameters::Only(&[]), Some(query)).is_err(), "{query}");
        }
        let many: Vec<_> = (b'a'..=b'z').map(|b| char::from(b).to_string()).collect();
        let Err(Rejection::Invalid(faults)) = check(only, Some(&many.join("&"))) else { panic!() };
        assert_eq!(faults.len(), MOST_EXTRA);
    }

    #[test]
    fn a_number_is_digits_within_its_bounds() {
        for (query, expected) in [
            (None, Some(7)),
            (Some(""), Some(7)),
            (Some("other=x"), Some(7)),
            (Some("n=1"), Some(1)),
            (Some("a=b&n=007&n=x"), Some(7)),
            (Some("n=%39"), Some(9)),
            (Some("n=9"), Some(9)),
            (Some("n=10"), None),
            (Some("n=0"), None),
            (Some("n="), None),
            (Some("n=+1"), None),
            (Some("n=-1"), None),
            (Some("n=1.0"), None),
            (Some("n=18446744073709551617"), None),
            (Some("n=١"), None),
        ] {
            let mut given = Query::of(query);
            let number = given.number("n", 1..=9, 7);
            assert_eq!(given.finish().ok().map(|()| number), expected, "{query:?}");
        }
    }
}
