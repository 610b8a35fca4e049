//! JSON text with lines: a file, or a line of NDJSON.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::source::{BadEscape, Given, Source};

/// A text, and where its lines end.
pub struct FileText<'a> {
    text: &'a str,
    first_line: usize,
    line_ends: Vec<usize>,
}

/// A value in a [`FileText`].
#[derive(Clone, Copy)]
pub struct FileValue<'a> {
    raw: &'a RawValue,
    text: &'a FileText<'a>,
}

impl<'a> FileText<'a> {
    /// A whole file. A byte order mark at its beginning, as programs on Windows write it, is skipped.
    pub fn new(text: &'a str) -> Self {
        Self::from_line(1, text.strip_prefix('\u{feff}').unwrap_or(text))
    }

    /// The part of a file that begins with this line, counted from 1.
    pub fn from_line(first_line: usize, text: &'a str) -> Self {
        let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { text, first_line, line_ends }
    }

    /// The outermost value. An error if the text is no JSON.
    pub fn value(&'a self) -> serde_json::Result<FileValue<'a>> {
        Ok(FileValue { raw: serde_json::from_str(self.text)?, text: self })
    }

    /// The line that this part of the text begins on, counted from 1.
    fn line_of(&self, part: &'a str) -> usize {
        let offset = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.first_line + self.line_ends.partition_point(|end| *end < offset)
    }
}

impl<'a> FileValue<'a> {
    /// The text of the value.
    pub fn json(self) -> &'a str {
        self.raw.get()
    }
}

impl<'a> Source<'a> for FileValue<'a> {
    fn given(self) -> Result<Given<'a, Self>, BadEscape> {
        let (json, text) = (self.raw.get(), self.text);
        let value = |raw| FileValue { raw, text };
        Ok(match json.as_bytes().first() {
            Some(b'"') => {
                let Plain(text) = parsed(json)?;
                Given::Text(text)
            }
            Some(b'{') => {
                let Members(members) = parsed(json)?;
                Given::Object(members.into_iter().map(|(name, raw)| (name, value(raw))).collect())
            }
            Some(b'[') => Given::List(parsed::<Vec<_>>(json)?.into_iter().map(value).collect()),
            Some(b't') => Given::Boolean(true),
            Some(b'f') => Given::Boolean(false),
            Some(b'n') => Given::Null,
            Some(_) | None => Given::Number {
                whole: json.parse().ok(),
                is_fraction: json.contains(['.', 'e', 'E']),
            },
        })
    }

    fn is_null(self) -> bool {
        self.raw.get() == "null"
    }

    fn line(self) -> Option<usize> {
        Some(self.text.line_of(self.raw.get()))
    }
}

/// A raw value is JSON already, but for the escapes of its texts: `\ud800` stands for nothing.
fn parsed<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, BadEscape> {
    serde_json::from_str(json).map_err(|_| BadEscape)
}

/// A text, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Plain<'t>(#[serde(borrow)] Cow<'t, str>);

/// All fields of an object, repeated ones too. A map would lose those.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((Plain(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_counted_from_one_and_found_from_any_part() {
        let whole = "a\nbc\n\nd";
        let (text, part) = (FileText::new(whole), FileText::from_line(17, whole));
        for (at, line) in [(0, 1), (1, 1), (2, 2), (3, 2), (5, 3), (6, 4), (7, 4)] {
            assert_eq!(text.line_of(&whole[at..]), line, "{at}");
            assert_eq!(part.line_of(&whole[at..]), line + 16, "{at}");
        }
    }
}
