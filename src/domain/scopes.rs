use serde::{Deserialize, Serialize};

/// One permission, spelled as ЕСОЗ spells it.
pub type Scope = &'static str;

/// Permissions separated by spaces, as tokens and clients carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(String);

impl Scopes {
    /// Takes the list as it is written.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether the scope is in the list.
    pub fn allow(&self, scope: Scope) -> bool {
        self.iter().any(|s| s == scope)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_whole_word() {
        let scopes = Scopes::new("person_request:read  person:read");
        assert!(scopes.allow("person:read"));
        assert!(!scopes.allow("person_request:write"));
        assert!(!scopes.allow("person"));
        assert!(!Scopes::default().allow("person:read"));
    }
}
