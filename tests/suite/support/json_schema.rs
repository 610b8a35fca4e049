//! JSON Schema, as far as the description of a node has it.

use esoz_otp::domain::Timestamp;
use regex::Regex;
use serde_json::Value;

/// A document whose schemas may refer to its components.
#[derive(Clone, Copy)]
pub struct Schemas<'d>(pub &'d Value);

impl<'d> Schemas<'d> {
    /// The value, or the part of the document to which it refers.
    pub fn resolve(self, value: &'d Value) -> &'d Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let found = self.0.pointer(reference.trim_start_matches('#'));
        found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// Whether a value has the form of a schema. A field that the schema does not name is a fault.
    pub fn fits(self, schema: &'d Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = self.resolve(schema);
        if let Some(any) = schema["anyOf"].as_array() {
            let fits = any.iter().any(|schema| self.fits(schema, value, at).is_ok());
            ok_if(fits, || format!("{at} has none of its forms"))?;
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.fits(part, value, at)?;
        }
        if let Some(not) = schema.get("not") {
            ok_if(self.fits(not, value, at).is_err(), || {
                format!("{at} has a form that it may not have")
            })?;
        }
        if let Some(words) = schema["enum"].as_array() {
            ok_if(words.contains(value), || format!("{at} is none of its words"))?;
        }
        if let Some(one) = schema.get("const") {
            ok_if(one == value, || format!("{at} is not {one}"))?;
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        let has_type = types.is_empty() || types.iter().any(|of| is_of(value, of));
        ok_if(has_type, || format!("{at} is no {types:?}"))?;
        match value {
            Value::String(text) => text_fits(schema, text, at),
            Value::Number(number) => {
                let number = number.as_f64().unwrap();
                let is_least = schema["minimum"].as_f64().is_none_or(|least| number >= least);
                let is_most = schema["maximum"].as_f64().is_none_or(|most| number <= most);
                ok_if(is_least && is_most, || format!("{at} is out of its bounds"))
            }
            Value::Array(items) => items
                .iter()
                .try_for_each(|item| self.fits(&schema["items"], item, &format!("{at}[]"))),
            Value::Object(_) => self.object_fits(schema, value, at),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    fn object_fits(self, schema: &'d Value, value: &Value, at: &str) -> Result<(), String> {
        let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object())
        else {
            return Ok(());
        };
        for (name, value) in fields {
            let known = known.get(name).ok_or(format!("{at}.{name} is unknown"))?;
            self.fits(known, value, &format!("{at}.{name}"))?;
        }
        let required = schema["required"].as_array().into_iter().flatten();
        let mut missing = required.filter_map(Value::as_str);
        match missing.find(|name| !fields.contains_key(*name)) {
            Some(name) => Err(format!("{at}.{name} is missing")),
            None => Ok(()),
        }
    }
}

fn text_fits(schema: &Value, text: &str, at: &str) -> Result<(), String> {
    if let Some(pattern) = schema["pattern"].as_str() {
        let fits = Regex::new(pattern).unwrap().is_match(text);
        ok_if(fits, || format!("{at} does not match {pattern}"))?;
    }
    let has_format = match schema["format"].as_str() {
        None | Some("uri-reference") => true,
        Some("date-time") => Timestamp::parse(text).is_ok(),
        Some("uuid") => {
            Regex::new("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$").unwrap().is_match(text)
        }
        Some(other) => panic!("{at} has the unknown format {other}"),
    };
    ok_if(has_format, || format!("{at} is no {}", schema["format"]))
}

fn is_of(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

pub fn ok_if(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault()) }
}
