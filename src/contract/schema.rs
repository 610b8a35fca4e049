//! Shapes as JSON Schema, draft 2020-12, the dialect of `OpenAPI` 3.1.

use serde_json::{Map, Value, json};

use super::shape::{Fields, Presence, Shape, TextForm};
use super::values::{ID, PHONE};
use crate::domain::CodeFormat;

/// The forms that the settings of a node decide on.
#[derive(Clone, Copy, Debug)]
pub struct NodeForms<'n> {
    /// The setting `otp.digits`.
    pub codes: CodeFormat,
    /// The setting `otp.allowed_prefixes`: starts of phone numbers. Empty for all numbers.
    pub allowed_prefixes: &'n [String],
    /// The setting `otp.refused_prefixes`: starts of phone numbers.
    pub refused_prefixes: &'n [String],
}

impl NodeForms<'_> {
    /// A number that gets codes, if one of a few does.
    fn example(self) -> Option<String> {
        let begins =
            |phone: &str, prefixes: &[String]| prefixes.iter().any(|it| phone.starts_with(it));
        let gets_codes = |phone: &String| {
            (self.allowed_prefixes.is_empty() || begins(phone, self.allowed_prefixes))
                && !begins(phone, self.refused_prefixes)
        };
        let usual = PHONE.example.map(str::to_owned);
        let allowed = self.allowed_prefixes.iter().map(|prefix| format!("{prefix:0<13}"));
        usual.into_iter().chain(allowed).find(gets_codes)
    }
}

/// The schema of a shape, on a node with these forms.
pub fn schema(shape: &Shape, forms: NodeForms<'_>) -> Value {
    match shape {
        Shape::Text(form) => text(form),
        Shape::Id { is_own: true, .. } => text(&ID),
        Shape::Id { of, is_own: false } => described(text(&ID), &format!("The id of a {of}.")),
        Shape::Keyword(words) => json!({"type": "string", "enum": words}),
        Shape::Recipient => recipient(forms),
        Shape::Code => json!({
            "anyOf": [
                {"type": "string", "pattern": forms.codes.pattern()},
                {"type": "integer", "minimum": 0, "maximum": forms.codes.drawn().end()},
            ],
            "examples": [DIGITS[..forms.codes.digits()]],
        }),
        Shape::Integer { least, most } => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Version(number) => json!({"const": number}),
        Shape::True => json!({"const": true}),
        Shape::List(item) => json!({"type": "array", "items": schema(item, forms)}),
        Shape::Object(fields) => object(fields, forms),
        Shape::OneField(fields) => {
            let mut object = object(fields, forms);
            if let Value::Object(object) = &mut object {
                object.remove("required");
                object.extend([
                    ("minProperties".into(), 1.into()),
                    ("maxProperties".into(), 1.into()),
                ]);
            }
            object
        }
        Shape::Any => json!({}),
    }
}

/// The digits of an example of a code, of which it has as many as the node's codes.
const DIGITS: &str = "1234567890";

/// A phone number with an allowed start and without a refused one.
fn recipient(forms: NodeForms<'_>) -> Value {
    let mut schema = text(&PHONE);
    let starts = |prefixes: &[String]| {
        let prefixes: Vec<_> = prefixes.iter().map(|prefix| prefix.replace('+', r"\+")).collect();
        json!({"pattern": format!("^({})", prefixes.join("|"))})
    };
    if !forms.allowed_prefixes.is_empty() {
        schema["allOf"] = json!([starts(forms.allowed_prefixes)]);
    }
    if !forms.refused_prefixes.is_empty() {
        schema["not"] = starts(forms.refused_prefixes);
    }
    // The example of another node may be a number that gets no codes here.
    if let Value::Object(schema) = &mut schema {
        schema.remove("examples");
        schema.extend(forms.example().map(|phone| ("examples".into(), json!([phone]))));
    }
    schema
}

fn object(fields: &Fields, forms: NodeForms<'_>) -> Value {
    let property = |shape, about, presence| {
        let schema = described(schema(shape, forms), about);
        match presence {
            Presence::Required => schema,
            Presence::Nullable => nullable(schema),
            Presence::Default(text) => with_default(schema, text),
        }
    };
    let all = fields.all.iter();
    let properties: Map<_, _> = all
        .clone()
        .map(|field| (field.name.to_owned(), property(field.shape, field.about, field.presence)))
        .collect();
    let required: Vec<_> =
        all.filter(|field| field.presence == Presence::Required).map(|field| field.name).collect();
    let object = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    described(object, fields.about)
}

fn text(form: &TextForm) -> Value {
    let TextForm { what, rule, pattern, format, example } = form;
    let mut schema = json!({"type": "string"});
    if let Some(pattern) = pattern {
        schema["pattern"] = json!(pattern);
    }
    if let Some(format) = format {
        schema["format"] = json!(format);
    }
    if let Some(example) = example {
        schema["examples"] = json!([example]);
    }
    let space = if rule.is_empty() { "" } else { " " };
    described(schema, &format!("{what}{space}{rule}"))
}

/// With this description before the one that it has.
fn described(mut schema: Value, about: &str) -> Value {
    let about = about.trim();
    if !about.is_empty() {
        let text = match schema.get("description").and_then(Value::as_str) {
            Some(more) => format!("{about} {}", sentence(more)),
            None => sentence(about),
        };
        schema["description"] = Value::from(text);
    }
    schema
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    [&first, letters.as_str(), end].concat()
}

/// The schema of the same values and `null`.
fn nullable(mut schema: Value) -> Value {
    let Value::Object(fields) = &mut schema else { return schema };
    if let Some(Value::Array(any)) = fields.get_mut("anyOf") {
        any.push(json!({"type": "null"}));
    } else if fields.contains_key("const") || fields.contains_key("not") {
        let about = fields.remove("description");
        let mut either = json!({"anyOf": [schema, {"type": "null"}]});
        if let Some(about) = about {
            either["description"] = about;
        }
        return either;
    } else if let Some(one) = fields.get_mut("type") {
        *one = json!([one, "null"]);
        if let Some(Value::Array(words)) = fields.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    schema
}

fn with_default(mut schema: Value, text: &str) -> Value {
    if let Ok(default) = serde_json::from_str::<Value>(text) {
        schema["default"] = default;
    }
    schema
}
