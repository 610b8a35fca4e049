//! Reads the properties of a JSON body, and collects all their faults: one answer names every faulty property.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::api::refusal::{FieldError, MOST_EXTRA, Rejection};
use crate::config::Keyword;
use crate::domain::{Code, CodeFormat, Phone};

/// The properties of a body, and the faults found so far. Each reading method returns `None` after it has noted a
/// fault.
pub(in crate::api) struct Properties<'b> {
    object: Option<&'b Map<String, Value>>,
    faults: Vec<FieldError>,
}

impl<'b> Properties<'b> {
    /// Reads an object, and notes each property that is not in `allowed`. An empty list counts as an empty object: PHP
    /// writes an empty array so.
    pub(in crate::api) fn of(body: &'b Value, allowed: &[&str]) -> Self {
        let object = body.as_object();
        let mut faults = Vec::new();
        let is_empty_list = body.as_array().is_some_and(Vec::is_empty);
        if object.is_none() && !is_empty_list {
            faults.push(FieldError::cast("$".into(), "Object", body));
        }
        let names = object.into_iter().flat_map(Map::keys).map(String::as_str);
        for name in names.filter(|name| !allowed.contains(name)) {
            let fault = FieldError::extra(name, allowed);
            if faults.len() < MOST_EXTRA && !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        Self { object, faults }
    }

    /// A required phone number: `+380` and nine digits.
    pub(in crate::api) fn phone(&mut self, name: &str) -> Option<Phone> {
        let value = self.required(name)?;
        let Some(text) = value.as_str() else {
            self.faults.push(FieldError::cast(format!("$.{name}"), "String", value));
            return None;
        };
        let phone = Phone::parse(text).ok();
        if phone.is_none() {
            self.faults.push(FieldError::format(name, Phone::PATTERN));
        }
        phone
    }

    /// A required code: a string of exactly the format's number of digits, or an integer, which is padded with zeros on
    /// the left.
    pub(in crate::api) fn code(&mut self, name: &str, format: CodeFormat) -> Option<Code> {
        let code = match self.required(name)? {
            Value::String(text) => format.parse(text).ok(),
            Value::Number(number) => number.as_u64().and_then(|number| format.code(number).ok()),
            other => {
                self.faults.push(FieldError::cast(format!("$.{name}"), "Number", other));
                return None;
            }
        };
        if code.is_none() {
            self.faults.push(FieldError::format(name, &format.pattern()));
        }
        code
    }

    /// A required string that is one of the keywords of `T`.
    pub(in crate::api) fn word<T: Keyword>(&mut self, name: &str) -> Option<T> {
        let value = self.required(name)?;
        let Some(text) = value.as_str() else {
            self.faults.push(FieldError::cast(format!("$.{name}"), "String", value));
            return None;
        };
        let word = T::from_word(text);
        if word.is_none() {
            let words: Vec<_> = T::ALL.iter().map(|word| word.word()).collect();
            self.faults.push(FieldError::inclusion(name, &words));
        }
        word
    }

    /// An optional whole number within these bounds. `None` also if it is missing or `null`.
    pub(in crate::api) fn number(
        &mut self,
        name: &str,
        bounds: &RangeInclusive<u32>,
    ) -> Option<u32> {
        let value = self.object?.get(name).filter(|value| !value.is_null())?;
        let Some(number) = value.as_number() else {
            self.faults.push(FieldError::cast(format!("$.{name}"), "Integer", value));
            return None;
        };
        let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
        let fits = number.filter(|number| bounds.contains(number));
        if fits.is_none() {
            self.faults.push(FieldError::number(name, bounds));
        }
        fits
    }

    /// Returns what was read, or [`Rejection::Invalid`] with every fault.
    pub(in crate::api) fn finish<T>(self, read: Option<T>) -> Result<T, Rejection> {
        match read {
            Some(value) if self.faults.is_empty() => Ok(value),
            Some(_) | None => Err(Rejection::Invalid(self.faults)),
        }
    }

    fn required(&mut self, name: &str) -> Option<&'b Value> {
        let value = self.object.and_then(|object| object.get(name));
        if value.is_none() {
            self.faults.push(FieldError::required(name));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_about_many_unknown_properties_stays_short() {
        let body: Map<_, _> = (0..1000).map(|i| (format!("p{i}"), json!(1))).collect();
        let body = Value::Object(body);
        let properties = Properties::of(&body, &["code"]);
        assert_eq!(properties.faults.len(), MOST_EXTRA);
        let body = json!({"+380958697084": 1, "+380958697085": 2, "a b": 3});
        assert_eq!(Properties::of(&body, &["code"]).faults, [FieldError::extra("*", &["code"])]);
    }
}
