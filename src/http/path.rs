use std::borrow::Cow;

/// A path or query with an escape that is none, or one that hides a control character or bytes that are no UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an escape is % and two hexadecimal digits of UTF-8 text")]
pub struct MalformedPath;

/// Decodes one segment, once. `+` is itself: phones stand in paths as `+380…`.
pub fn decode(segment: &str) -> Result<Cow<'_, str>, MalformedPath> {
    if !segment.contains('%') {
        return Ok(Cow::Borrowed(segment));
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (pair, after) = rest.split_at_checked(2).ok_or(MalformedPath)?;
        bytes.push(hex(pair[0])? << 4 | hex(pair[1])?);
        rest = after;
    }
    let text = String::from_utf8(bytes).map_err(|_| MalformedPath)?;
    if text.chars().any(char::is_control) { Err(MalformedPath) } else { Ok(Cow::Owned(text)) }
}

/// The first value of `name` in a query. `+` is itself here too.
pub fn query_value<'q>(
    query: Option<&'q str>,
    name: &str,
) -> Result<Option<Cow<'q, str>>, MalformedPath> {
    let pairs = query.unwrap_or_default().split('&');
    let mut values = pairs.filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key == name);
    values.next().map(|(_, value)| decode(value)).transpose()
}

fn hex(digit: u8) -> Result<u8, MalformedPath> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).ok_or(MalformedPath)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plus_is_a_plus_and_escapes_are_decoded_once() {
        assert_eq!(decode("+380631112233").unwrap(), "+380631112233");
        assert_eq!(decode("%2B380631112233").unwrap(), "+380631112233");
        assert_eq!(decode("%252B").unwrap(), "%2B");
        for text in ["%", "%2", "%zz", "%+1", "%00", "%0a", "%7f", "%ff", "%c3%28", "a%c2%85"] {
            assert_eq!(decode(text), Err(MalformedPath), "{text}");
        }
    }

    #[test]
    fn the_first_value_of_a_name_counts() {
        let query = Some("a=1&phone=+380&phone=2&b");
        assert_eq!(query_value(query, "phone").unwrap().unwrap(), "+380");
        assert_eq!(query_value(query, "b").unwrap(), None);
        assert_eq!(query_value(None, "a").unwrap(), None);
        assert!(query_value(Some("a=%"), "a").is_err());
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in "[^\\p{Cc}]{0,20}") {
            let escaped: Vec<_> = text.bytes().map(|b| format!("%{b:02X}")).collect();
            let escaped = escaped.concat();
            prop_assert_eq!(decode(&escaped).unwrap(), text);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = decode(&text);
        }
    }
}
