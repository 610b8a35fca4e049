//! Bodies against what a method takes, in the words of ehealth-ua/otp_verification.api (`nex_json_schema` 0.8.0).

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::Rejection;
use crate::config::Word;
use crate::domain::{Code, CodeFormat, Phone};

/// One entry of `invalid[]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    entry_type: &'static str,
    entry: String,
    rule: &'static str,
    params: Value,
    description: String,
}

/// What most faults are about.
const PROPERTY: &str = "json_data_property";

impl Fault {
    fn required(name: &str) -> Self {
        Self {
            entry_type: PROPERTY,
            entry: format!("$.{name}"),
            rule: "required",
            params: json!([]),
            description: format!("required property {name} was not present"),
        }
    }

    fn cast(entry: String, expected: &str, got: &Value) -> Self {
        Self {
            entry_type: PROPERTY,
            entry,
            rule: "cast",
            params: json!([expected.to_lowercase()]),
            description: format!("type mismatch. Expected {expected} but got {}", type_name(got)),
        }
    }

    /// The pattern stands in the description as the source language prints a string, backslashes doubled.
    fn format(name: &str, pattern: &str) -> Self {
        Self {
            entry_type: PROPERTY,
            entry: format!("$.{name}"),
            rule: "format",
            params: json!([pattern]),
            description: format!(
                "string does not match pattern \"{}\"",
                pattern.replace('\\', r"\\")
            ),
        }
    }

    fn extra(name: &str, allowed: &[&str]) -> Self {
        let allowed: Map<_, _> =
            allowed.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        Self {
            entry_type: PROPERTY,
            entry: format!("$.{}", shown(name)),
            rule: "schema",
            params: Value::Object(allowed),
            description: "schema does not allow additional properties".into(),
        }
    }

    /// No code is sent to this range of numbers.
    pub(super) fn phone_refused() -> Self {
        Self {
            entry_type: PROPERTY,
            entry: "$.phone_number".into(),
            rule: "format",
            params: json!([]),
            description: "numbers of this range get no codes".into(),
        }
    }

    /// What is wrong with a parameter of the query. Its name may be the caller's own text.
    pub(super) fn of_parameter(
        name: &str,
        rule: &'static str,
        params: Value,
        description: String,
    ) -> Self {
        let entry = format!("$.{}", shown(name));
        Self { entry_type: "query_parameter", entry, rule, params, description }
    }

    /// What stands in the path where a phone number is due.
    pub(super) fn no_phone_in_path(description: &str) -> Self {
        Self {
            entry_type: "path_parameter",
            entry: "$.phone".into(),
            rule: "format",
            params: json!([Phone::PATTERN]),
            description: description.to_owned(),
        }
    }

    /// A property that is none of these words.
    fn inclusion(name: &str, words: &[&str]) -> Self {
        Self {
            entry_type: PROPERTY,
            entry: format!("$.{name}"),
            rule: "inclusion",
            params: json!(words),
            description: "value is not allowed in enum".into(),
        }
    }

    /// A property that is no whole number within these bounds.
    fn number(name: &str, bounds: &RangeInclusive<u32>) -> Self {
        let (least, most) = bounds.clone().into_inner();
        Self {
            entry_type: PROPERTY,
            entry: format!("$.{name}"),
            rule: "number",
            params: json!({"greater_than_or_equal_to": least, "less_than_or_equal_to": most}),
            description: format!("expected a whole number from {least} to {most}"),
        }
    }

    /// Something that is wrong with the file of a demo's world, and where in it.
    pub(super) fn of_file(place: &str, what: &str) -> Self {
        Self {
            entry_type: "file",
            entry: place.to_owned(),
            rule: "fixtures",
            params: json!([]),
            description: what.to_owned(),
        }
    }

    pub(super) fn view(&self) -> Value {
        json!({
            "entry_type": self.entry_type,
            "entry": self.entry,
            "rules": [
                {"rule": self.rule, "params": self.params, "description": self.description}
            ],
        })
    }

    /// The entry of a body that is no JSON.
    pub(super) fn not_json() -> Value {
        json!({"entry_type": "request", "rules": [{"rule": "json"}]})
    }

    /// The entry of a header that does not fit.
    pub(super) fn header(name: &str) -> Value {
        json!({"entry_type": "header", "entry": name})
    }
}

/// The properties of a body, and what is wrong with them.
pub(super) struct Properties<'b> {
    object: Option<&'b Map<String, Value>>,
    faults: Vec<Fault>,
}

impl<'b> Properties<'b> {
    /// Takes an object with no other properties than these. An empty list counts as an empty object, as PHP writes it.
    pub(super) fn of(body: &'b Value, allowed: &[&str]) -> Self {
        let object = body.as_object();
        let mut faults = Vec::new();
        let is_empty_list = body.as_array().is_some_and(Vec::is_empty);
        if object.is_none() && !is_empty_list {
            faults.push(Fault::cast("$".into(), "Object", body));
        }
        let names = object.into_iter().flat_map(Map::keys).map(String::as_str);
        for name in names.filter(|name| !allowed.contains(name)) {
            let fault = Fault::extra(name, allowed);
            if faults.len() < MOST_EXTRA && !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        Self { object, faults }
    }

    /// A phone number.
    pub(super) fn phone(&mut self, name: &str) -> Option<Phone> {
        let value = self.required(name)?;
        let Some(text) = value.as_str() else {
            self.faults.push(Fault::cast(format!("$.{name}"), "String", value));
            return None;
        };
        let phone = Phone::parse(text).ok();
        if phone.is_none() {
            self.faults.push(Fault::format(name, Phone::PATTERN));
        }
        phone
    }

    /// A code: text of exactly its digits, or an integer, padded on the left.
    pub(super) fn code(&mut self, name: &str, format: CodeFormat) -> Option<Code> {
        let code = match self.required(name)? {
            Value::String(text) => format.parse(text).ok(),
            Value::Number(number) => number.as_u64().and_then(|number| format.code(number).ok()),
            other => {
                self.faults.push(Fault::cast(format!("$.{name}"), "Number", other));
                return None;
            }
        };
        if code.is_none() {
            self.faults.push(Fault::format(name, &format.pattern()));
        }
        code
    }

    /// One of a few words.
    pub(super) fn word<T: Word>(&mut self, name: &str) -> Option<T> {
        let value = self.required(name)?;
        let Some(text) = value.as_str() else {
            self.faults.push(Fault::cast(format!("$.{name}"), "String", value));
            return None;
        };
        let word = T::from_word(text);
        if word.is_none() {
            let words: Vec<_> = T::ALL.iter().map(|word| word.word()).collect();
            self.faults.push(Fault::inclusion(name, &words));
        }
        word
    }

    /// A whole number within these bounds; none when it is not given, or is `null`, or wrong.
    pub(super) fn number(&mut self, name: &str, bounds: &RangeInclusive<u32>) -> Option<u32> {
        let value = self.object?.get(name).filter(|value| !value.is_null())?;
        let Some(number) = value.as_number() else {
            self.faults.push(Fault::cast(format!("$.{name}"), "Integer", value));
            return None;
        };
        let number = number.as_u64().and_then(|number| u32::try_from(number).ok());
        let fits = number.filter(|number| bounds.contains(number));
        if fits.is_none() {
            self.faults.push(Fault::number(name, bounds));
        }
        fits
    }

    /// What was read, unless anything is wrong.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, Rejection> {
        match read {
            Some(value) if self.faults.is_empty() => Ok(value),
            Some(_) | None => Err(Rejection::Invalid(self.faults)),
        }
    }

    fn required(&mut self, name: &str) -> Option<&'b Value> {
        let value = self.object.and_then(|object| object.get(name));
        if value.is_none() {
            self.faults.push(Fault::required(name));
        }
        value
    }
}

/// Most entries about properties that were not asked for: an answer must not outgrow its question.
pub(super) const MOST_EXTRA: usize = 16;

/// The longest name that is repeated; those of ЕСОЗ are shorter.
const LONGEST_NAME: usize = 30;

/// The name of a property that was not asked for is the caller's own text: a phone, a code or a token may stand in it by
/// mistake, and errors are logged and forwarded. It is repeated if it looks like a name and has fewer digits than the
/// shortest code; otherwise `*` stands for it.
fn shown(name: &str) -> &str {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.len() <= LONGEST_NAME
        && digits < usize::from(*CodeFormat::BOUNDS.start());
    if is_name { name } else { "*" }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Number",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_shown_and_what_may_be_a_secret_is_not() {
        for name in ["code", "_json", "PhoneNumber", "address_2", "authentication_method_current"] {
            assert_eq!(shown(name), name);
        }
        for name in [
            "",
            "+380958697084",
            "380958697084",
            "p380958697084",
            "p38_09_58",
            "code1234",
            "demo-mis-token",
            "Bearer abc",
            "a.b",
            "$",
            "код",
            "p\u{0661}",
            "aaaaaaaaaabbbbbbbbbbccccccccccd",
        ] {
            assert_eq!(shown(name), "*", "{name}");
        }
    }

    #[test]
    fn an_answer_about_many_properties_stays_short() {
        let body: Map<_, _> = (0..1000).map(|i| (format!("p{i}"), json!(1))).collect();
        let body = Value::Object(body);
        let properties = Properties::of(&body, &["code"]);
        assert_eq!(properties.faults.len(), MOST_EXTRA);
        let body = json!({"+380958697084": 1, "+380958697085": 2, "a b": 3});
        assert_eq!(Properties::of(&body, &["code"]).faults, [Fault::extra("*", &["code"])]);
    }

    proptest! {
        #[test]
        fn no_shown_name_holds_four_digits(name in any::<String>(), digits in "[0-9]{4,12}", at in 0_usize..20) {
            let mut letters: Vec<_> = name.chars().collect();
            letters.splice(at.min(letters.len())..at.min(letters.len()), digits.chars());
            let name: String = letters.into_iter().collect();
            prop_assert_eq!(shown(&name), "*");
        }
    }
}
