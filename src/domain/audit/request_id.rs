use serde::{Deserialize, Serialize};

/// The most that is kept of a request's id.
const MOST: usize = 64;

/// What a caller calls a request: visible ASCII, and at most 64 characters of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

/// The text is no request id as it is kept. It does not hold the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request id is 1 to 64 characters of visible ASCII")]
pub struct NotARequestId;

impl RequestId {
    /// What is kept of this text: its first 64 characters, with `?` for each that is not visible ASCII. `None` for an
    /// empty text.
    pub fn of(text: &str) -> Option<Self> {
        let kept = |c: char| if c.is_ascii_graphic() { c } else { '?' };
        let kept: String = text.chars().take(MOST).map(kept).collect();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = NotARequestId;

    fn try_from(text: String) -> Result<Self, NotARequestId> {
        let is_one = (1..=MOST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_one { Ok(Self(text)) } else { Err(NotARequestId) }
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
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
    fn what_is_kept_is_read_back_and_nothing_else() {
        for text in ["a", "6617aeec-15e2-4d6f-b9bd-53559c358f97#17810"] {
            let id = RequestId::of(text).unwrap();
            assert_eq!(RequestId::try_from(String::from(id.clone())), Ok(id));
        }
        for text in ["", " ", "a\n", "ї", &"a".repeat(65)] {
            assert_eq!(RequestId::try_from(text.to_owned()), Err(NotARequestId), "{text}");
        }
    }
}
