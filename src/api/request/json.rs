//! JSON that every parser reads in the same way.
//!
//! Of two members with one name `serde_json` keeps the last, where other parsers keep the first. It also allows deep
//! nesting, and does not check strings that it skips. So [`check`] walks a document level by level: each value of a
//! level is a `RawValue`, the text between the bounds that `serde_json` has found.
//!
//! One pass with a `DeserializeSeed` is not enough: it would have to hold each number, and an ignored body may
//! have numbers of any size, such as `1e400`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Error, Value};

/// The deepest nesting of lists and objects. The bodies of our methods have at most three levels.
pub(super) const DEEPEST: usize = 32;

/// Parses a document that passes [`check`]. A number that neither 64 bits nor an `f64` can hold is an error.
pub(super) fn value(text: &str) -> Result<Value, Error> {
    check(text)?;
    serde_json::from_str(text)
}

/// Refuses a text that is no JSON, repeats a member's name, is nested deeper than [`DEEPEST`], or has a string with
/// half a surrogate pair. Numbers may have any size.
pub(super) fn check(text: &str) -> Result<(), Error> {
    check_value(serde_json::from_str(text)?, DEEPEST)
}

/// Checks one value. Each level parses the levels below it once more, so the work is at most the size times
/// [`DEEPEST`].
fn check_value(raw: &RawValue, depth: usize) -> Result<(), Error> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{' | b'[') if depth == 0 => Err(Error::custom("nested too deep")),
        Some(b'{') => {
            let Members(values) = serde_json::Deserializer::from_str(text).deserialize_map(Read)?;
            values.into_iter().try_for_each(|value| check_value(value, depth - 1))
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(text)?;
            values.into_iter().try_for_each(|value| check_value(value, depth - 1))
        }
        // `serde_json` does not check the surrogates of a string that it skips.
        Some(b'"') => serde_json::from_str::<Cow<'_, str>>(text).map(drop),
        Some(_) | None => Ok(()),
    }
}

/// The prefix of names that `serde_json` uses inside. It would read an object with such a name as the value that the
/// member's text holds.
const RESERVED: &str = "$serde_json::private::";

/// The values of an object's members, after a check of their names.
struct Members<'t>(Vec<&'t RawValue>);

struct Read;

impl<'t> Visitor<'t> for Read {
    type Value = Members<'t>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut names = HashSet::new();
        let mut values = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
            if name.starts_with(RESERVED) {
                return Err(A::Error::custom("a member of a reserved name"));
            }
            if !names.insert(name) {
                return Err(A::Error::custom("a member twice"));
            }
            values.push(value);
        }
        Ok(Members(values))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn nested(depth: usize) -> String {
        ["[".repeat(depth), "]".repeat(depth)].concat()
    }

    #[test]
    fn a_document_that_parsers_read_differently_is_refused() {
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"[{"b": {"a": 1, "c": 0, "a": 2}}]"#,
            r#"{"": 0, "": 0}"#,
            r#"{"code": {"$serde_json::private::RawValue": "\"123456\""}}"#,
            r#"{"\u0024serde_json::private::RawValue": "{}"}"#,
            r#""\ud800""#,
            r#"["\udc00\ud800"]"#,
            r#"{"\ud800": 1}"#,
            "\u{feff}{}",
            "{} {}",
            "{}\0",
            "[1,]",
            "[1 2]",
            "{\"a\": \"\u{1}\"}",
            "NaN",
            "+1",
            ".5",
            "1.",
            "0x1",
            "'a'",
            "// a\n{}",
            "",
            " ",
            &nested(DEEPEST + 1),
            &nested(8000),
            &"[".repeat(16_000),
            &"{\"a\":".repeat(3_000),
        ] {
            let shown: String = text.chars().take(20).collect();
            assert!(check(text).is_err() && value(text).is_err(), "{shown}");
        }
    }

    #[test]
    fn json_is_accepted() {
        for text in [
            r#"{"a": 1, "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}]}"#,
            r#""\ud83d\ude00 \u0000""#,
            r#"{"a": 1, "A": 2, "ａ": 3}"#,
            " [ ] ",
            "null",
            "-0.5e-3",
            &nested(DEEPEST),
        ] {
            assert_eq!(value(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
        // A number of any size passes the check, and is an error where its value is needed.
        assert!(check("[1e400]").is_ok() && value("[1e400]").is_err());
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 40, 6, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(Value::from),
                btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_document_without_doubles_is_what_serde_json_makes_of_it(document in document()) {
            for text in [document.to_string(), serde_json::to_string_pretty(&document).unwrap()] {
                let plain: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(value(&text).unwrap(), plain);
            }
        }

        #[test]
        fn a_member_given_twice_is_found_wherever_it_stands(document in document(), name: String) {
            let name = Value::from(name);
            let text = format!("[[{document}, {{{name}: {document}, \"other\": 0, {name}: 0}}]]");
            prop_assert!(check(&text).is_err());
        }

        #[test]
        fn no_text_passes_that_serde_json_refuses(text in "[\\[\\]{}:,\"\\\\ud0-9aeE.+ntrufals-]{0,24}") {
            if value(&text).is_ok() {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = value(&text);
        }
    }
}
