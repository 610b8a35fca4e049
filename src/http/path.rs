use std::borrow::Cow;

/// A malformed path or query. It has a character that a URI may not have, a broken escape, an escaped control character,
/// bytes that are no UTF-8, or a segment `.` or `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a path is made of the characters of RFC 3986, escapes of UTF-8 text, and no dot segments")]
pub struct MalformedPath;

/// Refuses a malformed path or query. One that passes can be decoded in one way only.
pub fn check_target(path: &str, query: Option<&str>) -> Result<(), MalformedPath> {
    if !path.starts_with('/') || !path.bytes().all(is_of_a_path) {
        return Err(MalformedPath);
    }
    for segment in path.split('/') {
        // A program behind us may decode a second time: an escaped separator counts as one.
        let decoded = decode(segment)?;
        if decoded.split(['/', '\\']).any(|part| matches!(part, "." | "..")) {
            return Err(MalformedPath);
        }
    }
    let query = query.unwrap_or_default();
    if !query.is_ascii() {
        return Err(MalformedPath);
    }
    decode(query).map(drop)
}

/// `pchar` and `/` of RFC 3986, 3.3.
fn is_of_a_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte)
}

/// Decodes the escapes of one segment, once. `+` stays `+`: phones stand in paths as `+380…`.
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

/// The first value of `name` in a query. `+` stays `+` here too.
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
    fn a_path_that_could_be_read_in_two_ways_is_refused() {
        for path in
            ["/", "/a/b", "/a%2Fb/c", "/a.b/..c/...", "/+380", "//a", "/a;b=1/~c:@", "/%D1%96"]
        {
            assert_eq!(check_target(path, None), Ok(()), "{path}");
        }
        for path in [
            "",
            "*",
            "a",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/a/..",
            "/%2e%2E/a",
            "/%2e/a",
            "/a%2f..%2fb",
            "/..%5ca",
            "/a\\b",
            "/a{b}",
            "/a|b",
            "/a\"b",
            "/a<b>",
            "/a^b",
            "/a`b",
            "/a b",
            "/\u{456}",
            "/%zz",
        ] {
            assert_eq!(check_target(path, None), Err(MalformedPath), "{path}");
        }
        for (query, expected) in
            [("a=[1]|2", Ok(())), ("a=%", Err(MalformedPath)), ("\u{456}", Err(MalformedPath))]
        {
            assert_eq!(check_target("/", Some(query)), expected, "{query}");
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
        fn what_is_escaped_is_a_path_unless_it_walks(text in "[^\\p{Cc}]{0,20}") {
            let escaped: Vec<_> = text.bytes().map(|b| format!("%{b:02X}")).collect();
            let walks = text.split(['/', '\\']).any(|part| part == "." || part == "..");
            let is_taken = check_target(&format!("/a/{}", escaped.concat()), None).is_ok();
            prop_assert_eq!(is_taken, !walks);
        }

        #[test]
        fn what_passes_decodes_and_no_text_makes_it_panic(path in "/?[a%/.2eE5c\\PC]{0,12}") {
            let _ = decode(&path);
            if check_target(&path, Some(&path)).is_ok() {
                prop_assert!(path.is_ascii() && path.starts_with('/'));
                for segment in path.split('/') {
                    let decoded = decode(segment).unwrap();
                    prop_assert!(decoded != "." && decoded != "..");
                }
            }
        }
    }
}
