//! The schemas of views: `schemars` makes them of the views' doc comments, and [`plain`] puts them in words for callers.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// A generator whose schemas refer to those in the document's components.
pub(super) fn generator() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    settings.into_generator()
}

/// Rewrites what only a reader of the source would understand:
///
/// - links of doc comments become their texts, and a description is one line;
/// - formats of Rust, such as `uint8`, and `ip` are left out, since no document of JSON Schema has them;
/// - the schema `true` becomes `{}`, which more generators read;
/// - words with a description each become an `enum` and one description.
pub(super) fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            join_words(fields);
            let is_foreign = |format: &str| format.starts_with("uint") || format == "ip";
            if fields.get("format").and_then(Value::as_str).is_some_and(is_foreign) {
                fields.remove("format");
            }
            if let Some(Value::String(about)) = fields.get_mut("description") {
                *about = about.replace('\n', " ").replace("[`", "`").replace("`]", "`");
            }
            let properties = fields.get_mut("properties").and_then(Value::as_object_mut);
            properties.into_iter().flat_map(Map::values_mut).for_each(as_object);
            fields.get_mut("items").into_iter().for_each(as_object);
            fields.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn as_object(schema: &mut Value) {
    if *schema == Value::Bool(true) {
        *schema = Value::Object(Map::new());
    }
}

/// Turns `oneOf` of single words into `enum`.
fn join_words(schema: &mut Map<String, Value>) {
    let Some(Value::Array(all)) = schema.get("oneOf") else { return };
    let word = |one: &Value| {
        Some((one.get("const")?.as_str()?.to_owned(), one["description"].as_str()?.to_owned()))
    };
    let Some(words) = all.iter().map(word).collect::<Option<Vec<_>>>() else { return };
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    let about = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let each = words.iter().map(|(word, about)| format!(" `{word}`: {about}"));
    let about: String = std::iter::once(about).chain(each).collect();
    schema.insert("description".to_owned(), about.trim().into());
    schema.insert("enum".to_owned(), words.into_iter().map(|(word, _)| word).collect());
}
