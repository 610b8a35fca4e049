use serde::{Deserialize, Serialize};

use super::{ClientId, Scopes, Timestamp, UserId};

/// The stored part of a bearer token. Its key in the `tokens` tree is the [`SecretDigest`](super::SecretDigest) of the
/// token's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The user who calls with the token: `Requester::user_id`.
    pub user_id: UserId,
    /// The client that the token was issued to: `Requester::client_id`.
    pub client_id: ClientId,
    /// The permissions of the token, separated by spaces.
    pub scope: Scopes,
    /// The end of the token's life. [`TokenExpiry`] says whether this microsecond still belongs to it.
    pub expires_at: Timestamp,
    /// Whether the token was revoked; it is refused as `TokenUnknown` then.
    pub is_revoked: bool,
}

/// Whether a token is valid in the microsecond of its `expires_at`. The sources disagree, so the dialect decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenExpiry {
    /// Expired when `expires_at < now`: the page "Get authentication factor".
    After,
    /// Expired when `expires_at <= now`: the token service.
    At,
}

impl Token {
    /// Whether the token has expired at `now`, the wall clock's time.
    pub fn is_expired(&self, now: Timestamp, expiry: TokenExpiry) -> bool {
        match expiry {
            TokenExpiry::After => self.expires_at < now,
            TokenExpiry::At => self.expires_at <= now,
        }
    }
}
