use serde::{Deserialize, Serialize};

use super::{ClientId, Timestamp, UserId};

/// One permission, spelled as ЕСОЗ spells it.
pub type Scope = &'static str;

/// Permissions separated by spaces, as tokens and clients carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(String);

/// What is kept of a bearer token; the key it is found by is the digest of its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Whose it is.
    pub user_id: UserId,
    /// The client it was given to.
    pub client_id: ClientId,
    /// What it allows.
    pub scope: Scopes,
    /// When it ends.
    pub expires_at: Timestamp,
    /// A revoked token is an unknown one.
    pub is_revoked: bool,
}

/// Whether a token still holds in the very microsecond of its `expires_at`; the sources disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenExpiry {
    /// Expired when `expires_at < now`, as the page "Get authentication factor" has it.
    After,
    /// Expired when `expires_at <= now`, as the token service does.
    At,
}

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

impl Token {
    /// Whether the token has ended.
    pub fn is_expired(&self, now: Timestamp, expiry: TokenExpiry) -> bool {
        match expiry {
            TokenExpiry::After => self.expires_at < now,
            TokenExpiry::At => self.expires_at <= now,
        }
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
