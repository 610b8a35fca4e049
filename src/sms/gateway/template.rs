use std::fmt;
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use zeroize::Zeroizing;

use super::error::GatewayError;
use crate::config::{BodyTemplate, SECRET};
use crate::domain::Secret;

/// A [`BodyTemplate`] that has its secret, if it needs one.
pub(super) struct Template(Value);

/// What stands for what.
type Words<'a> = [(&'a str, &'a str)];

impl Template {
    /// The body of these settings. A body with `{secret}` in it requires the secret, which is filled into each request and
    /// not kept here.
    pub(super) fn of(body: &BodyTemplate, secret: Option<&Secret>) -> Result<Self, GatewayError> {
        if secret.is_none() && body.as_str().contains(SECRET) {
            return Err(GatewayError::NoSecret("the body".into()));
        }
        Ok(Self(body.json().clone()))
    }

    /// The body with these words replaced, each once: what is put in is not looked at again.
    pub(super) fn fill(&self, words: &Words<'_>) -> Zeroizing<Vec<u8>> {
        let filled = Filled { value: &self.0, words };
        let mut length = Length(0);
        write(&mut length, &filled);
        // Of the right size at once: a buffer that grows leaves a copy of the text behind.
        let mut body = Zeroizing::new(Vec::with_capacity(length.0));
        write(&mut *body, &filled);
        body
    }
}

fn write(to: impl Write, filled: &Filled<'_>) {
    serde_json::to_writer(to, filled)
        .expect("memory takes what is written to it, and keys are texts");
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Part of a body. It is written straight into its place: no text with a code in it is put together on the way.
struct Filled<'a> {
    value: &'a Value,
    words: &'a Words<'a>,
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let within = |value| Filled { value, words: self.words };
        match self.value {
            Value::String(text) => to.collect_str(&FilledText { text, words: self.words }),
            Value::Array(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(&within(item)))?;
                list.end()
            }
            Value::Object(members) => {
                let mut map = to.serialize_map(Some(members.len()))?;
                members
                    .iter()
                    .try_for_each(|(key, item)| map.serialize_entry(key, &within(item)))?;
                map.end()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => self.value.serialize(to),
        }
    }
}

struct FilledText<'a> {
    text: &'a str,
    words: &'a Words<'a>,
}

impl fmt::Display for FilledText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text;
        while let Some(brace) = rest.find('{') {
            let (before, from) = rest.split_at(brace);
            f.write_str(before)?;
            let found = self.words.iter().find(|(word, _)| from.starts_with(word));
            let (put, length) = found.map_or(("{", 1), |(word, value)| (*value, word.len()));
            f.write_str(put)?;
            rest = &from[length..];
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parsed(template: &str) -> Template {
        Template::of(&template.parse().unwrap(), None).unwrap()
    }

    fn filled(template: &str, words: &Words<'_>) -> Value {
        serde_json::from_slice(&parsed(template).fill(words)).unwrap()
    }

    #[test]
    fn words_are_replaced_within_texts_and_nowhere_else() {
        let template = r#"{"{phone}": ["{phone}", 1, null, true, {"a": "to {phone}: {text}{text}!"}], "b": "{other} {"}"#;
        let words = [("{phone}", "+380"), ("{text}", "x")];
        let expected =
            json!({"{phone}": ["+380", 1, null, true, {"a": "to +380: xx!"}], "b": "{other} {"});
        assert_eq!(filled(template, &words), expected);
    }

    proptest! {
        #[test]
        fn whatever_is_put_in_comes_out_as_it_was(
            text in r#"(\PC|[\x00-\x1f"\\{}\u{2028}]|\{phone\}|\{text\}|\{sender\}|\{id\}){0,40}"#,
            phone in "[+0-9]{0,13}",
        ) {
            let words = [("{phone}", phone.as_str()), ("{text}", text.as_str()), ("{sender}", "s")];
            let template = r#"{"a": ["{phone}", {"b": "{text}", "c": "<{text}|{phone}|{sender}>"}]}"#;
            let told = format!("<{text}|{phone}|s>");
            let expected = json!({"a": [phone, {"b": text, "c": told}]});
            prop_assert_eq!(filled(template, &words), expected);
            let body = parsed(template).fill(&words);
            prop_assert_eq!(body.len(), body.capacity());
        }
    }
}
