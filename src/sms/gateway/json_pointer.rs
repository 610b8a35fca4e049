use std::borrow::Cow;

use serde_json::Value;

use crate::config::JsonPointer;

/// The longest id of a message.
const LONGEST_ID: usize = 128;

impl JsonPointer {
    /// What stands there, unless it is nothing: null, or a text without a sign in it.
    pub(super) fn find<'a>(&self, within: &'a Value) -> Option<&'a Value> {
        within.pointer(self.as_str()).filter(|found| match found {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
        })
    }

    /// The word that stands there.
    pub(super) fn word_in<'a>(&self, within: &'a Value) -> Option<Cow<'a, str>> {
        self.find(within).and_then(word)
    }

    /// The id that stands there, if it can be kept and shown.
    pub(super) fn id_in(&self, within: &Value) -> Option<String> {
        let is_plain = |id: &str| {
            (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
        };
        self.word_in(within).filter(|id| is_plain(id)).map(Cow::into_owned)
    }
}

/// A text, a number or a bool as it is written. Anything else is no word.
pub(super) fn word(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(is) => Some(Cow::Owned(is.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_is_a_text_a_number_or_a_bool_and_null_and_blanks_are_nothing() {
        let answer = json!({"a": [{"b": "x"}, 17, true, null, {}], "~/": 1.5, "": " ", "c": ""});
        let found =
            |at: &str| at.parse::<JsonPointer>().unwrap().word_in(&answer).map(Cow::into_owned);
        assert_eq!(found("/a/0/b").as_deref(), Some("x"));
        assert_eq!(found("/a/1").as_deref(), Some("17"));
        assert_eq!(found("/a/2").as_deref(), Some("true"));
        assert_eq!(found("/~0~1").as_deref(), Some("1.5"));
        for nothing in ["/a/3", "/a/4", "/a", "/a/9", "/b", "/", "/c", ""] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn an_id_can_be_kept_and_shown_or_is_none() {
        let id = |id: Value| "/id".parse::<JsonPointer>().unwrap().id_in(&json!({"id": id}));
        assert_eq!(id(json!("f83f8868-5e46")).as_deref(), Some("f83f8868-5e46"));
        assert_eq!(
            id(json!(18_446_744_073_709_551_615_u64)).as_deref(),
            Some("18446744073709551615")
        );
        assert_eq!(id(json!("x".repeat(LONGEST_ID))).map(|id| id.len()), Some(LONGEST_ID));
        for none in ["", "a b", "ї", "a\n", &"x".repeat(LONGEST_ID + 1)] {
            assert_eq!(id(json!(none)), None, "{none:?}");
        }
        assert_eq!(id(Value::Null), None);
    }
}
