//! Entries of `invalid[]`, in the words of ehealth-ua/otp_verification.api (`nex_json_schema` 0.8.0).

use serde_json::{Value, json};

use crate::contract::{Broken, Fault, Field, Kind, Place, Shape, Step, TextForm};
use crate::service::apply::{LineFault, NotJson};

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
    /// A broken rule of a body, a query or a path.
    pub(in crate::api) fn of(part: InputPart, Fault { place, broken }: &Fault) -> Self {
        let (rule, params, description) = match broken {
            Broken::Missing => {
                let name = match place.steps().last() {
                    Some(Step::Field(name)) => name,
                    Some(Step::Item(_)) | None => "",
                };
                ("required", json!([]), format!("required property {name} was not present"))
            }
            Broken::Unknown { known, .. } => {
                let params = known.iter().map(|field| (field.name.to_owned(), json!({}))).collect();
                ("schema", Value::Object(params), part.unknown(known))
            }
            Broken::Twice => ("schema", json!({}), "expected once, with a value".to_owned()),
            Broken::WrongType { expected, found } => {
                let (expected, found) = (type_of(expected), kind(*found));
                let description = format!("type mismatch. Expected {expected} but got {found}");
                ("cast", json!([expected.to_lowercase()]), description)
            }
            Broken::Format { form, pattern } => {
                let params = if pattern.is_empty() { json!([]) } else { json!([pattern]) };
                ("format", params, part.format(form, pattern))
            }
            Broken::Keyword(words) => ("inclusion", json!(words), part.keyword(words)),
            Broken::Bounds { least, most } => (
                "number",
                json!({"greater_than_or_equal_to": least, "less_than_or_equal_to": most}),
                format!("expected a whole number from {least} to {most}"),
            ),
            Broken::Escape => invalid("the text has an escape that stands for no character"),
            Broken::NotThis(shape) => match shape {
                Shape::Version(known) => invalid(&format!("can only be {known}")),
                _ => invalid("can only be true"),
            },
            Broken::NotOne(fields) => {
                let names: Vec<_> = fields.iter().map(|field| field.name).collect();
                invalid(&format!("expected exactly one of {}", names.join(", ")))
            }
            Broken::ClearSecret => invalid("a secret is not taken in clear"),
            Broken::Rule(rule) => invalid(rule),
        };
        let entry = entry(place, broken);
        Self { entry_type: part.entry_type(), entry, rule, params, description }
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

    /// A value that contradicts the store.
    pub(in crate::api) fn contradicted(entry: &str, what: &str) -> Self {
        Self {
            entry_type: PROPERTY,
            entry: entry.to_owned(),
            rule: "reference",
            params: json!([]),
            description: what.to_owned(),
        }
    }

    /// A query parameter that names no entry of the list. `entry` is what it names, such as `id of a token`.
    pub(in crate::api) fn not_listed(name: &str, entry: &str) -> Self {
        Self {
            entry_type: InputPart::Query.entry_type(),
            entry: format!("$.{name}"),
            rule: "inclusion",
            params: json!([]),
            description: format!("expected the {entry} in this list"),
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

    /// The entry of a fault of a line.
    pub(in crate::api) fn of_line(fault: &LineFault) -> Value {
        let at = |place: &Place, rule, description| Self {
            entry_type: PROPERTY,
            entry: format!("$.{place}"),
            rule,
            params: json!([]),
            description,
        };
        match fault {
            LineFault::NotJson(fault) => line_not_json(*fault),
            LineFault::Broken(fault) => Self::of(InputPart::Line, fault).view(),
            LineFault::Missing { place, key } => {
                let what =
                    format!("there is no {key}, neither on an earlier line nor in the store");
                at(place, "reference", what).view()
            }
            LineFault::Conflict { place, what } => at(place, "conflict", (*what).to_owned()).view(),
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

/// The part of a request that a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum InputPart {
    /// The body.
    Body,
    /// A line of the body. Its faults are read by people, so they have plain words.
    Line,
    /// The query.
    Query,
    /// The path.
    Path,
}

impl InputPart {
    fn entry_type(self) -> &'static str {
        match self {
            Self::Body | Self::Line => PROPERTY,
            Self::Query => "query_parameter",
            Self::Path => "path_parameter",
        }
    }

    fn unknown(self, known: &[Field]) -> String {
        let names: Vec<_> = known.iter().map(|field| field.name).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        match self {
            Self::Body => "schema does not allow additional properties".to_owned(),
            Self::Line => format!("there is no such name here; known: {known}"),
            Self::Query | Self::Path => {
                format!("the method does not know this parameter; known: {known}")
            }
        }
    }

    fn keyword(self, words: &[&str]) -> String {
        match self {
            Self::Body => "value is not allowed in enum".to_owned(),
            Self::Line | Self::Query | Self::Path => {
                format!("expected one of {}", words.join(", "))
            }
        }
    }

    /// In a body, the pattern stands in the description as the source language prints a string, backslashes doubled.
    fn format(self, form: &TextForm, pattern: &str) -> String {
        if self == Self::Body && !pattern.is_empty() {
            let pattern = pattern.replace('\\', r"\\");
            return format!("string does not match pattern \"{pattern}\"");
        }
        let rule = form.rule.strip_prefix("is ").unwrap_or(form.rule);
        format!("expected {}: {rule}", form.what)
    }
}

/// `$` and the steps to the value. `*` stands for a name that cannot be shown.
fn entry(place: &Place, broken: &Broken) -> String {
    let path = place.to_string();
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    let unknown = match broken {
        Broken::Unknown { name, .. } => format!(".{}", name.as_deref().unwrap_or("*")),
        _ => String::new(),
    };
    format!("${dot}{path}{unknown}")
}

/// The entry of a line that is no JSON.
fn line_not_json(fault: NotJson) -> Value {
    let description = match fault {
        NotJson::ByteOrderMark => {
            "the line begins with a byte order mark: save the file as UTF-8 without one".to_owned()
        }
        NotJson::NotUtf8 => "the line is no UTF-8 text".to_owned(),
        NotJson::Syntax { column } => format!("the line is no JSON, from its byte {column} on"),
    };
    let rule = json!({"rule": "json", "params": [], "description": description});
    json!({"entry_type": "request", "rules": [rule]})
}

/// A rule that has no word of its own upstream.
fn invalid(description: &str) -> (&'static str, Value, String) {
    ("invalid", json!([]), description.to_owned())
}

/// The type of values of this form.
fn type_of(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text(_) | Shape::Recipient | Shape::Id { .. } | Shape::Keyword(_) => "String",
        Shape::Code => "Number",
        Shape::Integer { .. } | Shape::Version(_) => "Integer",
        Shape::Boolean | Shape::True => "Boolean",
        Shape::List(_) => "Array",
        Shape::Object(_) | Shape::OneField(_) => "Object",
        Shape::Any => "Any",
    }
}

/// The type of a value.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "Null",
        Kind::Boolean => "Boolean",
        Kind::Integer => "Integer",
        Kind::Fraction => "Number",
        Kind::Text => "String",
        Kind::List => "Array",
        Kind::Object => "Object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::entities::NewToken;
    use crate::contract::{NewSecret, Shaped as _};

    /// The words of rules that no body or query of today can break; [`tests of the API`](crate::api) hold the others.
    #[test]
    fn every_broken_rule_has_an_entry() {
        let root = Place::root(None);
        let secret = root.field("tokens", None).then(Step::Item(3), None).field("secret", None);
        for (place, broken, entry, rule, description) in [
            (root, Broken::Twice, "$", "schema", "expected once, with a value"),
            (
                secret,
                Broken::Missing,
                "$.tokens[3].secret",
                "required",
                "required property secret was not present",
            ),
            (
                secret,
                Broken::NotOne(NewSecret::SHAPE.fields()),
                "$.tokens[3].secret",
                "invalid",
                "expected exactly one of digest, generate, plain",
            ),
            (
                secret,
                Broken::ClearSecret,
                "$.tokens[3].secret",
                "invalid",
                "a secret is not taken in clear",
            ),
            (secret, Broken::Rule("one and one"), "$.tokens[3].secret", "invalid", "one and one"),
            (
                secret,
                Broken::NotThis(&Shape::True),
                "$.tokens[3].secret",
                "invalid",
                "can only be true",
            ),
            (root, Broken::NotThis(&Shape::Version(1)), "$", "invalid", "can only be 1"),
            (
                root,
                Broken::Escape,
                "$",
                "invalid",
                "the text has an escape that stands for no character",
            ),
            (
                root.then(Step::Item(0), None),
                Broken::WrongType { expected: NewToken::SHAPE, found: Kind::Fraction },
                "$[0]",
                "cast",
                "type mismatch. Expected Object but got Number",
            ),
        ] {
            let view = FieldError::of(InputPart::Body, &Fault { place, broken }).view();
            assert_eq!(view["entry"], entry);
            assert_eq!(view["rules"][0]["rule"], rule);
            assert_eq!(view["rules"][0]["description"], description);
        }
    }
}
