//! Entries of `invalid[]`, in the words of ehealth-ua/otp_verification.api (`nex_json_schema` 0.8.0).

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::domain::{CodeFormat, Phone};

/// One entry of `invalid[]`: where a value is wrong, by which rule, and in words.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    entry_type: &'static str,
    entry: String,
    rule: &'static str,
    params: Value,
    description: String,
}

/// The `entry_type` of a property of the body.
const PROPERTY: &str = "json_data_property";

impl FieldError {
    /// A required property that is missing.
    pub(in crate::api) fn required(name: &str) -> Self {
        Self {
            entry_type: PROPERTY,
            entry: format!("$.{name}"),
            rule: "required",
            params: json!([]),
            description: format!("required property {name} was not present"),
        }
    }

    /// A value of another JSON type. Only the type of `got` is shown.
    pub(in crate::api) fn cast(entry: String, expected: &str, got: &Value) -> Self {
        Self {
            entry_type: PROPERTY,
            entry,
            rule: "cast",
            params: json!([expected.to_lowercase()]),
            description: format!("type mismatch. Expected {expected} but got {}", type_name(got)),
        }
    }

    /// A string that does not match a pattern. The description doubles its backslashes, as `nex_json_schema` (Elixir)
    /// prints a string.
    pub(in crate::api) fn format(name: &str, pattern: &str) -> Self {
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

    /// A property that the method does not know. `params` lists those that it knows.
    pub(in crate::api) fn extra(name: &str, allowed: &[&str]) -> Self {
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

    /// A phone number of a range to which the node sends no codes (`otp.allowed_prefixes`).
    pub(in crate::api) fn phone_refused() -> Self {
        Self {
            entry_type: PROPERTY,
            entry: "$.phone_number".into(),
            rule: "format",
            params: json!([]),
            description: "numbers of this range get no codes".into(),
        }
    }

    /// A fault of a query parameter. An unknown name is masked as that of a property.
    pub(in crate::api) fn of_parameter(
        name: &str,
        rule: &'static str,
        params: Value,
        description: String,
    ) -> Self {
        let entry = format!("$.{}", shown(name));
        Self { entry_type: "query_parameter", entry, rule, params, description }
    }

    /// A path with a `{phone}` that is no phone number.
    pub(in crate::api) fn no_phone_in_path(description: &str) -> Self {
        Self {
            entry_type: "path_parameter",
            entry: "$.phone".into(),
            rule: "format",
            params: json!([Phone::PATTERN]),
            description: description.to_owned(),
        }
    }

    /// A property with a value that is none of these words.
    pub(in crate::api) fn inclusion(name: &str, words: &[&str]) -> Self {
        Self {
            entry_type: PROPERTY,
            entry: format!("$.{name}"),
            rule: "inclusion",
            params: json!(words),
            description: "value is not allowed in enum".into(),
        }
    }

    /// A property with a value that is no whole number within these bounds.
    pub(in crate::api) fn number(name: &str, bounds: &RangeInclusive<u32>) -> Self {
        let (least, most) = bounds.clone().into_inner();
        Self {
            entry_type: PROPERTY,
            entry: format!("$.{name}"),
            rule: "number",
            params: json!({"greater_than_or_equal_to": least, "less_than_or_equal_to": most}),
            description: format!("expected a whole number from {least} to {most}"),
        }
    }

    /// A fault in the file of a demo's world: its location, such as `tokens[3].user_id`, and its description.
    pub(in crate::api) fn of_file(location: &str, what: &str) -> Self {
        Self {
            entry_type: "file",
            entry: location.to_owned(),
            rule: "fixtures",
            params: json!([]),
            description: what.to_owned(),
        }
    }

    /// The entry as JSON.
    pub(in crate::api) fn view(&self) -> Value {
        json!({
            "entry_type": self.entry_type,
            "entry": self.entry,
            "rules": [
                {"rule": self.rule, "params": self.params, "description": self.description}
            ],
        })
    }

    /// The entry of a body that is not valid JSON.
    pub(in crate::api) fn not_json() -> Value {
        json!({"entry_type": "request", "rules": [{"rule": "json"}]})
    }

    /// The entry of a header with an unsupported value.
    pub(in crate::api) fn header(name: &str) -> Value {
        json!({"entry_type": "header", "entry": name})
    }
}

/// The most entries about unknown properties, so that a long body does not get a longer answer.
pub(in crate::api) const MOST_EXTRA: usize = 16;

/// The longest unknown name that an answer repeats, in bytes. The names of ЕСОЗ are shorter.
const LONGEST_NAME: usize = 30;

/// An unknown name for an answer. By mistake it may be a phone, a code or a token, and callers log and forward errors.
/// So it is repeated only if it looks like a name and has fewer digits than the shortest code; otherwise it becomes
/// `*`.
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
    fn a_name_is_shown_unless_it_may_be_a_secret() {
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
