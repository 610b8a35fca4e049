use serde::{Deserialize, Serialize};

use super::{ClientId, Scopes, Timestamp, UserId};

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

impl Token {
    /// Whether the token has ended.
    pub fn is_expired(&self, now: Timestamp, expiry: TokenExpiry) -> bool {
        match expiry {
            TokenExpiry::After => self.expires_at < now,
            TokenExpiry::At => self.expires_at <= now,
        }
    }
}
