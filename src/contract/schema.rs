//! Shapes as JSON Schema, draft 2020-12, the dialect of `OpenAPI` 3.1.

use serde_json::{Map, Value, json};

use super::shape::{Fields, Presence, Shape, TextForm};
use super::values::ID;
use crate::domain::CodeFormat;

/// The schema of a shape, on a node with codes of this form.
pub fn schema(shape: &Shape, codes: CodeFormat) -> Value {
    match shape {
        Shape::Text(form) => text(form),
        Shape::Id { is_own: true, .. } => text(&ID),
        Shape::Id { of, is_own: false } => described(text(&ID), &format!("The id of a {of}.")),
        Shape::Keyword(words) => json!({"type": "string", "enum": words}),
        Shape::Code => json!({"anyOf": [
            {"type": "string", "pattern": codes.pattern()},
            {"type": "integer", "minimum": 0, "maximum": codes.drawn().end()},
        ]}),
        Shape::Integer { least, most } => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Version(number) => json!({"const": number}),
        Shape::True => json!({"const": true}),
        Shape::List(item) => json!({"type": "array", "items": schema(item, codes)}),
        Shape::Object(fields) => object(fields, codes),
        Shape::OneField(fields) => {
            let mut object = object(fields, codes);
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

fn object(fields: &Fields, codes: CodeFormat) -> Value {
    let property = |shape, about, presence| {
        let schema = described(schema(shape, codes), about);
        match presence {
            Presence::Required => schema,
            Presence::Nullable => json!({"anyOf": [schema, {"type": "null"}]}),
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
    let TextForm { what, rule, pattern, format } = form;
    let mut schema = json!({"type": "string"});
    if let Some(pattern) = pattern {
        schema["pattern"] = json!(pattern);
    }
    if let Some(format) = format {
        schema["format"] = json!(format);
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

fn with_default(mut schema: Value, text: &str) -> Value {
    if let Ok(default) = serde_json::from_str::<Value>(text) {
        schema["default"] = default;
    }
    schema
}
