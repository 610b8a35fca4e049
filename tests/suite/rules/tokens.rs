//! Rust source as words and signs, without comments and literals: enough to read paths.

/// A word, `::`, or one sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// Splits a source file; lines are counted from 1.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut rest = source;
    let mut line = 1;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = skipped(rest);
        if length == 0 {
            let text = next(rest);
            found.push(Token { text: text.to_owned(), line });
            rest = &rest[text.len()..];
        } else {
            line += rest[..length].matches('\n').count();
            rest = &rest[length..];
        }
    }
    found
}

fn next(source: &str) -> &str {
    let word = source.find(|c| !is_part_of_word(c)).unwrap_or(source.len());
    match word {
        0 if source.starts_with("::") => "::",
        0 => &source[..source.chars().next().map_or(0, char::len_utf8)],
        _ => &source[..word],
    }
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How many bytes at the start are space, a comment, a literal or the mark of a raw word.
fn skipped(source: &str) -> usize {
    let space = source.len() - source.trim_start().len();
    if space > 0 {
        return space;
    }
    if source.starts_with("//") {
        return source.find('\n').unwrap_or(source.len());
    }
    if source.starts_with("/*") {
        return block_comment(source);
    }
    if source.starts_with('\'') {
        return character_or_lifetime(source);
    }
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|p| opens_string(source, p));
    match prefix {
        Some(prefix) if prefix.ends_with('r') => raw_string(source, prefix.len()),
        Some(prefix) => prefix.len() + quoted(&source[prefix.len()..], '"'),
        None if source.starts_with("r#") => 2,
        None if source.starts_with("b'") => 1,
        None => 0,
    }
}

fn opens_string(source: &str, prefix: &str) -> bool {
    let Some(rest) = source.strip_prefix(prefix) else { return false };
    let hashes = if prefix.ends_with('r') { rest.trim_start_matches('#') } else { rest };
    hashes.starts_with('"')
}

fn raw_string(source: &str, prefix: usize) -> usize {
    let hashes = source[prefix..].len() - source[prefix..].trim_start_matches('#').len();
    let start = prefix + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    source[start..].find(&end).map_or(source.len(), |at| start + at + end.len())
}

/// The length of a literal between two of these quotes, `\` escaping.
fn quoted(source: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in source.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    source.len()
}

fn character_or_lifetime(source: &str) -> usize {
    let mut following = source.chars().skip(1);
    match (following.next(), following.next()) {
        (Some('\\'), _) | (_, Some('\'')) => quoted(source, '\''),
        (_, _) => 1,
    }
}

fn block_comment(source: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

#[test]
fn comments_and_literals_are_not_read_as_code() {
    let source = r##"
        // crate::a
        /* crate::b /* crate::c */ crate::d */
        let _ = ("crate::e \" crate::f", r#"crate::g " crate::h"#, b"crate::i", 'x', '\'', b'"');
        fn kept<'a>(r#type: &'a crate::k) {} // crate::l"##;
    let words: Vec<_> = tokens(source).into_iter().map(|token| token.text).collect();
    let words = words.join(" ");
    assert_eq!(words, "let _ = ( , , , , , ) ; fn kept < a > ( type : & a crate :: k ) { }");
    assert_eq!(tokens(source).last().map(|token| token.line), Some(5));
}
