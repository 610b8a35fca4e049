//! `serde_json` keeps numbers as 64 bits or as a float: an id beyond that would lose its digits, and two messages would share
//! it. In what gateways say, such a number is the text of its digits, and is compared and kept as that.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde_json::value::RawValue;
use serde_json::{Error, Value};

/// How deep lists and objects may stand in each other.
const DEEPEST: usize = 64;

/// A document in which every number that would be written otherwise than it was is a text.
pub fn with_every_digit(text: &str) -> Result<Value, Error> {
    value(serde_json::from_str(text)?, DEEPEST)
}

/// Each level reads what is below it once, so the work is bounded by size times depth.
fn value(raw: &RawValue, depth: usize) -> Result<Value, Error> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{' | b'[') if depth == 0 => Err(Error::custom("nested too deep")),
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            let read = members.into_iter().map(|(name, raw)| Ok((name, value(raw, depth - 1)?)));
            read.collect::<Result<_, Error>>().map(Value::Object)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let read = items.into_iter().map(|raw| value(raw, depth - 1));
            read.collect::<Result<_, Error>>().map(Value::Array)
        }
        Some(b'-' | b'0'..=b'9') => Ok(number(text)),
        Some(_) | None => serde_json::from_str(text),
    }
}

fn number(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) if number.to_string() == text => Value::Number(number),
        Ok(_) | Err(_) => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_keeps_its_digits_and_all_else_is_as_ever() {
        let text = r#" {"id": 123456789012345678901, "a": [18446744073709551616, -9223372036854775809, 1.50, 1e400],
                        "b": {"c": [0, -7, 18446744073709551615, 1.5, true, null, "1.50", "\ud83d\ude00"]}} "#;
        let expected = json!({
            "id": "123456789012345678901",
            "a": ["18446744073709551616", "-9223372036854775809", "1.50", "1e400"],
            "b": {"c": [0, -7, 18_446_744_073_709_551_615_u64, 1.5, true, null, "1.50", "\u{1f600}"]},
        });
        assert_eq!(with_every_digit(text).unwrap(), expected);
        for none in ["", "{", "[1,]", "01", "+1", "{} {}", "NaN", &"[".repeat(30_000)] {
            assert!(with_every_digit(none).is_err());
        }
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(with_every_digit(&nested(DEEPEST)).is_ok());
        assert!(with_every_digit(&nested(DEEPEST + 1)).is_err());
    }

    proptest! {
        #[test]
        fn a_whole_number_comes_out_as_it_went_in(digits in "-?[1-9][0-9]{0,60}") {
            let document = with_every_digit(&format!(r#"{{"a":[{digits}]}}"#)).unwrap();
            let found = &document["a"][0];
            let written = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            prop_assert_eq!(written, digits);
        }

        #[test]
        fn what_serde_json_takes_is_taken(text in "[\\[\\]{}:,\"\\\\ud0-9aeE.+ntrufals-]{0,24}") {
            if let Ok(plain) = serde_json::from_str::<Value>(&text) {
                let ours = with_every_digit(&text).unwrap();
                prop_assert_eq!(ours.is_object(), plain.is_object());
            }
        }
    }
}
