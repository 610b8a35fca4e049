use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One permission as ЕСОЗ spells it, for example `otp:write`.
pub type Scope = &'static str;

/// A list of permissions separated by ASCII white space, as `scope` of a token and `broker_scope` of a client hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[schemars(inline)]
#[serde(transparent)]
pub struct Scopes(String);

impl Scopes {
    /// Stores the list as written: unknown, repeated or misspelled scopes are kept.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether `scope` is one of the listed permissions, compared letter by letter.
    pub fn allow(&self, scope: Scope) -> bool {
        self.iter().any(|s| s == scope)
    }

    /// The permissions in their written order.
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
