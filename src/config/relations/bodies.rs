//! What has to hold in the body of a request.

use serde_json::Value;

use crate::config::forms::{IN_MESSAGE, IN_QUESTION};

/// What is wrong with the body of a message, if anything is.
pub(super) fn wrong_message(body: &str) -> Option<String> {
    wrong(body, &["{phone}", "{text}"], &IN_MESSAGE)
}

/// The same of a question.
pub(super) fn wrong_question(body: &str) -> Option<String> {
    wrong(body, &["{gateway_id}"], &IN_QUESTION)
}

/// Each of `wanted` has to be in a text, and of what stands for something only `known`.
fn wrong(body: &str, wanted: &[&str], known: &[&str]) -> Option<String> {
    if body.is_empty() {
        return Some("is not set".into());
    }
    let value: Value = match serde_json::from_str(body) {
        Ok(value) => value,
        Err(error) => {
            return Some(format!("is no JSON (line {}, column {})", error.line(), error.column()));
        }
    };
    let mut texts = Vec::new();
    texts_in(&value, &mut texts);
    let is_missing = |part: &&&str| !texts.iter().any(|text| text.contains(**part));
    if let Some(missing) = wanted.iter().find(is_missing) {
        return Some(format!("has no {missing} in any of its texts"));
    }
    let strange = texts.iter().flat_map(|text| parts(text)).find(|part| !known.contains(part))?;
    Some(format!("has {strange}, which stands for nothing there"))
}

/// Every text within a value, but for the names in it.
fn texts_in<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts_in(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| texts_in(field, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What looks as if it stood for something.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('{').filter_map(|(start, _)| {
        let length = text[start..].find('}')? + 1;
        let part = &text[start..start + length];
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        is_name(&part[1..length - 1]).then_some(part)
    })
}
