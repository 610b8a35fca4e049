use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::mask_numbers;

/// Characters of a request id that are kept.
const MOST: usize = 64;

/// The id that a caller gives a request in `x-request-id`: 1 to 64 characters of visible ASCII. Digits that may be a
/// phone number are masked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[schemars(inline)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId {
    /// ASCII, and zeros after `length`.
    bytes: [u8; MOST],
    length: u8,
}

/// The text is not a stored request id. The error does not contain the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request id is 1 to 64 characters of visible ASCII")]
pub struct NotARequestId;

impl RequestId {
    /// Makes an id of a header's text: characters other than visible ASCII become `?`, phone numbers are masked, and 64
    /// characters are kept. `None` for an empty text.
    pub fn of(text: &str) -> Option<Self> {
        let kept = |c: char| if c.is_ascii_graphic() { c } else { '?' };
        let whole: String = text.chars().map(kept).collect();
        Self::of_visible(mask_numbers(&whole).get(..MOST.min(whole.len()))?)
    }

    /// The id as text, 1 to 64 characters.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn of_visible(text: &str) -> Option<Self> {
        let is_one = (1..=MOST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if !is_one {
            return None;
        }
        let mut bytes = [0; MOST];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: u8::try_from(text.len()).ok()? })
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl TryFrom<String> for RequestId {
    type Error = NotARequestId;

    fn try_from(text: String) -> Result<Self, NotARequestId> {
        Self::of_visible(&text).ok_or(NotARequestId)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_64_visible_characters_are_kept() {
        let long = "a".repeat(1000);
        assert_eq!(RequestId::of(&long).unwrap().as_str(), "a".repeat(64));
        assert_eq!(RequestId::of("ї \n#17").unwrap().as_str(), "???#17");
        assert_eq!(RequestId::of(""), None);
    }

    #[test]
    fn no_phone_s_number_is_kept() {
        for (text, kept) in [
            ("+380958697084-and-twenty", "+38095*****84-and-twenty"),
            ("0958697084", "095*****84"),
            ("x#958697084", "x#95*****84"),
            ("6617aeec-15e2-4d6f-b9bd-380958697084", "6617aeec-15e2-4d6f-b9bd-38095*****84"),
        ] {
            assert_eq!(RequestId::of(text).unwrap().as_str(), kept);
        }
        let made = "0b9ac4a0-1111-4222-8333-444455556a66";
        assert_eq!(RequestId::of(made).unwrap().as_str(), made);
        // What the length cuts off is seen all the same.
        let cut = format!("{}380958697084", "a".repeat(60));
        assert_eq!(RequestId::of(&cut).unwrap().as_str(), format!("{}3809", "a".repeat(60)));
    }

    #[test]
    fn what_is_kept_is_read_back_and_nothing_else() {
        for text in ["a", "6617aeec-15e2-4d6f-b9bd-53559c358f97#17810"] {
            let id = RequestId::of(text).unwrap();
            assert_eq!(RequestId::try_from(String::from(id)), Ok(id));
        }
        for text in ["", " ", "a\n", "ї", &"a".repeat(65)] {
            assert_eq!(RequestId::try_from(text.to_owned()), Err(NotARequestId), "{text}");
        }
    }
}
